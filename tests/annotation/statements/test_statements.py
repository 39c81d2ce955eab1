"""From media to accepted statements through a real server: texts, settings, and runs stopped in the middle."""

import asyncio
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict

import pytest
import yaml
from datasets import Dataset

from transformers_vital.annotation.statements.acceptance import acceptance
from transformers_vital.annotation.statements.answer_cache import AnswerCache
from transformers_vital.annotation.statements.questions import describe, for_kind, refine
from transformers_vital.annotation.statements.sentences import plain_sentence, plain_text, split_sentences
from transformers_vital.annotation.statements.statement_rows import (
    statement_features,
    statement_records,
    statement_row,
)
from transformers_vital.annotation.statements.statement_settings import StatementSettings, divide, join
from transformers_vital.annotation.statements.statements import StatementStage, statement_stage
from transformers_vital.data.records import check_record
from transformers_vital.errors import AnnotationError, EndpointError
from transformers_vital.prompts import (
    ANNOTATOR_INSTRUCTION_DESCRIBE,
    ANNOTATOR_INSTRUCTION_ELABORATE,
    PARAGRAPH_PROCESSING,
)


PARAGRAPH = "The picture is sharp and rather dark, and overall it is good."
REFINED = "Edges are sharp. Luminance is low."
DESCRIBES = {"model": "annotator", "match": "in detail", "replies": [{"text": PARAGRAPH}]}
REFINES = {"model": "refiner", "replies": [{"text": REFINED}]}
AGREES = {"match": "Rate your assessment", "replies": [{"text": "2 points"}]}
SAYS_YES = [{"match": "A. No", "replies": [{"text": "B"}]}, {"match": "B. No", "replies": [{"text": "A"}]}]
ALL_WELL = [DESCRIBES, REFINES, AGREES, *SAYS_YES]
# One description, one refinement, and for each of two statements nine votes and three of its own annotator.
REQUESTS_OF_A_MEDIUM = 2 + 2 * (9 + 3)


@pytest.fixture
def recipe(chat_server):
    """`recipe(rounds=…)`: the part `statements` of a recipe, with an annotator, a refiner and judges x, y, z."""

    def part(**changes):
        models = {name: {"model": name} for name in ("annotator", "refiner")}
        judges = [{"model": name} for name in "xyz"]
        quick = {"base_url": chat_server.url, "backoff_seconds": 0.01, "retries": 1, "repeats": 0}
        return {**models, "judges": judges, **quick, **changes}

    return part


@pytest.fixture
def stage(recipe, shown_media, tmp_path):
    """`stage(rounds=…)`: a stage that keeps its answers in the test's folder."""

    def make(**changes):
        settings = StatementSettings.from_dict(recipe(**changes))
        return StatementStage(settings, root=shown_media, cache=tmp_path / "answers.sqlite")

    return make


def outcomes(rows):
    return [(row["text"], row["outcome"]) for row in rows]


def test_accepted_statements_become_records(stage, chat_server, medium):
    chat_server.answer(*ALL_WELL)
    rows = stage()([medium("grey.png"), medium("clip.mp4")])
    texts = ["Edges are sharp.", "Luminance is low."]
    assert [(row["id"], row["text"], row["outcome"]) for row in rows] == [
        (path, text, "passed") for path in ("grey.png", "clip.mp4") for text in texts
    ]
    first = rows[0]
    assert (first["annotator"], first["refined_by"], first["revised"], first["reason"]) == (
        "annotator",
        "refiner",
        False,
        None,
    )
    assert [(vote["judge"], vote["round"], vote["score"]) for vote in first["votes"]] == [
        (judge, round, 2) for round in (1, 2, 3) for judge in "xyz"
    ]
    assert [(vote["round"], vote["correct"]) for vote in first["self_votes"]] == [(1, True), (2, True), (3, True)]
    records = statement_records(rows)
    assert [record["text"] for record in records] == texts * 2
    for record in records:
        check_record(record, record_type="statement")
        assert record["task"] == "description"
    assert len(chat_server.requests) == 2 * REQUESTS_OF_A_MEDIUM


