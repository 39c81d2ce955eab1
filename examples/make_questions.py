"""
Make questions about distortions that are known: to ask a model, or to teach one to answer.

    python examples/make_ratings.py build/ratings --media examples/media
    python examples/make_questions.py build/ratings
    python examples/make_questions.py build/tiny/instructions --records build/tiny/dataset/records

The first form asks about the copies that make_ratings.py has made, in files beside them: `image_questions.json` (of
the form of Q-Bench), a question about each, and `video_questions.json` (of that of Q-Bench-Video), three about each.
The second writes `instruction.jsonl`, which post-training reads: a question and its answer about each copy of a
dataset that has one of the same distortions.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from make_ratings import DISTORTIONS as RATED_DISTORTIONS
from tqdm import tqdm

from transformers_vital.data.tables import read_tables
from transformers_vital.distortions.apply import distortion_text
from transformers_vital.distortions.registry import DISTORTIONS, find_distortion
from transformers_vital.evaluation.qbench_prompts import question_prompt
from transformers_vital.evaluation.qbench_questions import IMAGE_TYPES, OPTION_LETTERS, QualityQuestion


def questions(
    kind: str, name: str, severity: int, *, generator: np.random.Generator
) -> Iterator[tuple[str, str, list[str], str]]:
    """
    What can be asked about a copy with a distortion: type, question, options and the right answer.

    Three of the other distortions of `make_ratings.py` are the wrong options. The last question has none: it is open.
    """
    right = find_distortion(name).text
    others = generator.permutation([other for other in RATED_DISTORTIONS[kind] if other != name])
    wrong = [find_distortion(other).text for other in others[:3]]
    options = [[right, *wrong][place] for place in generator.permutation(len(wrong) + 1)]
    yield "what", f"Which distortion does this {kind} have?", options, right
    is_so = bool(generator.integers(2))
    asked = f"Does this {kind} suffer from {right if is_so else wrong[0]}?"
    yield "yes-or-no", asked, ["Yes", "No"], "Yes" if is_so else "No"
    text = distortion_text(name, severity=severity)
    yield "open", f"Describe what is wrong with the quality of this {kind}.", [], f"It suffers from {text}."


def as_q_bench(name: str, *, asked: str, question: str, options: list[str], answer: str) -> dict:
    """A closed question about an image."""
    about = {"img_path": name, "type": IMAGE_TYPES.index(asked), "concern": 0}
    return about | {"question": question, "candidates": options, "correct_ans": answer}


def as_q_bench_video(name: str, *, asked: str, question: str, options: list[str], answer: str) -> dict:
    """A question about a video."""
    answers = options or [answer]
    return {
        "video": name,
        "quality_concern": "CONCERN_Technical",
        "question": question,
        "question_type": {"what": "what/how", "open": "open_ended"}.get(asked, asked),
        "answers": [*answers, *[""] * (len(OPTION_LETTERS) - len(answers))],
        "correct_choice": OPTION_LETTERS[answers.index(answer)],
    }


def ask_about_ratings(folder: Path, *, generator: np.random.Generator) -> None:
    """Write the questions about the rated copies in a folder."""
    for kind, written_as in (("image", as_q_bench), ("video", as_q_bench_video)):
        with (folder / f"{kind}s.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            continue
        listed = []
        for row in rows:
            asked_of_it = list(questions(kind, row["distortion"], int(row["severity"]), generator=generator))
            if kind == "image":  # Q-Bench has no open questions
                closed = [one for one in asked_of_it if one[2]]
                asked_of_it = [closed[generator.integers(len(closed))]]
            listed += [
                written_as(row["name"], asked=asked, question=question, options=options, answer=answer)
                for asked, question, options, answer in asked_of_it
            ]
        path = folder / f"{kind}_questions.json"
        path.write_text(json.dumps(listed, indent=1), encoding="utf-8")
        print(f"{len(listed):>4} questions in {path}")


def write_instructions(records: Path, folder: Path, *, generator: np.random.Generator) -> None:
    """Write a conversation of one question and its answer about each copy of a dataset with such a distortion."""
    known = {
        distortion_text(name, severity=severity): (name, severity)
        for name, distortion in DISTORTIONS.items()
        for severity in range(1, len(distortion.severities) + 1)
    }
    tables = read_tables(records, leave_out=("distribution", "pair", "description"))
    rows = [
        row
        for table in tables.values()
        for row in table
        if known[row["text"]][0] in RATED_DISTORTIONS[row["media"]["kind"]]
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "instruction.jsonl").open("w", encoding="utf-8") as file:
        for row in tqdm(rows, unit=" copies"):
            kind, path = row["media"]["kind"], row["media"]["path"]
            three = list(questions(kind, *known[row["text"]], generator=generator))
            asked, text, options, answer = three[generator.integers(len(three))]
            question = QualityQuestion(0, kind, path, text, asked, ("technical",), tuple(options))
            messages = [
                {"role": "user", "content": question_prompt(question)},
                {"role": "assistant", "content": answer},
            ]
            file.write(json.dumps({"media": [{"kind": kind, "path": path}], "messages": messages}) + "\n")
    print(f"{len(rows):>4} conversations in {folder / 'instruction.jsonl'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what make_ratings.py wrote; with --records receives the table")
    parser.add_argument("--records", type=Path, help="folder records of a dataset, to make instructions of")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn at random (default: 0)")
    args = parser.parse_args()
    generator = np.random.default_rng(args.seed)
    if args.records:
        write_instructions(args.records, args.folder, generator=generator)
    else:
        ask_about_ratings(args.folder, generator=generator)


if __name__ == "__main__":
    main()
