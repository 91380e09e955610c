"""Captions and timelines as a notebook shows them: a player, a picture, the evidence. Light and dark, with nothing to load."""

from __future__ import annotations

import base64
import html
import io
import os
import wave
from typing import TYPE_CHECKING, Any

from wsac import _wsac
from wsac.errors import Error
from wsac.recordings import Given

if TYPE_CHECKING:
    from wsac.captions import Caption
    from wsac.timeline import Segment, Timeline

__all__ = ["caption", "timeline"]

#: A longer recording has no picture, and a larger file no player: both lie in the notebook's file.
MOST_SECONDS = 600
MOST_BYTES = 20_000_000

#: Blue, vermillion, green, purple, orange, sky blue: told apart by people of every kind of colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

#: Colours for the dark: the notebook's own choice where it says one, else the system's.
DARK = """{color-scheme:dark;--ink:#e8eaed;--soft:#a6adb7;--line:#3a4047;--fill:#22272e}"""
STYLE = f"""<style>
.wsac{{--ink:#1c1e21;--soft:#5a6068;--line:#d5d9de;--fill:#f3f5f7;color:var(--ink);
font:14px/1.45 system-ui,sans-serif;max-width:800px}}
@media (prefers-color-scheme:dark){{.wsac{DARK}}}
[data-jp-theme-light=true] .wsac{{color-scheme:light;--ink:#1c1e21;--soft:#5a6068;--line:#d5d9de;--fill:#f3f5f7}}
[data-jp-theme-light=false] .wsac,.vscode-dark .wsac,html[theme=dark] .wsac{DARK}
.wsac b{{font-size:17px}} .wsac small{{color:var(--soft)}} .wsac audio{{width:100%;margin:6px 0}}
.wsac svg{{width:100%;height:auto}} .wsac p{{margin:2px 0}}
.wsac .f-ink{{fill:var(--ink)}} .wsac .f-soft{{fill:var(--soft)}} .wsac .s-grid,.wsac .s-frame{{stroke:var(--line)}}
.wsac .bar{{position:relative;height:34px;background:var(--fill);border-radius:4px;overflow:hidden}}
.wsac .bar i{{position:absolute;top:0;bottom:0;opacity:.85;border-radius:3px}}
.wsac ol{{list-style:none;margin:8px 0;padding:0}} .wsac li{{padding:3px 0;border-top:1px solid var(--line)}}
.wsac li i{{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:8px}}
.wsac time{{color:var(--soft);font-variant-numeric:tabular-nums;margin-right:10px}}
</style>"""


def caption(shown: Caption) -> str:
    """A caption with its player, picture, sounds and neighbours."""
    guess = " <small>(a guess)</small>" if shown.low_confidence else ""
    facts = f"confidence {shown.confidence:.2f}, {shown.duration:.1f} s, {shown.strategy}, {shown.model}"
    parts = [f"<p><b>{html.escape(shown.text)}</b>{guess}</p>"]
    form = there(shown._recording)
    if form is not None:
        parts.append(player(form))
        if shown.duration <= MOST_SECONDS:
            parts.append(picture(form, [(sound.name, sound.score) for sound in shown.sounds]))
    if form is None and shown.sounds:
        sounds = ", ".join(f"{sound.name} {sound.score:.2f}" for sound in shown.sounds)
        parts.append(f"<p>{html.escape(sounds)}</p>")
    near = "".join(
        f"<p><small>{near.similarity:.2f} {html.escape(near.caption)}</small></p>" for near in shown.neighbours
    )
    if near:
        parts.append(f"<details><summary><small>nearest captions</small></summary>{near}</details>")
    warnings = [f"<p><small>{html.escape(warning)}</small></p>" for warning in shown.warnings]
    name = html.escape(shown.file_name)
    return page([*parts, *warnings, f"<p><small>{name}: {html.escape(facts)}</small></p>"])


def timeline(shown: Timeline) -> str:
    """A timeline with its player and coloured segments: one colour a caption."""
    segments, duration = shown.segments, max(shown.duration, 1e-3)
    colours: dict[str, str] = {}
    for segment in segments:
        colours.setdefault(segment.text, COLOURS[len(colours) % len(COLOURS)])
    bars = "".join(
        f'<i style="left:{100 * s.start / duration:.3f}%;width:{100 * (s.end - s.start) / duration:.3f}%;'
        f'background:{colours[s.text]}" title="{html.escape(f"{clock(s.start)} {s.text}")}"></i>'
        for s in segments
    )
    count = f"{len(segments)} segment" + "s" * (len(segments) != 1)
    form = there(shown._recording)
    parts = [player(form)] if form is not None else []
    parts.append(f'<div class="bar" role="img" aria-label="{count}">{bars}</div>')
    parts.append(f"<ol>{''.join(line(s, colours[s.text]) for s in segments)}</ol>")
    if shown.summary:
        parts.append(f"<p><b>{html.escape(shown.summary)}</b></p>")
    name = html.escape(shown.file_name)
    return page([*parts, f"<p><small>{name}: {clock(duration)}, {count}</small></p>"])


def line(segment: Segment, colour: str) -> str:
    guess = " <small>(a guess)</small>" if segment.low_confidence else ""
    times = f"{clock(segment.start)} – {clock(segment.end)}"
    text = html.escape(segment.text)
    return f'<li><i style="background:{colour}"></i><time>{times}</time>{text}{guess}</li>'


def page(parts: list[str]) -> str:
    return f'<div class="wsac">{STYLE}{"".join(parts)}</div>'


def clock(seconds: float) -> str:
    whole = int(seconds)
    hours = f"{whole // 3600}:" if whole >= 3600 else ""
    return f"{hours}{whole // 60 % 60:02}:{whole % 60:02}.{int(10 * (seconds - whole))}"


def there(recording: Given | None) -> Given | None:
    """The recording, if it is still there."""
    gone = isinstance(recording, str) and not os.path.isfile(recording)
    return None if gone else recording


def picture(form: Given, sounds: list[tuple[str, float]]) -> str:
    try:
        return _wsac.picture(form, sounds)
    except Error:  # it was readable when it was captioned, and is not any more
        return ""


def player(form: Given) -> str:
    """The recording as a player, its bytes within the page."""
    if isinstance(form, str):
        if os.path.getsize(form) > MOST_BYTES:
            return ""
        with open(form, "rb") as file:
            content = file.read()
    elif len(form) == 2:
        content = form[1]
    else:
        content = wav(form[1], form[2])
    if len(content) > MOST_BYTES:
        return ""
    data = base64.b64encode(content).decode("ascii")
    return f'<audio controls preload="metadata" src="data:{mime(content)};base64,{data}"></audio>'


def mime(content: bytes) -> str:
    """The type of a recording, by its first bytes: a name may be missing or wrong."""
    for start, kind in [(b"RIFF", "wav"), (b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3", "mpeg"), (b"\xff", "mpeg")]:
        if content.startswith(start):
            return f"audio/{kind}"
    return "audio/mp4" if content[4:8] == b"ftyp" else "audio/*"


def wav(samples: Any, rate: int) -> bytes:
    """Samples [channels, n] as a WAV file of 16 bits."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples.T.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return content.getvalue()