def test_the_prompts_are_those_of_the_paper_and_only_the_refiner_sees_no_medium(stage, chat_server, medium):
    chat_server.answer(*ALL_WELL)
    stage()([medium("clip.mp4")])
    described, refined = chat_server.requests[:2]
    instructions = (ANNOTATOR_INSTRUCTION_DESCRIBE, ANNOTATOR_INSTRUCTION_ELABORATE)
    assert described["text"] in {text.replace("video/image", "video") for text in instructions}
    assert refined["text"] == f"{PARAGRAPH_PROCESSING}\n\n{PARAGRAPH}"
    seen = {request["model"]: len(request["media"]) for request in chat_server.requests}
    assert seen == {"annotator": 8, "refiner": 0, "x": 8, "y": 8, "z": 8}


def test_both_instructions_are_used_and_a_medium_keeps_its_own():
    texts = [describe("image", medium=str(number), seed=0) for number in range(40)]
    assert texts == [describe("image", medium=str(number), seed=0) for number in range(40)]
    assert min(Counter(texts).values()) > 10
    assert len(set(texts)) == 2
    assert texts != [describe("image", medium=str(number), seed=1) for number in range(40)]


def test_a_refiner_of_an_image_reads_of_no_video():
    assert "video" not in refine("A paragraph.", kind="image")
    assert for_kind("the video/image, the video", kind="video") == "the video, the video"


def test_a_revised_statement_is_marked_and_its_annotator_judges_the_revision(stage, chat_server, medium):
    milder = {"model": "y", "match": "Edges are sharp", "replies": [{"text": "1 point. Correction: Edges are soft."}]}
    chat_server.answer(milder, *ALL_WELL)
    rows = stage()([medium("grey.png")])
    assert outcomes(rows) == [("Edges are soft.", "revised"), ("Luminance is low.", "passed")]
    assert (rows[0]["original"], rows[0]["revised"]) == ("Edges are sharp.", True)
    own = [request["text"] for request in chat_server.requests if "B. " in request["text"]]
    assert sum("Edges are soft." in text for text in own) == 3
    assert not any("Edges are sharp." in text for text in own)


def test_what_judges_or_the_annotator_reject_is_kept_with_the_reason_and_counted(stage, chat_server, medium):
    chat_server.answer(
        {"model": "z", "match": "Edges", "replies": [{"text": "2"}, {"text": "0 points. They are soft."}]},
        {"match": "Luminance", "model": "annotator", "replies": [{"text": "A"}]},
        *ALL_WELL,
    )
    rows = stage()([medium("grey.png")])
    assert outcomes(rows) == [("Edges are sharp.", "discarded"), ("Luminance is low.", "discarded")]
    assert rows[0]["reason"] == "z gave 0 points in round 2"
    assert rows[1]["reason"] == "its own annotator said no in round 2"
    assert statement_records(rows) == []
    counts = acceptance(rows)
    assert counts["statements"] == 2
    assert counts["outcomes"] == {"passed": 0, "revised": 0, "discarded": 2, "failed": 0, "not done": 0}
    assert counts["reasons"] == {"z gave 0 points in round 2": 1, "its own annotator said no in round 2": 1}
    by_vote = {(entry["judge"], entry["round"]): (entry["two"], entry["zero"]) for entry in counts["judges"]}
    assert by_vote[("z", 1)] == (2, 0)
    assert by_vote[("z", 2)] == (1, 1)
    assert by_vote[("x", 3)] == (1, 0)  # the other statement was lost before
    assert counts["self_judge"] == [
        {"round": 1, "yes": 1, "no": 0, "failed": 0},
        {"round": 2, "yes": 0, "no": 1, "failed": 0},
    ]


def test_all_votes_are_taken_where_statistics_are_wanted(stage, chat_server, medium):
    chat_server.answer({"model": "x", "replies": [{"text": "0"}]}, *ALL_WELL)
    rows = stage(stop_early=False)([medium("grey.png")])
    assert [len(row["votes"]) for row in rows] == [9, 9]
    assert {row["outcome"] for row in rows} == {"discarded"}


def test_judges_and_self_judging_can_be_left_out(stage, chat_server, medium):
    chat_server.answer(*ALL_WELL)
    rows = stage(judges=[], self_judge_rounds=0)([medium("grey.png")])
    assert {row["outcome"] for row in rows} == {"passed"}
    assert len(chat_server.requests) == 2


