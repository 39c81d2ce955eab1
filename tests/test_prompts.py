"""Prompts against the text of the paper and of the authors' release."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from transformers_vital import prompts


PAPER = Path(__file__).resolve().parents[2] / "shared" / "reference" / "vital_paper.txt"

# What the PDF puts inside a prompt that is not part of it: page breaks, one with a figure, and the paper's note to
# readers between two answers.
JOINS = [
    (
        "with only mi- Figure 5. The model structure of the VITAL-Series. nor inaccuracies",
        "with only minor inaccuracies",
    ),
    ("the correct an- swer on", "the correct answer on"),
]


def normalised(text: str) -> str:
    """One space between words; no bullets and no Markdown emphasis, which are the page's and not the prompt's."""
    text = re.sub(r"^\s*(?:-\s+)?(?:\*\s+)?", "", text, flags=re.MULTILINE)
    return " ".join(text.replace("*", "").split())


@pytest.fixture(scope="module")
def paper() -> str:
    if not PAPER.is_file():
        pytest.skip(f"the text of the paper is not at {PAPER}")
    text = normalised(PAPER.read_text(encoding="utf-8"))
    for printed, meant in JOINS:
        assert text.count(printed) == 1, printed
        text = text.replace(printed, meant)
    return text


def all_prompts() -> list[tuple[str, str]]:
    values = ((name, getattr(prompts, name)) for name in prompts.PROMPT_SECTIONS)
    return [(name, text) for name, value in values for text in ((value,) if isinstance(value, str) else value)]


@pytest.mark.parametrize(("name", "prompt"), all_prompts())
def test_each_prompt_is_in_the_paper_word_for_word(paper, name, prompt):
    assert normalised(prompt) in paper


@pytest.mark.parametrize(
    ("section", "following", "names"),
    [
        ("6.1. Quality Scoring Task Prompts", "6.2. Text Generation Task Prompts", {"6.1"}),
        ("6.2. Text Generation Task Prompts", "7. Model Structure/Hyper-parameters", {"6.2"}),
        ("8.1. Inference Details", "8.2. Supplementary Experiments", {"8.1"}),
        ("11.2. Case Studies", "References [1] Josh Achiam", {"11.2"}),
    ],
    ids=["6.1", "6.2", "8.1", "11.2"],
)
def test_each_prompt_is_in_the_section_it_names(paper, section, following, names):
    part = paper[paper.index(section) : paper.index(following)]
    texts = [text for name, text in all_prompts() if prompts.PROMPT_SECTIONS[name] in names]
    assert texts
    for text in texts:
        assert normalised(text) in part


def test_nothing_of_the_prompt_sections_is_left_out(paper):
    part = paper[paper.index("6.1. Quality Scoring Task Prompts") : paper.index("7. Model Structure/Hyper-parameters")]
    names = [name for name in prompts.PROMPT_SECTIONS if prompts.PROMPT_SECTIONS[name] in ("6.1", "6.2")]
    for name in sorted(names, key=lambda name: -len(getattr(prompts, name))):
        part = part.replace(normalised(getattr(prompts, name)), " ")
    left = set(re.sub(r"[^\w ]", " ", part).split())
    headings_and_notes = """
        6 1 2 Quality Scoring Task Prompts Text Generation Training Inference From Human GPT Distortion Recognition
        Subtask Interpreting Annotator Instruction Description Paragraph Processing Rejection Sampling Self Judge
        The difference between the training and inference prompts is designed to better locate quality token
        ensure accuracy of scoring prediction Each round provides identical instructions every judge In practice videos
        images are processed sequentially but for convenience all written in a single prompt here of has different
        structure meaning remains consistent question multiple choice format that output verifiable standardized
    """
    assert left <= set(headings_and_notes.split())


def test_release_strings_are_those_of_its_prompts(goldens):
    texts = {}
    for kind in ("images", "videos", "qa"):
        entries = json.loads((goldens / "prompts" / f"prompts_{kind}.json").read_text(encoding="utf-8"))
        texts |= {name: entry["text"] for name, entry in entries.items() if "text" in entry}
    assert texts
    for name, text in texts.items():
        assert text.startswith(f"<|im_start|>system\n{prompts.RELEASE_SYSTEM_MESSAGE}<|im_"), name
    for pipeline, key in (
        ("score_image", "image"),
        ("score_video", "video"),
        ("score_less_token_video", "video_less_token"),
    ):
        answers = {name: text for name, text in texts.items() if name.startswith(f"{pipeline}/")}
        assert answers, pipeline
        for name, text in answers.items():
            assert text.endswith(f"<|im_start|>assistant\n{prompts.RELEASE_ANSWER_PREFIXES[key]}<|im_end|>\n"), name
    qbench = texts["qbench_image/mc"]
    assert prompts.RELEASE_QBENCH_INTRODUCTION in qbench
    assert qbench.count(prompts.RELEASE_QBENCH_FORMAT) == 3


def test_the_processor_uses_the_same_strings():
    conversation = pytest.importorskip("transformers_vital.models.vital.conversation_vital")
    for settings, prefixes in (
        (conversation.CLEAN_PROMPT_SETTINGS, prompts.ANSWER_PREFIXES),
        (conversation.RELEASE_PROMPT_SETTINGS, prompts.RELEASE_ANSWER_PREFIXES),
    ):
        assert settings["image_answer"] == prefixes["image"]
        assert settings["video_answer"] == prefixes["video"]
    assert conversation.SYSTEM_MESSAGE == prompts.RELEASE_SYSTEM_MESSAGE


def test_answer_prefixes_are_training_answers_without_the_level():
    for kind, prefix in prompts.ANSWER_PREFIXES.items():
        assert prompts.RELEASE_TRAINING_ANSWERS[kind] == prefix + " {level}"


@pytest.mark.parametrize("module", ["levels", "prompts", "distributions", "calibration", "results"])
def test_the_pure_modules_import_neither_torch_nor_transformers_nor_scipy(module):
    code = (
        f"import sys, transformers_vital.{module}; "
        "print(*sorted({'torch', 'transformers', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
