"""What judges say, in every form they may say it, and what is made of their votes."""

import asyncio

import pytest

from transformers_vital.annotation.statements.answer_cache import AnswerCache
from transformers_vital.annotation.statements.endpoint import Endpoint
from transformers_vital.annotation.statements.judge_answers import Points, is_refusal, read_choice, read_points
from transformers_vital.annotation.statements.judges import (
    SelfVote,
    Verdict,
    Vote,
    decide,
    decide_self,
    take_self_votes,
    take_votes,
)
from transformers_vital.annotation.statements.media_content import MediaContent
from transformers_vital.annotation.statements.model_settings import ModelSettings
from transformers_vital.annotation.statements.spending import Spending
from transformers_vital.prompts import REJECTION_SAMPLING, SELF_JUDGE


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("2", 2),
        ("0.", 0),
        ("(1)", 1),
        ("[2]", 2),
        ("2/2", 2),
        ("2.0", 2),
        ("2 points", 2),
        ("**2 points**", 2),
        ("Two points.", 2),
        ("2 points: The evaluation statement is largely consistent with the given video.", 2),
        ("- 2 points – consistent", 2),
        ("2\n\nThe statement is consistent, with 1 minor issue.", 2),
        ("0 points. The noise does not appear in 2 of the frames.", 0),
        ("0 points: 1 frame shows blur, the others do not.", 0),
        ("0 marks", 0),
        ("1point", 1),
        ("Score: 2", 2),
        ("score=0", 0),
        ("Score - 2", 2),
        ("**Score:** 2", 2),
        ("Score: **2**", 2),
        ("Score: 2 out of 2", 2),
        ("Score: 1 (of 2)", 1),
        ("Final score: 2", 2),
        ("The score is 2", 2),
        ("The score I would give is 0.", 0),
        ("I would rate this statement 2 points.", 2),
        ("Rating: 0\nReason: there are 2 points where it fails", 0),
        ("Between 1 and 2 points. Score: 1", 1),
        ("The frame rate of 2 is low. 0 points", 0),
        ("30 frames are shown. 2 points.", 2),
        ("<score>2</score>", 2),
        ("评分：2分", 2),
        ('{"score": 2}', 2),
        ('```json\n{"Score": "0 points", "Reason": "no blur"}\n```', 0),
        ('Here it is: {"rating": 0, "reason": "line\nbreak"}', 0),
    ],
)
def test_points_are_read_from_many_forms(answer, score):
    assert read_points(answer) == Points(score)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Yes",
        "The statement is correct.",
        "3 points",
        "-1 points",
        "1.5 points",
        "Score: 1.5",
        "Score: 10",
        "1 or 2",
        "1-2 points",
        "Between 1 and 2 points",
        "Score: 0. Score: 2",
        "Neither 0 points nor 2 points",
        '{"score": 3}',
        '{"score": true}',
        '{"score": null}',
        '{"verdict": "ok"}',
        "I'm sorry, but I can't assist with that. 0 points",
        "I cannot see the video, so 0 points.",
        "As an AI, I rate it 2 points",
    ],
)
def test_what_is_no_clear_score_is_not_guessed(answer):
    assert read_points(answer) is None


CORRECTION = "The video is slightly blurred, by 1.5 px."


@pytest.mark.parametrize(
    "answer",
    [
        f"Score: 1. Correction: {CORRECTION}",
        f"1 point\n\nCorrected statement: “{CORRECTION}”",
        f"**1 point**\n\n**Correction:** {CORRECTION}\n\n**Reason:** the degree is off",
        f"1\nRevised statement: {CORRECTION}\nReason: the degree is off",
        f"1. Correction: {CORRECTION}",
        f"I rate it 1 point because the degree is off.\nMy suggested correction is: {CORRECTION}",
        f"Correction: {CORRECTION}\nScore: 1",
        f"1 point\nCorrection of the original statement: *{CORRECTION}*",
        f'{{"score": 1, "correction": "{CORRECTION}"}}',
        f'```json\n{{"points": "1", "Revised statement": "{CORRECTION}"}}\n```',
    ],
)
def test_the_correction_comes_with_one_point(answer):
    assert read_points(answer) == Points(1, CORRECTION)