# ---- What goes wrong


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("broken.png", "MediaDecodeError: .*broken.png"),
        ("absent.png", "MediaNotFoundError: absent.png is no file"),
        ("../outside.png", "MediaInputError: .*outside"),
    ],
)
def test_a_medium_that_cannot_be_shown_is_one_failed_row(stage, chat_server, medium, path, reason):
    chat_server.answer(*ALL_WELL)
    rows = stage()([medium(path), medium("grey.png")])
    assert outcomes(rows)[0] == ("", "failed")
    assert re.search(reason, rows[0]["reason"])
    assert len(rows) == 3


@pytest.mark.parametrize("said", ["", "I'm sorry, but I can't assist with that."])
def test_an_annotator_that_describes_nothing_fails_the_medium(stage, chat_server, medium, said):
    chat_server.answer({"model": "annotator", "replies": [{"text": said}]}, *ALL_WELL)
    (row,) = stage()([medium("grey.png")])
    assert (row["outcome"], row["text"]) == ("failed", "")
    assert "annotator gave no usable answer" in row["reason"]


def test_a_description_of_vague_words_only_leaves_no_statement(stage, chat_server, medium):
    chat_server.answer(DESCRIBES, {"model": "refiner", "replies": [{"text": "Here are the statements:\n- \n- ..."}]})
    (row,) = stage()([medium("grey.png")])
    assert (row["outcome"], row["reason"]) == ("discarded", "the refiner left no statement of the description")


def test_a_description_that_was_cut_off_loses_its_last_sentence(stage, chat_server, medium):
    cut = {"text": "Edges are sharp. Luminance is rather", "finish_reason": "length"}
    chat_server.answer({"model": "refiner", "replies": [cut]}, *ALL_WELL)
    assert outcomes(stage()([medium("grey.png")])) == [("Edges are sharp.", "passed")]


def test_a_judge_that_cannot_be_used_at_all_stops_the_run_and_keeps_the_answers(stage, chat_server, medium, tmp_path):
    chat_server.answer({"model": "y", "replies": [{"status": 404, "raw": "no such model"}]}, *ALL_WELL)
    with pytest.raises(EndpointError, match="y at http.*status 404: no such model. Check the address, the model"):
        stage(concurrency=1)([medium("grey.png"), medium("wide.jpg")])
    with AnswerCache(tmp_path / "answers.sqlite") as cache:
        assert cache.usage()["annotator"].answers == 1  # the second medium was not begun
    chat_server.answer(*ALL_WELL)
    rows = stage(concurrency=1)([medium("grey.png"), medium("wide.jpg")])
    assert {row["outcome"] for row in rows} == {"passed"}


# ---- Many at once


def test_no_more_questions_than_allowed_are_in_flight_over_all_models(stage, chat_server, medium):
    slow = [{**rule, "replies": [{**rule["replies"][0], "delay": 0.02}]} for rule in ALL_WELL]
    chat_server.answer(*slow)
    rows = stage(concurrency=4)([medium(path) for path in ("grey.png", "wide.jpg", "clip.mp4")] * 2)
    assert len(rows) == 12
    assert chat_server.most_in_flight == 4


def test_rows_are_begun_only_as_others_end(stage, chat_server, medium):
    chat_server.answer({"match": "in detail", "replies": [{"text": PARAGRAPH, "delay": 0.02}]}, *ALL_WELL[1:])
    stage(concurrency=2, judges=[], self_judge_rounds=0)([medium("grey.png") | {"id": str(i)} for i in range(6)])
    asked = [request["model"] for request in chat_server.requests]
    begun = [asked[: position + 1].count("annotator") for position, name in enumerate(asked) if name == "refiner"]
    assert all(count <= ended + 2 for ended, count in enumerate(begun))


def test_a_stage_runs_in_a_notebook_and_in_other_processes(stage, chat_server, medium):
    chat_server.answer(*ALL_WELL)
    copy = pickle.loads(pickle.dumps(stage()))

    async def cell():
        return copy([medium("grey.png")])

    assert len(asyncio.run(cell())) == 2


