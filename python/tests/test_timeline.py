"""Timelines equal those of the command and are found as they are asked for; live sound."""

import wave

import numpy as np
import pytest
import wsac


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """40 s of noise bursts and silences: its path, and its samples."""
    stream = np.random.default_rng(1)
    parts = []
    for burst in range(8):
        parts += [stream.normal(0, 0.05 * (1 + burst % 3), 32_000), np.zeros(48_000)]
    whole = (np.concatenate(parts).clip(-1, 1) * 32767).astype("<i2")
    path = tmp_path_factory.mktemp("scene") / "scene.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(whole.tobytes())
    return str(path), whole.astype(np.float32) / 32768


def test_rows_are_those_of_the_command(captioner, command, scene):
    path, samples = scene
    *rows, end = command("caption", "--timeline", "--summary", "--format", "jsonl", "--quiet", path)
    line = captioner.timeline(path, summary=True)
    assert [segment.to_dict() for segment in line] == rows
    assert (line.duration, len(line), line.summary) == (end["duration"], end["segments"], end["summary"])
    assert [str(segment) for segment in line] == [row["caption"] for row in rows]
    again = captioner.timeline(samples, rate=16_000)
    assert [segment.text for segment in again] == [row["caption"] for row in rows]
    assert line[0].start == rows[0]["start"] and line.warnings == []


def test_its_files_are_those_of_the_command(captioner, command, scene, tmp_path):
    path, _ = scene
    line = captioner.timeline(path, min_length=1.0, max_gap=0.5)
    flags = ["--timeline", "--min-length", "1", "--max-gap", "0.5", "--quiet", path]
    for format in ("srt", "vtt", "textgrid", "labels", "csv", "jsonl", "text"):
        file = tmp_path / format
        line.write(file, format)
        assert file.read_text() == command("caption", "--format", format, *flags, rows=False)
    line.srt(tmp_path / "a.srt")
    assert (tmp_path / "a.srt").read_text() == (tmp_path / "srt").read_text()
    line.vtt(tmp_path / "a.vtt")
    assert (tmp_path / "a.vtt").read_text() == (tmp_path / "vtt").read_text()


def test_segments_are_found_as_they_are_asked_for(captioner):
    # 32 segments are captioned together, and here are several times as many.
    stream = np.random.default_rng(2)
    turn = np.concatenate([stream.normal(0, 0.1, 16_000), np.zeros(48_000)]).astype(np.float32)
    line = captioner.timeline(np.tile(turn, 150), rate=16_000, beam=1)
    first = next(iter(line))
    assert first.end < 5 and line._end is None and "more to find" in repr(line)


def test_frames_are_made_of_a_timeline(captioner, dog):
    pytest.importorskip("pandas")
    frame = captioner.timeline(dog).to_pandas()
    assert list(frame.columns[:4]) == ["file_name", "start", "end", "caption"] and len(frame) > 0
    silent = captioner.timeline(np.zeros(16_000, np.float32), rate=16_000)
    assert list(silent) == [] and len(silent.to_pandas()) == 0
    assert captioner.timeline(np.zeros(16_000), rate=16_000, summary=True).summary == "Silence."


def test_timelines_that_make_no_sense_are_refused(captioner, dog, tmp_path):
    with pytest.raises(wsac.ConfigError, match="at least twice the shortest"):
        captioner.timeline(dog, min_length=20.0)
    with pytest.raises(wsac.FileError):
        captioner.timeline(tmp_path / "gone.wav")
    with pytest.raises(wsac.ConfigError, match="srt2"):
        captioner.timeline(dog).write(tmp_path / "x", "srt2")


def test_live_sound_is_captioned_as_it_arrives(captioner, scene):
    _, samples = scene

    def told(size):
        with captioner.live(rate=16_000) as live:
            found = [s for i in range(0, len(samples), size) for s in live.feed(samples[i : i + size])]
        assert live.segments[: len(found)] == found
        return live.segments

    segments = told(8_000)
    assert segments and segments == told(12_345)
    assert segments[0].start == 0 and segments[0].file_name is None


def test_live_sound_of_another_rate_and_channels_is_taken(captioner, scene):
    _, samples = scene
    stereo = np.repeat(np.stack([samples, samples]), 3, axis=1)
    with captioner.live(rate=48_000, silence=-50.0) as live:
        live.feed(stereo)
    assert live.segments
    with pytest.raises(wsac.ConfigError, match="has ended"):
        live.feed(samples)
    live = captioner.live(rate=16_000)
    with pytest.raises(wsac.ConfigError, match="int16"):
        live.feed(np.zeros(8, np.int16))
    with pytest.raises(wsac.ConfigError, match="no finite number"):
        live.feed(np.array([np.nan], np.float32))
    with pytest.raises(wsac.ConfigError, match="100 to 1000000 Hz"):
        captioner.live(rate=1)
