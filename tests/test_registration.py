"""`import transformers_vital` makes the Auto classes know VITAL, in whatever order things are imported."""

import subprocess
import sys
import textwrap

import pytest


ORDERS = {
    "before": "import transformers_vital; import transformers",
    "after": "import transformers; transformers.AutoModel; transformers.AutoProcessor; import transformers_vital",
    "after_internvl": (
        "from transformers.models.internvl.modeling_internvl import InternVLModel; import transformers_vital"
    ),
    "before_internvl": (
        "import transformers_vital; from transformers.models.internvl.modeling_internvl import InternVLModel"
    ),
    "after_pipelines": "from transformers import pipeline; import transformers_vital",
    "between_auto_classes": (
        "from transformers import AutoConfig, AutoVideoProcessor; import transformers_vital; "
        "from transformers import AutoProcessor"
    ),
    "ours_first": "from transformers_vital import VitalForConditionalGeneration, VitalProcessor",
    "twice": "import importlib, transformers_vital; importlib.reload(transformers_vital)",
}


def run(code: str, *arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], capture_output=True, text=True, timeout=300
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_every_auto_class_loads_a_checkpoint(tiny_folder, order):
    code = f"""
        import sys
        {order}
        from transformers import (
            AutoConfig, AutoImageProcessor, AutoModel, AutoModelForImageTextToText, AutoModelForMultimodalLM,
            AutoProcessor, AutoVideoProcessor,
        )
        autos = [
            AutoConfig, AutoImageProcessor, AutoModel, AutoModelForImageTextToText, AutoModelForMultimodalLM,
            AutoProcessor, AutoVideoProcessor,
        ]
        print(*(type(auto.from_pretrained(sys.argv[1])).__name__ for auto in autos))
        """
    assert run(code, str(tiny_folder)).split() == [
        "VitalConfig",
        "VitalImageProcessor",
        "VitalModel",
        "VitalForConditionalGeneration",
        "VitalForConditionalGeneration",
        "VitalProcessor",
        "VitalVideoProcessor",
    ]


def test_parts_saved_alone_load_by_auto_model(tiny_folder, tmp_path):
    code = """
        import sys
        import transformers_vital
        from transformers import AutoModel, AutoModelForImageTextToText
        model = AutoModelForImageTextToText.from_pretrained(sys.argv[1])
        model.get_vision_encoder().save_pretrained(sys.argv[2] + "/encoder")
        model.model.motion_tower.save_pretrained(sys.argv[2] + "/motion")
        model.model.vision_tower.save_pretrained(sys.argv[2] + "/vision")
        for part in ("encoder", "motion", "vision"):
            print(type(AutoModel.from_pretrained(f"{sys.argv[2]}/{part}")).__name__)
        """
    # what is installed besides may greet on stdout while saving, so the last lines count
    assert run(code, str(tiny_folder), str(tmp_path)).split()[-3:] == [
        "VitalVisionEncoder",
        "VitalMotionModel",
        "InternVLVisionModel",
    ]


@pytest.mark.parametrize("imports", ["import transformers_vital", "from transformers import pipeline"])
def test_the_pipeline_task_is_known(imports):
    code = f"""
        {imports}
        import transformers_vital
        from transformers.pipelines import PIPELINE_REGISTRY
        print(PIPELINE_REGISTRY.check_task("visual-quality-scoring")[1]["impl"].__name__)
        """
    assert run(code).split() == ["VisualQualityScoringPipeline"]


def test_models_of_transformers_load_as_before():
    code = """
        import transformers_vital
        from transformers import AutoConfig, AutoModel
        print(type(AutoModel.from_config(AutoConfig.for_model("gpt2", n_layer=1, n_embd=8, n_head=1))).__name__)
        """
    assert run(code).split() == ["GPT2Model"]


def test_an_import_that_fails_is_reported_as_itself_and_leaves_the_rest_working():
    code = """
        import transformers_vital
        try:
            import transformers.no_such_module
        except ModuleNotFoundError as error:
            print(error.name)
        from transformers import AutoConfig
        print(AutoConfig.for_model("vital").model_type)
        """
    assert run(code).split() == ["transformers.no_such_module", "vital"]


def test_unknown_names_are_attribute_errors():
    import transformers_vital

    with pytest.raises(AttributeError, match="has no attribute 'NoSuchThing'"):
        transformers_vital.NoSuchThing
    assert "VitalScorer" in dir(transformers_vital)
