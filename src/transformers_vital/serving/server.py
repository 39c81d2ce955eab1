"""transformers' own server around one VITAL checkpoint, with a route for quality scores."""

import socket
from typing import TYPE_CHECKING

from ..errors import CheckpointError, MissingExtraError, OutputError, VitalError
from .media_addresses import MediaAddresses


if TYPE_CHECKING:
    from fastapi import FastAPI

    from ..scoring.scorer import VitalScorer

ROUTES = ("/v1/chat/completions", "/v1/responses", "/v1/systemone", "/v1/score", "/v1/models", "/health")


def build_app(scorer: "VitalScorer", *, addresses: MediaAddresses | None = None) -> "FastAPI":
    """
    The application of a server.

    | route | answers |
    |---|---|
    | `/v1/chat/completions`, `/v1/responses` | OpenAI's requests, with `image_url` and `video_url` |
    | `/v1/systemone` | transformers' typed decisions, of type score |
    | `/v1/score` | quality scores of images and videos |
    | `/v1/models`, `/health` | what is served, and whether it is |

    Args:
        scorer ([`~scoring.scorer.VitalScorer`]): whose model can answer in words, so no probe.
        addresses ([`MediaAddresses`], *optional*): what clients may have it read; only data in their requests when
            left out.

    Returns:
        `fastapi.FastAPI`

    Raises:
        [`MissingExtraError`]: fastapi, uvicorn or openai is not installed.
        [`CheckpointError`]: the model is a probe.
    """
    require_serving()
    from fastapi import Request
    from fastapi.responses import JSONResponse
    from transformers.cli.serving.completion import CompletionHandler
    from transformers.cli.serving.server import build_server
    from transformers.cli.serving.transcription import TranscriptionHandler
    from transformers.cli.serving.utils import GenerationState

    from .handlers import OneModel, ScoreHandler, VitalChat, VitalDecisions, VitalResponses

    if not hasattr(scorer.model, "generate"):
        raise CheckpointError(f"{scorer.name} is a probe and cannot answer in words. Serve a model with a decoder.")
    addresses = addresses or MediaAddresses()
    manager, state = OneModel(scorer), GenerationState()
    # transformers would have every video cut to 32 frames; the processor decides on them itself
    conversations = {"chat_template_kwargs": {"num_frames": None}}
    chat, responses = (handler(manager, state, **conversations) for handler in (VitalChat, VitalResponses))
    chat.addresses = responses.addresses = addresses
    app = build_server(
        manager,
        chat,
        completion_handler=CompletionHandler(manager, state),
        response_handler=responses,
        transcription_handler=TranscriptionHandler(manager, state),
        systemone_handler=VitalDecisions(manager, state),
        generation_state=state,
    )
    app.router.routes[:] = [route for route in app.routes if route.path in ROUTES]
    scores = ScoreHandler(manager, state, addresses)

    @app.post("/v1/score")
    async def score(body: dict):
        return await scores.handle_request(body)

    @app.exception_handler(VitalError)
    @app.exception_handler(ValueError)  # of processors: a request that does not fit the model
    async def refuse(_request: Request, error: Exception):
        return JSONResponse({"error": str(error)}, status_code=400)

    return app


def require_serving() -> None:
    """
    Find out whether what transformers' server needs is installed.

    Raises:
        [`MissingExtraError`]: it is not.
    """
    from transformers.utils.import_utils import is_serve_available

    if not is_serve_available():
        raise MissingExtraError("fastapi, uvicorn or openai", extra="serve", purpose="serving")


def listen(host: str, port: int) -> socket.socket:
    """
    A socket for a server, bound before a model is loaded.

    Args:
        host (`str`): such as `127.0.0.1`, which this machine alone can reach.
        port (`int`): 0 for any that is free.

    Raises:
        [`OutputError`]: it cannot be had.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise OutputError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}. Pass another --port or --host."
        ) from error
