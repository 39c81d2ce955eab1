"""`transformers-vital serve`: a checkpoint behind transformers' own server."""

import argparse
import contextlib
from pathlib import Path

from ..model_options import add_model_options, load_model
from ..output import Output
from ..parsing import UsageError


EXAMPLES = """\
examples:
  transformers-vital serve
  transformers-vital serve --model build/pretrained --port 8080 --media-root photos/
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "answer chats, typed decisions and quality scores over HTTP, by transformers' own server"
    description = (
        f"{summary[0].upper()}{summary[1:]}. It asks no client who it is: leave it on this machine, or guard it."
    )
    parser = subparsers.add_parser("serve", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="N", type=int, default=8000, help="0 for any (default: 8000)")
    parser.add_argument("--media-root", metavar="FOLDER", type=Path, help="let clients name files of this folder")
    parser.add_argument("--allow-network", action="store_true", help="fetch media for clients from http(s) addresses")
    add_model_options(parser)
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted; returns the exit code."""
    output = Output(quiet=args.quiet)
    if args.media_root is not None and not args.media_root.is_dir():
        raise UsageError(f"--media-root {args.media_root} is no folder. Name one, or leave it out.")
    from ...serving.media_addresses import MediaAddresses
    from ...serving.server import ROUTES, build_app, listen, require_serving

    require_serving()
    import uvicorn
    from transformers.utils import logging

    with listen(args.host, args.port) as listener:
        scorer = load_model(args)
        logging.set_verbosity_error()  # a line per request comes from uvicorn
        app = build_app(scorer, addresses=MediaAddresses(args.media_root, args.allow_network))
        host, port = listener.getsockname()[:2]
        output.remark(f"serving {scorer.name} on http://{host}:{port}: {', '.join(ROUTES)}. Stop it with Ctrl+C.")
        server = uvicorn.Server(uvicorn.Config(app, log_level="error" if args.quiet else "info"))
        with contextlib.suppress(KeyboardInterrupt):  # the way to stop it; whether it comes this far is a race
            server.run(sockets=[listener])
    return 0