def test_a_stage_is_made_of_json_values_and_only_what_decides_is_compared(recipe, chat_server, shown_media, tmp_path):
    chat_server.answer(*ALL_WELL)
    part = recipe(max_spend=None, temperature=0.5, extra_body={"retries": 1})
    deciding, running = json.loads(json.dumps(divide(part)))
    assert "temperature" in deciding and "rounds" not in running
    assert {"base_url", "retries", "backoff_seconds", "max_spend"} <= set(running)
    assert deciding["extra_body"] == {"retries": 1}
    cache = str(tmp_path / "answers.sqlite")
    made = statement_stage(deciding=deciding, running=running, root=str(shown_media), cache=cache)
    assert made == StatementStage(StatementSettings.from_dict(part), root=str(shown_media), cache=cache)


def test_settings_go_through_json_and_back(recipe):
    settings = StatementSettings.from_dict(recipe(max_spend=5, **PRICED))
    deciding, running = json.loads(json.dumps(divide(asdict(settings))))
    assert "price" not in json.dumps(deciding)
    assert StatementSettings.from_dict(join(deciding, running=running)) == settings


def test_a_stage_runs_under_datasets_map(stage, chat_server, medium):
    chat_server.answer(*ALL_WELL)
    pool = Dataset.from_list([medium(path) for path in ("grey.png", "clip.mp4")])
    run = stage()

    def batch(columns):
        rows = run([dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)])
        return {name: [row[name] for row in rows] for name in rows[0]}

    made = pool.map(
        batch,
        batched=True,
        batch_size=1,
        num_proc=2,
        remove_columns=pool.column_names,
        features=statement_features(),
    )
    assert made["text"] == ["Edges are sharp.", "Luminance is low."] * 2
    assert made[0]["votes"][0] == {"judge": "x", "round": 1, "score": 2, "revision": None, "reason": None}
    assert len(chat_server.requests) == 2 * REQUESTS_OF_A_MEDIUM


# ---- Interruptions

PRICED = {"prompt_price_per_million": 1250.0, "completion_price_per_million": 12500.0, "max_tokens": 16}  # 0.25 each


def test_the_cap_stops_cleanly_and_a_higher_one_goes_on_where_it_stopped(stage, chat_server, medium):
    media = [medium("grey.png"), medium("clip.mp4"), medium("wide.jpg")]
    chat_server.answer(*ALL_WELL)
    rows = stage(max_spend=0.25 * (REQUESTS_OF_A_MEDIUM + 5), concurrency=1, **PRICED)(media)
    assert outcomes(rows) == [
        ("Edges are sharp.", "passed"),
        ("Luminance is low.", "passed"),
        ("", "not done"),
        ("", "not done"),
    ]
    assert "are spent" in rows[2]["reason"]
    asked = len(chat_server.requests)
    assert asked == REQUESTS_OF_A_MEDIUM + 5
    rows = stage(max_spend=100.0, concurrency=1, **PRICED)(media)
    assert {row["outcome"] for row in rows} == {"passed"}
    # The two images have the same description, which is refined once.
    assert len(chat_server.requests) == 3 * REQUESTS_OF_A_MEDIUM - 1


RUN = """
import json, sys
from transformers_vital.annotation.statements.statement_settings import StatementSettings, divide, join
from transformers_vital.annotation.statements.statements import StatementStage, statement_stage

recipe, root, cache, rows = json.loads(sys.argv[1])
print(json.dumps(StatementStage(StatementSettings.from_dict(recipe), root=root, cache=cache)(rows)))
"""


@pytest.mark.parametrize("stalled", ["in detail", "Please reformulate", "Luminance is low", "A. No"])
def test_a_run_that_was_killed_pays_for_no_answer_twice(recipe, chat_server, shown_media, medium, tmp_path, stalled):
    media = [medium("grey.png"), medium("clip.mp4")]
    arguments = json.dumps([recipe(concurrency=1), str(shown_media), str(tmp_path / "answers.sqlite"), media])
    command = [sys.executable, "-c", RUN, arguments]
    chat_server.answer({"match": stalled, "replies": [{"text": "never heard", "delay": 3.0}]}, *ALL_WELL)
    with subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not any(stalled in request["text"] for request in chat_server.requests):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    answered = [request for request in chat_server.requests if request["answered"]]
    assert len(answered) == len(chat_server.requests) - 1
    chat_server.answer(*ALL_WELL)
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (
        outcomes(json.loads(finished.stdout))
        == [(text, "passed") for text in ("Edges are sharp.", "Luminance is low.")] * 2
    )
    assert len(answered) + len(chat_server.requests) == 2 * REQUESTS_OF_A_MEDIUM