@pytest.mark.parametrize(
    "answer",
    ["1 point. The blur is milder than stated.", "1 point\nCorrection:", "1 point\nCorrection: -", '{"score": 1}'],
)
def test_a_reason_is_not_taken_for_a_correction(answer):
    assert read_points(answer) == Points(1)


@pytest.mark.parametrize("answer", ["2 points. Correction: none needed.", "0 points\nCorrection: There is no noise."])
def test_a_correction_counts_with_one_point_only(answer):
    assert read_points(answer).revision is None


def test_a_correction_that_was_cut_off_is_none():
    answer = "Score: 1. Correction: The video is slightly"
    assert read_points(answer, truncated=True) == Points(1)
    assert read_points(answer).revision == "The video is slightly"
    assert read_points("1 point\nCorrection: Blur is low.\nReason: it", truncated=True).revision == "Blur is low."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("A", True),
        ("A.", True),
        ("(A)", True),
        ("a", True),
        ("A. Yes", True),
        ("A) Yes", True),
        ("**A. Yes**", True),
        ("Yes", True),
        ("yes, it is", True),
        ("Answer: A", True),
        ("The correct option is A", True),
        ("Answer: Yes", True),
        ('{"answer": "A"}', True),
        ("B", False),
        ("B. No", False),
        ("No.", False),
        ("The answer is B.", False),
        ("Answer: **B. No**", False),
        ("B\n\nThe statement is wrong.", False),
        ("A. No", None),
        ("B. Yes", None),
        ("A and B", None),
        ("Yes and no", None),
        ("C", None),
        ("A blurry image", None),
        ("Neither", None),
        ("Not sure", None),
        ("I'm sorry", None),
        ("", None),
        ("{}", None),
    ],
)
def test_choices_are_read_and_contradictions_are_not(answer, expected):
    assert read_choice(answer, yes="A") is expected


@pytest.mark.parametrize("answer", ["B", "(B)", "B. Yes", "Yes", "The answer is B.", "**B**"])
def test_the_letter_of_yes_may_be_b(answer):
    assert read_choice(answer, yes="B") is True
    assert read_choice("A", yes="B") is False


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I’m unable to view videos.", True),
        ("As an AI language model, I cannot see.", True),
        ("Unfortunately, I have no access to the image.", True),
        ("Unfortunately, the image is blurred.", False),
        ("In the image I cannot find noise.", False),
    ],
)
def test_refusals_are_recognised(answer, refused):
    assert is_refusal(answer) is refused


# ---- The decision. A vote is written as judge, round and score; "1" alone has no correction.


def votes(*rounds):
    """`votes("22", "2b")`: judges x and y in rounds 1 and 2; a letter is a 1 with that correction, `-` no score."""
    meanings = {"2": (2, None), "1": (1, None), "0": (0, None), "-": (None, None)}
    return [
        Vote(
            judge, number, *meanings.get(letter, (1, f"Revision {letter}.")), reason="mute" if letter == "-" else None
        )
        for number, letters in enumerate(rounds, start=1)
        for judge, letter in zip("xyz", letters, strict=False)
    ]


