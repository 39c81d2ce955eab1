"""The page: score a photograph or a clip, and chat about them."""

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError, OutputError, VitalError
from ..media.inputs import expand_media
from .conversation import assistant_turn, shown_turns, user_turn
from .score_panel import EMPTY, STYLE, score_panel


if TYPE_CHECKING:
    import gradio

    from ..scoring.scorer import VitalScorer

TITLE = "Visual quality"


def build_demo(scorer: "VitalScorer", *, max_new_tokens: int = 256) -> "gradio.Blocks":
    """
    The page around a model.

    Args:
        scorer ([`~scoring.scorer.VitalScorer`]): a probe only scores, so the page has no chat.
        max_new_tokens (`int`, *optional*, defaults to 256): of an answer.

    Returns:
        `gradio.Blocks`

    Raises:
        [`MissingExtraError`]: gradio is not installed.
    """
    gr = require_gradio()

    def score(path: str | None) -> str:
        return score_panel(next(scorer.iter_scores(expand_media([path])))) if path else EMPTY

    def show(path: str | None) -> tuple[Any, Any]:
        kind = expand_media([path])[0].kind if path else None
        return (
            gr.Image(path if kind == "image" else None, visible=kind == "image"),
            gr.Video(path if kind == "video" else None, visible=kind == "video"),
        )

    def chat(message: dict[str, Any], conversation: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
        if not message["text"] and not message["files"]:
            raise gr.Error("Write a question, or add a file.", print_exception=False)
        try:
            asked = [*conversation, user_turn(message)]
            yield shown_turns(asked), conversation, None  # kept once it is answered
            answered = [*asked, assistant_turn(scorer, asked, max_new_tokens=max_new_tokens)]
        except (VitalError, ValueError) as error:
            raise gr.Error(html.escape(str(error)), print_exception=False) from error  # which shows HTML
        yield shown_turns(answered), answered, None

    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 86400)) as page:
        gr.HTML(f"<h1>{TITLE}</h1>")
        with gr.Tab("Score"), gr.Row():
            with gr.Column():
                # a file reaches the model as it is; the components for images and videos would convert it
                chosen = gr.File(label="Photograph or clip", file_types=["image", "video"], height=140)
                image = gr.Image(visible=False, interactive=False, show_label=False, height=360, buttons=[])
                video = gr.Video(visible=False, interactive=False, show_label=False, height=360, buttons=[])
                button = gr.Button("Score", variant="primary")
            panel = gr.HTML(EMPTY)
        chosen.change(show, chosen, [image, video], api_visibility="private")
        button.click(score, chosen, panel, api_name="score")
        if hasattr(scorer.model, "generate"):
            with gr.Tab("Chat"):
                turns = gr.Chatbot(render_markdown=False, height=460, show_label=False, buttons=[])
                message = gr.MultimodalTextbox(
                    file_types=["image", "video"],
                    file_count="multiple",
                    placeholder="Ask about photographs or clips",
                    show_label=False,
                )
                conversation = gr.State([])
                message.submit(chat, [message, conversation], [turns, conversation, message], api_name="chat")
                turns.clear(lambda: [], outputs=conversation, api_visibility="private")
    return page


def launch_demo(page: "gradio.Blocks", *, host: str, port: int, wait: bool = True) -> str:
    """
    Show a page.

    Args:
        page (`gradio.Blocks`): of [`build_demo`].
        host (`str`): such as `127.0.0.1`, which this machine alone can reach.
        port (`int`): to listen on.
        wait (`bool`, *optional*, defaults to `True`): until interrupted; else return at once.

    Returns:
        `str`: its address.

    Raises:
        [`OutputError`]: the port cannot be had.
    """
    gr = require_gradio()
    try:
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            share=False,
            ssr_mode=False,
            quiet=True,
            footer_links=["api"],
            theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),  # none of the network
            css=STYLE,
            prevent_thread_lock=not wait,
        )
    except OSError as error:
        raise OutputError(f"{host}:{port} cannot be listened on. Pass another --port or --host.") from error
    return address


def require_gradio():
    """
    The module.

    Raises:
        [`MissingExtraError`]: it is not installed.
    """
    try:
        import gradio
    except ImportError as error:
        raise MissingExtraError("gradio", extra="demo", purpose="the demo") from error
    return gradio