# ---- Sentences


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        pytest.param("Noise is low. Edges are sharp.", ["Noise is low.", "Edges are sharp."], id="periods"),
        pytest.param("Noise is low! Is it? Yes", ["Noise is low!", "Is it?", "Yes"], id="other ends"),
        pytest.param("It shifts by 1.5 px. At 23.976 fps.", ["It shifts by 1.5 px.", "At 23.976 fps."], id="decimals"),
        pytest.param("H.264 blocks show. End.", ["H.264 blocks show.", "End."], id="codec"),
        pytest.param(
            "Artefacts, e.g. Gibbs ringing, i.e. halos, show. End.",
            ["Artefacts, e.g. Gibbs ringing, i.e. halos, show.", "End."],
            id="abbreviations",
        ),
        pytest.param("Noise, blur etc. are low. Ok.", ["Noise, blur etc. are low.", "Ok."], id="etc inside"),
        pytest.param(
            "It has noise, blur etc. Edges show.", ["It has noise, blur etc.", "Edges show."], id="etc at end"
        ),
        pytest.param("It flickers... then stops. End.", ["It flickers... then stops.", "End."], id="ellipsis"),
        pytest.param("Noise is low.Edges are sharp.", ["Noise is low.", "Edges are sharp."], id="no space"),
        pytest.param("- Noise is low.\n* Edges are sharp.", ["Noise is low.", "Edges are sharp."], id="bullets"),
        pytest.param("1. Noise is low.\n2) Edges are sharp.", ["Noise is low.", "Edges are sharp."], id="numbers"),
        pytest.param(
            "1. Noise is low. 2. Edges are sharp.", ["Noise is low.", "Edges are sharp."], id="inline numbers"
        ),
        pytest.param("**Noise** is low.\n### Edges\n`x` is y.", ["Noise is low.", "Edges", "x is y."], id="Markdown"),
        pytest.param("Statements:\n\nNoise is low.\n---\n", ["Noise is low."], id="heading and rule"),
        pytest.param("Noise is low. noise is low.\nNoise is low", ["Noise is low."], id="repetitions"),
        pytest.param('"Noise is low." "Edges are sharp."', ["Noise is low.", "Edges are sharp."], id="quotes"),
        pytest.param("噪声很低。边缘清晰！", ["噪声很低。", "边缘清晰！"], id="Chinese"),
        pytest.param("", [], id="nothing"),
        pytest.param(" \n.\n...\n 12. \n", [], id="no letter"),
    ],
)
def test_a_paragraph_is_split_into_statements(paragraph, sentences):
    assert split_sentences(paragraph, max_characters=300) == sentences


def test_long_statements_are_dropped():
    assert split_sentences(f"Short one. {'A very long one ' * 5}. Another.", max_characters=40) == [
        "Short one.",
        "Another.",
    ]


def test_texts_hold_nothing_that_cannot_be_seen():
    assert plain_text("a\x00b\x1b[31m\u200b\u202ec\ud800\r\nd") == "ab[31mc\nd"
    assert plain_sentence("  * “Noise\n is  low.” ") == "Noise is low."
    assert plain_sentence('"Sharp" and "noisy"') == '"Sharp" and "noisy"'


# ---- Settings

MODEL = {"model": "m", "base_url": "http://localhost:8000/v1"}