@pytest.mark.parametrize(
    ("given", "outcome", "text"),
    [
        pytest.param(["222", "222", "222"], "passed", "As it was.", id="all agree in all rounds"),
        pytest.param([], "passed", "As it was.", id="no judges"),
        pytest.param(["222", "222", "220"], "discarded", "As it was.", id="one 0 in the last round"),
        pytest.param(["0"], "discarded", "As it was.", id="a 0 that ended the voting"),
        pytest.param(["2a2", "202", "222"], "discarded", "As it was.", id="a 0 wins over a correction"),
        pytest.param(["2-2", "0"], "discarded", "As it was.", id="a 0 wins over no score"),
        pytest.param(["22-"], "failed", "As it was.", id="no score"),
        pytest.param(["a2-"], "failed", "As it was.", id="no score beside a correction"),
        pytest.param(["222", "2a2", "222"], "revised", "Revision a.", id="one correction"),
        pytest.param(["22c", "a22", "222"], "revised", "Revision c.", id="the earliest round"),
        pytest.param(["222", "2bc", "a22"], "revised", "Revision b.", id="the first judge of a round"),
        pytest.param(["122", "222", "22c"], "revised", "Revision c.", id="a later correction of a bare 1"),
        pytest.param(["222", "212", "222"], "discarded", "As it was.", id="a 1 without correction"),
    ],
)
def test_votes_decide_by_the_table(given, outcome, text):
    verdict = decide("As it was.", votes=votes(*given))
    assert (verdict.outcome, verdict.text) == (outcome, text)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["22", "20"], "y gave 0 points in round 2"),
        (["2-"], "y gave no score in round 1: mute"),
        (["12"], "x gave 1 point in round 1 and no correction"),
    ],
)
def test_a_lost_statement_says_by_whom(given, reason):
    assert decide("As it was.", votes=votes(*given)).reason == reason


def test_a_correction_that_repeats_the_statement_is_no_revision():
    assert decide("Revision a.", votes=votes("a2")) == Verdict("passed", "Revision a.")


@pytest.mark.parametrize(
    ("answers", "outcome", "reason"),
    [
        ([True, True, True], "revised", None),
        ([], "revised", None),
        ([True, False, True], "discarded", "its own annotator said no in round 2"),
        ([True, None], "failed", "its own annotator gave no answer in round 2: mute"),
        ([None, True, False], "discarded", "its own annotator said no in round 3"),
    ],
)
def test_only_a_constant_yes_keeps_a_statement(answers, outcome, reason):
    own = [SelfVote(round, answer, "mute") for round, answer in enumerate(answers, start=1)]
    assert decide_self(Verdict("revised", "Text."), votes=own) == Verdict(outcome, "Text.", reason)


# ---- Voting, against the server


@pytest.fixture
def vote(chat_server, shown_media, medium, tmp_path):
    """`vote(take, …)`: what `take_votes` or `take_self_votes` returns with judges x, y and z, or annotator x."""

    def run(take, statement="Blur is strong.", *, path="grey.png", repeats=1, **settings):
        async def asked():
            content = MediaContent(medium(path)["media"], root=shown_media)
            with AnswerCache(tmp_path / "answers.sqlite") as cache:
                shared = {
                    "cache": cache,
                    "spending": Spending(cache, cap=None),
                    "slots": asyncio.Semaphore(4),
                    "retries": 0,
                    "backoff_seconds": 0.0,
                    "repeats": repeats,
                }
                models = [ModelSettings(model=name, base_url=chat_server.url) for name in "xyz"]
                async with (
                    Endpoint(models[0], **shared) as x,
                    Endpoint(models[1], **shared) as y,
                    Endpoint(models[2], **shared) as z,
                ):
                    if take is take_votes:
                        return await take(statement, content=content, judges=[x, y, z], longest=100, **settings)
                    return await take(statement, content=content, annotator=x, **settings)

        return asyncio.run(asked())

    return run


def test_every_judge_is_asked_in_every_round_with_the_same_words(vote, chat_server):
    chat_server.always(text="2 points")
    taken = vote(take_votes, path="clip.mp4", rounds=3, stop_early=True)
    assert [(vote.judge, vote.round, vote.score) for vote in taken] == [
        (judge, round, 2) for round in (1, 2, 3) for judge in "xyz"
    ]
    requests = chat_server.requests
    assert [request["model"] for request in requests] == list("xyzxyzxyz")
    prompt = REJECTION_SAMPLING.replace("video/image", "video")
    assert {request["text"] for request in requests} == {f"{prompt}\n\nEvaluation statement: Blur is strong."}
    assert {len(request["media"]) for request in requests} == {8}


