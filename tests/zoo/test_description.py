"""What `zoo show` knows."""

from transformers_vital.zoo.description import describe
from transformers_vital.zoo.registry import zoo_models


def test_a_model_is_described_by_its_parts_and_its_training():
    facts = describe(zoo_models()["vital-warm-up-1b"], num_gpus=1)
    assert facts["weights"] == "JZHWS/VITAL-Warm-up-1B" and facts["files"].endswith("vital-warm-up-1b")
    assert round(facts["parameters"]["multi_modal_projector"] / 1e6, 2) == 4.48  # official_release, sec. 1.1
    assert list(facts["training"]) == ["pre-training", "warm-up", "post-training"]
    assert facts["training"]["warm-up"]["records"] == 4000


def test_fewer_gpus_need_more_memory_each():
    one, eight = (describe(zoo_models()["vital-warm-up-1b"], num_gpus=count)["training"] for count in (1, 8))
    assert all(one[stage]["gib_per_gpu"] > eight[stage]["gib_per_gpu"] for stage in one)


def test_the_encoder_and_the_probe_have_parts_and_no_training():
    encoder, probe = (describe(zoo_models()[name]) for name in ("vital-vision-encoder-300m", "vital-linear-probe"))
    assert list(encoder["parameters"]) == ["vision_tower", "motion_tower"] and "training" not in encoder
    assert probe["parameters"]["head"] == 1_606_405  # official_release, sec. 7


def test_a_model_without_files_here_is_described_by_what_is_known():
    facts = describe(zoo_models()["vital-mini"])
    assert facts["encoder"] == "vital-tiny" and facts["files"] is None and "parameters" not in facts
