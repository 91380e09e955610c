"""A page to try a captioner on, for `pip install wsac[demo]`: `python -m wsac.demo`, or `wsac.demo.page(captioner).launch()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsac.captioner import Captioner
from wsac.errors import Error

if TYPE_CHECKING:
    import gradio

__all__ = ["main", "page"]

#: A longer recording is told as a timeline, in seconds.
LONG = 30.0


def page(captioner: Captioner | None = None) -> gradio.Interface:
    """A Gradio interface: a recording, dropped or recorded, to its caption, evidence and, if it is long, timeline."""
    import gradio

    captioner = captioner or Captioner()

    def told(path: str | None) -> tuple[str, str]:
        return shown(captioner, path)

    return gradio.Interface(
        fn=told,
        inputs=gradio.Audio(type="filepath", label="A recording"),
        outputs=[gradio.Textbox(label="Caption"), gradio.HTML(label="Evidence")],
        title="wsac",
        description="Captions are made on this computer; the recording does not leave it.",
        flagging_mode="never",
    )


def shown(captioner: Captioner, path: str | None) -> tuple[str, str]:
    """The caption of the recording at `path`, and the evidence for it as HTML; what is wrong with it, if anything."""
    if path is None:
        return "", ""
    try:
        caption = captioner(path)
        long = caption.duration > LONG
        return caption.text, (captioner.timeline(path) if long else caption)._repr_html_()
    except Error as why:
        return "", str(why)


def main() -> None:
    """Serves the page of the built-in captioner on this computer."""
    page().launch()


if __name__ == "__main__":
    main()
