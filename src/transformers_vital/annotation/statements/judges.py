"""Rejection sampling of statements by several judges, then by the annotator itself (Sec. 3.1, Fig. 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from . import questions
from .answer_cache import Answer
from .endpoint import Endpoint, Question, UnansweredError
from .judge_answers import Points, read_choice, read_points
from .media_content import MediaContent


Outcome = Literal["passed", "revised", "discarded", "failed"]


@dataclass(frozen=True)
class Vote:
    """
    One judge's answer in one round.

    Args:
        judge (`str`): name of the model.
        round (`int`): from 1.
        score (`int`, *optional*): 0, 1 or 2; `None` where there was no usable answer.
        revision (`str`, *optional*): the corrected statement that came with a 1.
        reason (`str`, *optional*): why there is no score.
    """

    judge: str
    round: int
    score: int | None
    revision: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class SelfVote:
    """
    The annotator's answer in one round.

    Args:
        round (`int`): from 1.
        correct (`bool`, *optional*): whether it holds the statement to be correct; `None` without a usable answer.
        reason (`str`, *optional*): why there is none.
    """

    round: int
    correct: bool | None
    reason: str | None = None


@dataclass(frozen=True)
class Verdict:
    """
    What becomes of a statement.

    Args:
        outcome (`str`): `"passed"`, `"revised"`, `"discarded"` or `"failed"`.
        text (`str`): the statement, revised where a revision was adopted.
        reason (`str`, *optional*): why it was discarded or failed.
    """

    outcome: Outcome
    text: str
    reason: str | None = None


def decide(statement: str, *, votes: Sequence[Vote]) -> Verdict:
    """
    What the judges make of a statement (Sec. 3.1, Sec. 6.2).

    | votes | the statement is |
    |---|---|
    | all 2 | passed |
    | any 0 | discarded |
    | no 0, any without a score | failed: nobody can say that all agree |
    | no 0, any 1 | revised: the correction is adopted |

    The paper says "we adopt its revision suggestions" and not which of several. Adopted is the one of the earliest
    round, and in a round that of the judge listed first; judges do not vote on it again, but the annotator does. Where
    no 1 came with a correction, the statement is discarded. A correction that repeats the statement changes nothing.

    Args:
        statement (`str`): what was judged.
        votes (`Sequence[Vote]`): by round, and in a round in the order of the judges; none passes.

    Returns:
        [`Verdict`]

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.judges import Vote, decide
    >>> votes = [Vote("x", 1, 2), Vote("y", 1, 1, "Blur is mild."), Vote("x", 2, 1, "Blur is low."), Vote("y", 2, 2)]
    >>> decide("Blur is strong.", votes=votes)
    Verdict(outcome='revised', text='Blur is mild.', reason=None)
    >>> decide("Blur is strong.", votes=[*votes, Vote("x", 3, 0)]).reason
    'x gave 0 points in round 3'

    ```
    """
    if lost := next((vote for vote in votes if vote.score == 0), None):
        return Verdict("discarded", statement, f"{lost.judge} gave 0 points in round {lost.round}")
    if failed := next((vote for vote in votes if vote.score is None), None):
        return Verdict("failed", statement, f"{failed.judge} gave no score in round {failed.round}: {failed.reason}")
    partial = [vote for vote in votes if vote.score == 1]
    if not partial:
        return Verdict("passed", statement)
    revision = next((vote.revision for vote in partial if vote.revision), None)
    if revision is None:
        first = partial[0]
        return Verdict("discarded", statement, f"{first.judge} gave 1 point in round {first.round} and no correction")
    return Verdict("passed" if revision == statement else "revised", revision)


def decide_self(verdict: Verdict, *, votes: Sequence[SelfVote]) -> Verdict:
    """
    What is left of an accepted statement after its annotator was asked again: only a constant yes keeps it.

    Args:
        verdict (`Verdict`): of the judges, passed or revised.
        votes (`Sequence[SelfVote]`): by round; none keeps it.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.judges import SelfVote, Verdict, decide_self
    >>> accepted = Verdict("revised", "Blur is mild.")
    >>> decide_self(accepted, votes=[SelfVote(1, True), SelfVote(2, True)]).outcome
    'revised'
    >>> decide_self(accepted, votes=[SelfVote(1, True), SelfVote(2, False)]).reason
    'its own annotator said no in round 2'

    ```
    """
    if lost := next((vote for vote in votes if vote.correct is False), None):
        return Verdict("discarded", verdict.text, f"its own annotator said no in round {lost.round}")
    if failed := next((vote for vote in votes if vote.correct is None), None):
        return Verdict(
            "failed", verdict.text, f"its own annotator gave no answer in round {failed.round}: {failed.reason}"
        )
    return verdict


async def take_votes(
    statement: str, *, content: MediaContent, judges: Sequence[Endpoint], rounds: int, stop_early: bool, longest: int
) -> list[Vote]:
    """
    Votes of all judges in all rounds, one after another.

    A judge that gives 1 point without a correction is asked for it again, and the 1 stands whatever it says then.

    Args:
        statement (`str`): what is judged.
        content (`MediaContent`): the medium.
        judges (`Sequence[Endpoint]`): in the order in which they are asked.
        rounds (`int`): how often each is asked.
        stop_early (`bool`): stop at a vote that settles the matter: a 0, or one without a score.
        longest (`int`): a correction with more characters is none.

    Returns:
        `list[Vote]`: by round, and in a round in the order of the judges.

    Raises:
        [`EndpointError`]: an endpoint cannot be used at all, or the cap on spending is reached.
    """
    votes: list[Vote] = []
    for round in range(1, rounds + 1):
        question = Question(questions.judge(statement, kind=content.kind), content, round)
        for judge in judges:
            votes.append(await _vote(judge, question, longest=longest))
            if stop_early and votes[-1].score in (0, None):
                return votes
    return votes


async def take_self_votes(
    statement: str, *, content: MediaContent, annotator: Endpoint, rounds: int, stop_early: bool
) -> list[SelfVote]:
    """The annotator's answers to its own statement; see [`take_votes`]."""
    votes: list[SelfVote] = []
    for round in range(1, rounds + 1):
        text, yes = questions.self_judge(statement, kind=content.kind, round=round)
        try:
            question = Question(text, content, round)
            correct = await annotator.ask(question, read=lambda answer, yes=yes: read_choice(answer.text, yes=yes))
            votes.append(SelfVote(round, correct))
        except UnansweredError as error:
            votes.append(SelfVote(round, None, str(error)))
        if stop_early and not votes[-1].correct:
            return votes
    return votes


async def _vote(judge: Endpoint, question: Question, *, longest: int) -> Vote:
    bare: list[Points] = []  # a 1 whose correction is still missing

    def read(answer: Answer) -> Points | None:
        points = read_points(answer.text, truncated=answer.truncated)
        if points is None or points.score != 1:
            return None if bare else points  # the first score stands
        if points.revision and len(points.revision) <= longest:
            return points
        bare.append(Points(1))
        return None

    try:
        points = await judge.ask(question, read=read)
    except UnansweredError as error:
        if not bare:
            return Vote(judge.model.model, question.round, None, reason=str(error))
        points = bare[0]
    return Vote(judge.model.model, question.round, points.score, points.revision)
