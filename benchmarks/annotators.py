"""
Agreement of the annotators that need no weights with the severity of distortions, and their time, in two processes.

    python benchmarks/annotators.py
    python benchmarks/annotators.py --kind image --media FOLDER --further
"""

import argparse
import itertools
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
from measuring import report_targets
from scipy.stats import spearmanr

from transformers_vital.annotation.opinions.annotators import Annotator, list_annotators, load_annotator
from transformers_vital.annotation.opinions.decoding import decoded
from transformers_vital.distortions.apply import distort_image, distort_video
from transformers_vital.distortions.encoding import NEAR_LOSSLESS, write_video
from transformers_vital.distortions.registry import DISTORTIONS, distortions_of
from transformers_vital.media.image import load_image
from transformers_vital.media.inputs import MediaItem, expand_media, open_source
from transformers_vital.media.stream import stream_video


MEDIA = Path(__file__).resolve().parents[1] / "examples" / "media"
PROCESSES = 2
LONGEST_SIDE = {"image": 640, "video": 480}  # pixels, for the sake of time; all are larger or about as large
FRAMES = 24  # of each clip
PICTURE_SEVERITIES_OF_CLIPS = (1, 3, 5)  # of the 25 distortions that change each frame for itself
WRONG = 0.3  # mean Spearman correlation of quality with severity, above which a judge is wrong about a type


def _fresh_processes() -> ProcessPoolExecutor:
    """Not forked ones, which inherit the locks of OpenCV's threads without the threads and wait for ever."""
    return ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"))


@cache
def annotators(kind: str, names: tuple[str, ...]) -> list[Annotator]:
    """Loaded once in each process."""
    cv2.setNumThreads(1)
    return [load_annotator(name) for name in names]


def smaller(picture: np.ndarray, longest_side: int) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = min(longest_side / max(height, width), 1)
    size = round(width * scale) // 2 * 2, round(height * scale) // 2 * 2
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def prepare_clip(item: MediaItem, folder: Path) -> Path:
    """The first frames of a video, made smaller and encoded almost without loss."""
    stream = stream_video(open_source(item))
    frames = ((time_, smaller(frame, LONGEST_SIDE["video"])) for time_, frame in itertools.islice(stream, FRAMES))
    target = folder / f"{Path(item.name).stem}.mp4"
    write_video(frames, target, fps=stream.fps, encoding=NEAR_LOSSLESS)
    return target


def qualities(item: MediaItem, judges: list[Annotator]) -> list[float]:
    """Scores, higher is better, of an item that is decoded once; NaN where there is none."""
    item, found = decoded(item), []
    for judge in judges:
        try:
            found.append(judge.score([item])[0] * (1 if judge.descriptor.higher_is_better else -1))
        except ValueError:
            found.append(np.nan)
    return found


def agreements(task: tuple, *, kind: str, names: tuple[str, ...]) -> list[float]:
    """Spearman correlation of each annotator's quality with the severity of one distortion of one medium."""
    source, distortion, seed = task
    judges = annotators(kind, names)
    severities = range(1, len(DISTORTIONS[distortion].levels) + 1)
    if kind == "video" and len(severities) > 3:
        severities = PICTURE_SEVERITIES_OF_CLIPS
    rows = [qualities(MediaItem(kind, source, "undistorted"), judges)]
    with tempfile.TemporaryDirectory() as folder:
        for severity in severities:
            if kind == "image":
                distorted = distort_image(source, distortion=distortion, severity=severity, seed=seed)
            else:
                distorted = Path(folder) / f"{severity}.mp4"
                distort_video(source, distorted, distortion=distortion, severity=severity, seed=seed)
            rows.append(qualities(MediaItem(kind, distorted, distortion), judges))
    found = []
    for column in np.round(np.array(rows).T, 9):
        constant = np.ptp(column) == 0  # this medium does not change for this judge
        found.append(0.0 if constant else spearmanr(range(len(column)), column).statistic)
    return found


