"""`transformers-vital env`: what a bug report needs to say about the machine."""

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

from ... import __version__
from ..output import Output


PACKAGES = ("torch", "torchvision", "transformers", "av", "numpy", "pillow")
EXAMPLES = """\
examples:
  transformers-vital env
  transformers-vital env --json > environment.json
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "print the versions and the device, for a bug report"
    parser = subparsers.add_parser("env", help=summary, description=f"{summary}.".capitalize(), epilog=EXAMPLES)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print; returns the exit code."""
    facts = {"transformers-vital": __version__, "python": platform.python_version(), "platform": platform.platform()}
    facts |= {package: _version(package) for package in PACKAGES}
    facts |= {"ffmpeg": _ffmpeg(), "device": _device()}
    Output(as_json=args.json).facts(facts)
    return 0


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _ffmpeg() -> str | None:
    """The FFmpeg that PyAV carries, which need not be the one on the PATH."""
    try:
        import av
    except ImportError:
        return None
    return av.ffmpeg_version_info


def _device() -> str | None:
    try:
        import torch
    except ImportError:
        return None
    if torch.cuda.is_available():
        return ", ".join(
            f"cuda:{index} {torch.cuda.get_device_name(index)}" for index in range(torch.cuda.device_count())
        )
    if torch.backends.mps.is_available():
        return "mps"
    return f"cpu, {torch.get_num_threads()} threads"
