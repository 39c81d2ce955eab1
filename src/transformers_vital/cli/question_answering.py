"""The questions that `evaluate` is asked to put, and the judging of their answers."""

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .model_folder import model_folder
from .model_options import load_model
from .output import Output
from .parsing import UsageError
from .part_files import make_in_parts
from .processes import Processes


if TYPE_CHECKING:
    from ..annotation.statements.model_settings import ModelSettings
    from ..evaluation.answer_judge import JudgeSettings
    from ..evaluation.answers import Answers
    from ..evaluation.judge_file import LocalJudgeSettings
    from ..evaluation.judgements import Judgement

ANSWERS, JUDGEMENTS, JUDGE_CACHE = "answers.parquet", "judgements.parquet", "judge.sqlite"


def answer_questions(args: argparse.Namespace, *, processes: Processes, output: Output) -> Path:
    """Put the questions of a file to a model; returns the folder of its results."""
    from ..evaluation.answers import answer_each, answer_key, join_answers, read_answers, write_answers
    from ..evaluation.media_folder import MediaFolder
    from ..evaluation.qbench_prompts import question_prompt
    from ..evaluation.qbench_questions import read_questions
    from ..evaluation.question_answering import QuestionAnswerer
    from ..evaluation.row_files import check_fingerprint

    if args.data_root is None:
        raise UsageError("Where are the media of the questions? Name their folder with --data-root.")
    questions, media = read_questions(args.questions), MediaFolder(args.data_root)
    places = {question.index: media.locate(question.media) for question in questions}
    lacking = {index: error for index, (_, error) in places.items() if error is not None}
    found, missing = len(questions) - len(lacking), len(lacking)
    output.remark(f"{args.questions.name}: {len(questions)} questions, media of {found} found, of {missing} missing")
    scorer = load_model(args, device=processes.device)
    ask = QuestionAnswerer(scorer.model, scorer.processor, max_new_tokens=args.max_new_tokens)
    how = {"reading": ask.reading, "max_new_tokens": args.max_new_tokens}
    fingerprint = asdict(scorer.fingerprint) | how
    folder = model_folder(args, scorer.fingerprint.model)
    path = folder / args.questions.stem / ANSWERS
    path.parent.mkdir(exist_ok=True)
    asked = {}
    for question in questions:
        if question.index not in lacking:
            prompt = question_prompt(question, reading=ask.reading)
            asked[answer_key(question.media, prompt)] = (places[question.index][0], prompt)

    def before() -> dict[str, Any]:
        if not path.exists():
            return {}
        earlier = read_answers(path)
        check_fingerprint(earlier.fingerprint, fingerprint, path=path)
        if earlier.given and not earlier.given.keys() & asked.keys():
            raise UsageError(
                f"{path} has answers to other questions. Rename {args.questions}, name another folder with -o, or "
                "pass --overwrite."
            )
        return earlier.given

    def make(names: list[str]) -> Iterator[dict[str, Any]]:
        answers = answer_each(ask, ((name, *asked[name]) for name in names))
        return iter(output.progress(answers, total=len(names)))

    def finish(rows: dict[str, Any]) -> None:
        shared = {"id": args.questions.stem, "fingerprint": fingerprint}
        write_answers(join_answers(questions, answered=rows, lacking=lacking, **shared), path=path)

    make_in_parts(
        path,
        names=list(asked),
        before=before,
        make=make,
        finish=finish,
        fingerprint=fingerprint,
        processes=processes,
        overwrite=args.overwrite,
    )
    return folder


def judge_answers_in(
    folders: Sequence[Path],
    *,
    judge: "ModelSettings | LocalJudgeSettings",
    settings: "JudgeSettings",
    device: str | None,
    output: Output,
) -> None:
    """Judge the answers in folders, each of one model to one file, and leave what they are worth beside them."""
    from tqdm import tqdm

    from ..evaluation.answer_judge import judge_answers
    from ..evaluation.answers import read_answers
    from ..evaluation.judge_file import LocalJudgeSettings, local_judge
    from ..evaluation.judgements import write_judgements

    asked = local_judge(judge, device=device) if isinstance(judge, LocalJudgeSettings) else judge
    for folder in folders:
        answers = read_answers(folder / ANSWERS)
        with tqdm(unit="answer", disable=not output.shows_progress) as bar:

            def show(done: int, of: int, bar=bar) -> None:
                bar.total = of
                bar.update(done - bar.n)

            judging = judge_answers(
                answers.questions,
                rows=answers.rows,
                judge=asked,
                cache=folder / JUDGE_CACHE,
                settings=settings,
                reading=answers.reading,
                progress=show,
            )
            judgements = asyncio.run(judging)
        write_judgements(folder / JUDGEMENTS, judgements=judgements, answers=answers, judge=judge.model)


def judged_in(folder: Path) -> "tuple[Answers, list[Judgement], str | None]":
    """Answers, what they are worth, and the name of their judge where one was asked."""
    from ..evaluation.answers import read_answers
    from ..evaluation.judgements import decide, read_judgements

    answers = read_answers(folder / ANSWERS)
    if (folder / JUDGEMENTS).exists():
        judge, judgements = read_judgements(folder / JUDGEMENTS, answers=answers)
        return answers, judgements, judge
    return answers, decide(answers.questions, rows=answers.rows, judged={}, reading=answers.reading), None
