"""How conversations with VITAL models are written, and how its answers begin."""

LEVEL_WORDS = ("high", "good", "fair", "poor", "low")

# The system message of InternVL's "internvl2_5" conversation template, which the authors' prompts keep.
SYSTEM_MESSAGE = (
    "你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华大学及多家合作单位联合开发的多模态大语言模型。"
)

# ChatML; an image is its placeholder and a newline, a video its frame lines.
PLAIN_CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\n' -}}"
    "{%- if message['role'] == 'assistant' -%}{%- generation -%}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}{%- else -%}"
    "{%- for block in message['content'] if block['type'] == 'text' -%}{{- block['text'] -}}{%- endfor -%}"
    "{%- endif -%}{{- '<|im_end|>' -}}{%- endgeneration -%}{{- '\n' -}}"
    "{%- else -%}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}{%- else -%}"
    "{%- for block in message['content'] -%}"
    "{%- if block['type'] == 'image' -%}{{- image_placeholder + '\n' -}}"
    "{%- elif block['type'] == 'video' -%}{{- video_placeholder + '\n' -}}"
    "{%- elif block['type'] == 'text' -%}{{- block['text'] -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- endif -%}{{- '<|im_end|>\n' -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"
)
# With InternVL's default system message.
CHAT_TEMPLATE = (
    "{%- if messages[0]['role'] != 'system' -%}"
    "{{- '<|im_start|>system\n" + SYSTEM_MESSAGE + "<|im_end|>\n' -}}"
    "{%- endif -%}" + PLAIN_CHAT_TEMPLATE
)

CLEAN_PROMPT_SETTINGS = {
    "image_answer": "The quality of the image is",
    "video_answer": "The quality of the video is",
    "video_scoring_layout": "frames",
}
RELEASE_PROMPT_SETTINGS = {
    "image_answer": "The quality of this image is",
    "video_answer": "The overall quality of this video is",
    "video_scoring_layout": "release",
}