def seconds_each(source, *, kind: str, names: tuple[str, ...]) -> list[float]:
    """Seconds that each annotator takes for one medium that is decoded already, and last those of decoding."""
    judges, found = annotators(kind, names), []
    start = time.perf_counter()
    decoded(MediaItem(kind, source, "timed"))
    decoding = time.perf_counter() - start
    for judge in judges:
        item = decoded(MediaItem(kind, source, "timed"))
        start = time.perf_counter()
        judge.score([item])
        found.append(time.perf_counter() - start)
    return [*found, decoding]


def seconds_together(source, *, kind: str, names: tuple[str, ...]) -> None:
    """All annotators on one medium that is decoded once, as a build has it."""
    item = decoded(MediaItem(kind, source, "timed"))
    for judge in annotators(kind, names):
        judge.score([item])


def print_table(title: str, names: list[str], rows: dict[str, list[str]]) -> None:
    width, first = max(map(len, [*names, "00.00"])) + 2, max(map(len, rows)) + 1
    print(f"\n{title}\n\n{'':{first}}{''.join(name.rjust(width) for name in names)}")
    for name, cells in rows.items():
        print(f"{name:{first}}{''.join(cell.rjust(width) for cell in cells)}")


def measure(kind: str, media: Path, *, further: bool) -> dict[str, bool]:
    groups = ["default", "further"] if further else ["default"]
    listed = [each for group in groups for each in list_annotators(kind=kind, group=group) if not each.download]
    alone = [each for each in listed if "reference" not in each.name]  # those need the original beside the copy
    names = tuple(each.name for each in alone if each.adapter in ("measure", "frames", "ffmpeg"))
    types = distortions_of(kind)
    files = expand_media(media, kind=kind)
    with tempfile.TemporaryDirectory() as folder, _fresh_processes() as processes:
        if kind == "image":
            sources = [smaller(np.asarray(load_image(item.source)), LONGEST_SIDE[kind]) for item in files]
        else:
            sources = list(processes.map(partial(prepare_clip, folder=Path(folder)), files))
        tasks = [(source, name, seed) for name in types for seed, source in enumerate(sources)]
        found = np.array(list(processes.map(partial(agreements, kind=kind, names=names), tasks)))
        table = np.nanmean(found.reshape(len(types), len(sources), -1), axis=1)
        times = np.median(list(processes.map(partial(seconds_each, kind=kind, names=names), sources * 2)), axis=0)
        default = tuple(each.name for each in list_annotators(kind=kind, group="default"))
        start = time.perf_counter()
        list(processes.map(partial(seconds_together, kind=kind, names=default), sources * 4))
        together = (time.perf_counter() - start) / (4 * len(sources))
    short = [name.removeprefix("video-") for name in names]
    rows = {name: [f"{value:.2f}" for value in values] for name, values in zip(types, table, strict=True)}
    rows |= {"mean": [f"{value:.2f}" for value in table.mean(axis=0)], "": [""] * len(names)}
    rows["milliseconds"] = [f"{1000 * seconds:.0f}" for seconds in times[:-1]]
    rows["a second, 2 cores"] = [f"{PROCESSES / seconds:.1f}" for seconds in times[:-1]]
    print_table(f"{kind}s: {len(sources)}, at most {LONGEST_SIDE[kind]} pixels; -1: falls with severity", short, rows)
    print(f"\ndecoding: {1000 * times[-1]:.0f} ms; all defaults on one decoded {kind}: {1 / together:.1f} a second")
    worst = table[:, : len(default)].max(axis=0)
    targets = {f"at least six default {kind} annotators ({len(default)})": len(default) >= 6}
    for name, value in zip(names, worst, strict=False):
        targets[f"{name}: quality rises with no type by more than {WRONG} ({value:.2f})"] = value <= WRONG
    return targets


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=("image", "video"), action="append", help="both unless one is named")
    parser.add_argument("--media", type=Path, default=MEDIA, help="folder of photographs and clips")
    parser.add_argument("--further", action="store_true", help="also annotators that no build uses unless told to")
    arguments = parser.parse_args()
    targets = {}
    for kind in arguments.kind or ("image", "video"):
        targets |= measure(kind, arguments.media, further=arguments.further)
    return report_targets(targets)


if __name__ == "__main__":
    sys.exit(main())