def test_a_recipe_states_models_and_what_they_share():
    part = yaml.safe_load(
        """
        base_url: https://router.example.org/v1
        api_key_env: ROUTER_KEY
        temperature: 0.7
        max_spend: 20
        annotator: {model: vqa2, base_url: "http://localhost:8000/v1", api_key_env: null, frames: 16,
                    prompt_price_per_million: 0, completion_price_per_million: 0}
        refiner: {model: small, prompt_price_per_million: 0.15, completion_price_per_million: 0.6, temperature: 0}
        judges:
          - {model: large, prompt_price_per_million: 1.25, completion_price_per_million: 10, max_tokens: null,
             extra_body: {max_completion_tokens: 2000}}
        """
    )
    settings = StatementSettings.from_dict(part)
    assert (settings.rounds, settings.self_judge_rounds, settings.max_spend) == (3, 3, 20)
    assert (settings.annotator.base_url, settings.annotator.api_key_env) == ("http://localhost:8000/v1", None)
    assert [model.temperature for model in settings.models] == [0.7, 0, 0.7]
    assert (settings.judges[0].api_key_env, settings.judges[0].max_tokens) == ("ROUTER_KEY", None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"judge": []}, r"statements: unknown key judge \(did you mean judges\?\)"),
        (
            {"annotator": {**MODEL, "temprature": 1}},
            r"statements.annotator: unknown key temprature \(did you mean temp",
        ),
        ({"annotator": {**MODEL, "api_key": "sk-1"}}, r"unknown key api_key \(did you mean api_key_env\?\)"),
        ({"judges": [MODEL, {"model": "n"}]}, r"statements.judges\[1\] lacks base_url"),
        ({"judges": MODEL}, "statements.judges is .*; expected a list of models"),
        ({"refiner": "gpt"}, "statements.refiner is a str; expected a mapping"),
        ({"refiner": {**MODEL, "model": ""}}, "model is ''; expected the name"),
        ({"refiner": {**MODEL, "base_url": "localhost"}}, "base_url is 'localhost'; expected an address such as"),
        ({"refiner": {**MODEL, "base_url": "ftp://a/v1"}}, "base_url is 'ftp://a/v1'"),
        ({"refiner": {**MODEL, "base_url": "http://me:secret@a/v1"}}, "base_url for a holds a name, a password"),
        ({"refiner": {**MODEL, "api_key_env": "sk-1-2"}}, "api_key_env is no name of an environment variable"),
        ({"refiner": {**MODEL, "frames": 0}}, "frames is 0; expected a whole number of at least 1"),
        ({"refiner": {**MODEL, "temperature": "hot"}}, "temperature is 'hot'; expected a number of at least 0"),
        ({"refiner": {**MODEL, "timeout_seconds": float("inf")}}, "timeout_seconds is inf"),
        ({"refiner": {**MODEL, "video_as": "gif"}}, "video_as is 'gif'; expected frames or video_url"),
        ({"refiner": {**MODEL, "extra_body": [1]}}, r"extra_body is \[1\]; expected a mapping"),
        ({"rounds": 0}, "rounds is 0; expected a whole number of at least 1"),
        ({"rounds": True}, "rounds is True; expected a whole number"),
        ({"stop_early": "no"}, "stop_early is 'no'; expected true or false"),
        ({"concurrency": 1000}, "concurrency is 1000; expected at most 100"),
        ({"max_spend": 5}, "max_spend is 5, but m, m has no price. State prompt_price_per_million"),
        ({"max_spend": -1}, "max_spend is -1; expected a number of at least 0"),
    ],
)
def test_unusable_settings_are_refused(changes, message):
    with pytest.raises(AnnotationError, match=message):
        StatementSettings.from_dict({"annotator": MODEL, "refiner": MODEL} | changes)


def test_a_recipe_without_models_is_refused():
    with pytest.raises(AnnotationError, match="statements lacks annotator, refiner. Add them to the recipe"):
        StatementSettings.from_dict({"rounds": 2})
    with pytest.raises(AnnotationError, match="statements is a list; expected a mapping"):
        StatementSettings.from_dict([])


def test_a_key_in_the_wrong_place_is_not_repeated_in_the_message():
    with pytest.raises(AnnotationError) as caught:
        StatementSettings.from_dict({"annotator": {**MODEL, "api_key_env": "sk-secret-1"}, "refiner": MODEL})
    assert "secret" not in str(caught.value)


def test_rows_have_the_columns_that_are_declared(medium):
    row = statement_row(medium("grey.png"), text="Edges are sharp.", annotator="rules")
    assert list(row) == list(statement_features())
    assert Dataset.from_list([row], features=statement_features())[0]["votes"] == []