def test_judges_of_an_image_are_not_asked_about_a_video(vote, chat_server):
    chat_server.always(text="2 points")
    vote(take_votes, rounds=1, stop_early=True)
    assert all(
        "video" not in request["text"] and "key frame" not in request["text"] for request in chat_server.requests
    )


@pytest.mark.parametrize(("reply", "score"), [("0 points", 0), ("hm", None)])
@pytest.mark.parametrize(("stop_early", "count"), [(True, 5), (False, 9)])
def test_voting_ends_where_the_matter_is_settled_unless_all_votes_are_wanted(
    vote, chat_server, reply, score, stop_early, count
):
    replies = [{"text": "2"}, {"text": reply}, {"text": "2"}]
    chat_server.answer({"model": "y", "replies": replies}, {"replies": [{"text": "2"}]})
    taken = vote(take_votes, rounds=3, stop_early=stop_early, repeats=0)
    assert len(taken) == count
    assert [vote.score for vote in taken if vote.judge == "y"][:2] == [2, score]


def test_a_missing_correction_is_asked_for_and_the_first_score_stands(vote, chat_server):
    replies = [{"text": "1 point, too strong."}, {"text": "2 points"}, {"text": "1. Correction: Blur is mild."}]
    chat_server.answer({"model": "x", "replies": replies}, {"replies": [{"text": "2"}]})
    taken = vote(take_votes, rounds=1, stop_early=True, repeats=2)
    assert taken[0] == Vote("x", 1, 1, "Blur is mild.")


def test_a_correction_that_never_comes_leaves_a_bare_one(vote, chat_server):
    chat_server.always(text="1 point")
    assert vote(take_votes, rounds=1, stop_early=True, repeats=1)[0] == Vote("x", 1, 1)
    assert len(chat_server.requests) == 6


def test_a_correction_that_is_too_long_is_none(vote, chat_server):
    chat_server.always(text=f"1 point. Correction: {'very ' * 30}mild blur.")
    assert vote(take_votes, rounds=1, stop_early=True, repeats=0)[0] == Vote("x", 1, 1)


def test_a_judge_that_fails_gives_no_score_and_the_reason(vote, chat_server):
    chat_server.always(status=400, raw='{"error": "not this picture"}')
    (taken,) = vote(take_votes, rounds=3, stop_early=True)
    assert taken.score is None
    assert "status 400" in taken.reason


def test_self_judging_varies_wording_and_order_and_reads_the_letters_accordingly(vote, chat_server):
    chat_server.answer(
        {"match": "A. No", "replies": [{"text": "B"}]},
        {"replies": [{"text": "A"}]},
    )
    taken = vote(take_self_votes, rounds=3, stop_early=True)
    assert taken == [SelfVote(1, True), SelfVote(2, True), SelfVote(3, True)]
    texts = [request["text"] for request in chat_server.requests]
    printed = SELF_JUDGE.replace("video/image", "image").replace("[statement]", '"Blur is strong."')
    assert texts[0] == printed
    assert len(set(texts)) == 3
    assert all('"Blur is strong."' in text and "A. " in text and "B. " in text for text in texts)
    assert [text.endswith("B. Yes") for text in texts] == [False, True, False]


def test_an_annotator_that_always_says_a_does_not_keep_its_statement(vote, chat_server):
    chat_server.always(text="A")
    taken = vote(take_self_votes, rounds=3, stop_early=True)
    assert taken == [SelfVote(1, True), SelfVote(2, False)]


def test_self_judging_goes_on_where_all_votes_are_wanted(vote, chat_server):
    chat_server.always(text="No")
    taken = vote(take_self_votes, rounds=4, stop_early=False)
    assert [vote.correct for vote in taken] == [False] * 4
