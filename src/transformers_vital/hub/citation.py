"""The paper, and the tags that cards of models and of datasets have."""

PAPER = "VITAL: Vision-Encoder-centered Pre-training for LMMs in Visual Quality Assessment"
CITATION = f"""\
@misc{{vital,
  title = {{{{{PAPER}}}}},
  author = {{Jia, Ziheng and Cao, Linhan and Han, Jinliang and Zhang, Zicheng and Qian, Jiaying and Wang, Jiarui and
            Chen, Zijian and Zhai, Guangtao and Min, Xiongkuo}}
}}"""
TAGS = ("vital", "image-quality-assessment", "video-quality-assessment", "transformers_vital")
