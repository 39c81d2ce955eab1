"""Entry point of `transformers-vital`: finds the command, turns its errors into messages and exit codes."""

import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import VitalError
from .commands import annotate, card, convert, demo, env, evaluate, experiment, export, push, score, serve, zoo
from .output import complain
from .parsing import Parser


COMMANDS = (score, evaluate, annotate, experiment, zoo, convert, card, export, push, serve, demo, env)
USAGE_ERROR = 2
INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell reports for a program stopped by SIGPIPE

DESCRIPTION = "No-reference visual quality assessment of images and videos with large multimodal models."
EXIT_CODES = """\
exit codes: 0 fine, 1 check failed, 2 usage or input error, 3 some inputs failed, 130 interrupted

examples:
  transformers-vital score photo.jpg clip.mp4
  transformers-vital env
"""


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Args:
        argv (`Sequence[str]`, *optional*): the arguments, without the program's name; those of the process when left
            out.

    Returns:
        `int`: the exit code.
    """
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except VitalError as error:
        complain(f"error: {error}")
        return USAGE_ERROR
    except KeyboardInterrupt as interrupt:
        complain("interrupted" + (f": {interrupt}" if str(interrupt) else "."))
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has stopped; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _run(arguments: list[str]) -> int:
    parser = Parser(prog="transformers-vital", description=DESCRIPTION, epilog=EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"transformers-vital {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for command in COMMANDS:
        command.register(commands)
    try:
        chosen = parser.parse_command(arguments)
        return chosen.run(chosen)
    except SystemExit as answered:  # --help and --version
        return answered.code


if __name__ == "__main__":
    sys.exit(main())
