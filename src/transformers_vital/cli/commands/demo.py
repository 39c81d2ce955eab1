"""`transformers-vital demo`: a page on which a person scores media and chats about them."""

import argparse

from ..model_options import add_model_options, load_model
from ..output import Output
from ..parsing import positive_int


EXAMPLES = """\
examples:
  transformers-vital demo
  transformers-vital demo --model build/pretrained --port 7861
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "show a page on which to score photographs and clips, and to chat about them"
    description = f"{summary[0].upper()}{summary[1:]}. It is for this machine, unless --host says otherwise."
    parser = subparsers.add_parser("demo", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="N", type=positive_int, default=7860, help="(default: 7860)")
    parser.add_argument(
        "--max-new-tokens", metavar="N", type=positive_int, default=256, help="of an answer (default: 256)"
    )
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the page until interrupted; returns the exit code."""
    output = Output()
    from ...demo.app import build_demo, launch_demo, require_gradio

    require_gradio()
    page = build_demo(load_model(args), max_new_tokens=args.max_new_tokens)
    output.remark(f"the page is at http://{args.host}:{args.port}. Stop it with Ctrl+C.")
    launch_demo(page, host=args.host, port=args.port)
    return 0
