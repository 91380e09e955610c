"""Captions equal those of the command, whatever form the recording has."""

import io
import pickle
import wave
from pathlib import Path

import numpy as np
import pytest
import wsac


def test_rows_are_those_of_the_command(captioner, command, clips):
    rows = command("caption", "--format", "jsonl", "--quiet", *clips)
    assert [caption.to_dict() for caption in captioner(clips)] == rows
    one = captioner(clips[0])
    assert one.to_dict() == rows[0]
    assert str(one) == one.text == rows[0]["caption"]
    assert one.low_confidence == rows[0]["weak"] and one.sounds[0].name == rows[0]["sounds"][0]["name"]
    assert one.neighbours[0].caption == rows[0]["neighbours"][0]["caption"]


@pytest.mark.parametrize(
    "options, flags",
    [
        ({"strategy": "projection", "tau": 0.05, "beam": 1}, "--strategy projection --tau 0.05 --beam 1"),
        ({"strategy": "nearest", "blend": 0.2}, "--strategy nearest --blend 0.2"),
        ({"sample": True, "seed": 3, "temperature": 0.8}, "--sample --seed 3 --temperature 0.8"),
        ({"rerank": "consensus", "rerank_widths": (2, 5)}, "--rerank=consensus --rerank-widths 2,5"),
        ({"rerank": "similarity", "rerank_nearest": 2}, "--rerank --rerank-nearest 2"),
    ],
)
def test_options_are_the_flags_of_the_command(captioner, command, dog, options, flags):
    (row,) = command("caption", "--format", "jsonl", "--quiet", *flags.split(), dog)
    assert captioner(dog, **options).to_dict() == row
    assert wsac.Captioner(**options)(dog).to_dict() == row


def test_precision_and_centre_are_the_flags_of_the_command(command, dog):
    (row,) = command("caption", "--format", "jsonl", "--precision", "int8", "--centre", "none", dog)
    assert wsac.Captioner(precision="int8", centre="none")(dog).to_dict() == row


def test_every_form_of_a_file_has_the_same_caption(captioner, dog):
    text = captioner(dog).text
    content = Path(dog).read_bytes()
    with open(dog, "rb") as file:
        forms = [
            Path(dog),
            content,
            bytearray(content),
            io.BytesIO(content),
            {"bytes": content, "path": "dog.ogg"},
            {"bytes": None, "path": dog},
            file,
        ]
        captions = captioner(forms)
    assert [caption.text for caption in captions] == [text] * len(forms)
    assert [c.file_name for c in captions] == [dog, "bytes", "bytes", "file", "dog.ogg", dog, dog]


def test_samples_have_the_caption_of_their_file(captioner, samples, tmp_path):
    mono, rate = samples
    stereo = np.stack([mono, np.zeros_like(mono)])
    whole = (stereo * 32767).astype("<i2")
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.T.tobytes())
    stereo = whole.astype(np.float32) / 32768
    row = {**captioner(path).to_dict(), "file_name": "array"}

    class Decoder:
        """As torchcodec's AudioDecoder."""

        def get_all_samples(self):
            return type("AudioSamples", (), {"data": stereo, "sample_rate": rate})

    strided = np.repeat(stereo, 2, axis=1)[:, ::2]
    for form in (stereo, stereo.astype(np.float64), np.asfortranarray(stereo), strided):
        assert captioner(form, rate=rate).to_dict() == row
    assert captioner({"array": stereo, "sampling_rate": rate, "path": None}).to_dict() == row
    assert captioner(Decoder()).to_dict() == row
    assert captioner(stereo.mean(axis=0), rate=rate).text == row["caption"]


def test_tensors_are_taken(captioner, samples):
    torch = pytest.importorskip("torch")
    mono, rate = samples
    tensor = torch.tensor(mono, requires_grad=True)
    assert captioner(tensor, rate=rate).text == captioner(mono, rate=rate).text


def test_a_bad_recording_is_a_failure_in_its_place(captioner, command, dog, tmp_path):
    empty, text = tmp_path / "empty.wav", tmp_path / "notes.wav"
    empty.write_bytes(b"")
    text.write_text("no sound at all")
    paths = [str(tmp_path / "vanished.wav"), dog, str(empty), str(text)]
    rows = command("caption", "--format", "jsonl", "--quiet", *paths)
    found = captioner(paths, on_error="return")
    assert [each.to_dict() for each in found] == rows
    assert [bool(each) for each in found] == [False, True, False, False]
    assert isinstance(found[0], wsac.Failure) and isinstance(found[0].exception, wsac.FileError)
    assert isinstance(found[0].exception, OSError) and isinstance(found[2].exception, wsac.AudioError)
    with pytest.raises(wsac.FileError, match="vanished.wav"):
        captioner(paths)
    with pytest.raises(wsac.AudioError, match="empty.wav: is empty"):
        captioner(str(empty))
    assert captioner([]) == []


@pytest.mark.parametrize(
    "array, rate, told",
    [
        (np.zeros(8, np.int16), 16000, r"int16.*x / 32768"),
        (np.zeros(8, bool), 16000, "bool"),
        (np.zeros((4, 2, 8)), 16000, r"\(4, 2, 8\)"),
        (np.zeros((800, 2)), 16000, "x.T"),
        (np.zeros(0), 16000, "0 samples"),
        (np.zeros((2, 0)), 16000, "0 samples"),
        (np.array([0.0, np.nan]), 16000, "no finite numbers, the first of them at 1"),
        (np.array([1e300]), 16000, "no finite numbers"),
        (np.zeros(8), None, "need their rate"),
        (np.zeros(8), 0, "whole number"),
        (np.zeros(8), 16000.5, "whole number"),
        (np.zeros(8), 10, "100 to 1000000 Hz"),
    ],
)
def test_samples_that_are_no_sound_are_refused(captioner, array, rate, told):
    with pytest.raises(wsac.AudioError, match=told):
        captioner(array, rate=rate)
    (failure,) = captioner([array], rate=rate, on_error="return")
    assert not failure


@pytest.mark.parametrize("form", [5, None, object(), {}, {"array": None}, io.StringIO("text")])
def test_what_is_no_recording_is_refused(captioner, form):
    with pytest.raises(wsac.AudioError):
        captioner(form)


@pytest.mark.parametrize(
    "options, told",
    [
        ({"beam": 65}, "1 to 64"),
        ({"beam": "wide"}, "beam: .*wide"),
        ({"beam": 2, "sample": True}, "not both"),
        ({"strategy": "direkt"}, "strategy: .*direkt.*`direct`"),
        ({"strategy": "nearest", "tau": 0.1}, "projection"),
        ({"tau": float("nan")}, "tau: .*finite"),
        ({"rerank_widths": [2, float("inf")]}, "rerank_widths: .*finite"),
        ({"blend": object()}, "blend: a object is no value"),
        ({"blend": 2.0}, "0 to 1"),
        ({"temprature": 1.0}, "temprature.*temperature"),
        ({"memory": 5}, "memory"),
    ],
)
def test_options_that_make_no_sense_are_refused(captioner, dog, options, told):
    with pytest.raises(wsac.ConfigError, match=told):
        captioner(dog, **options)
    with pytest.raises(wsac.ConfigError, match=told):
        wsac.Captioner(**options)


def test_a_captioner_that_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(wsac.ModelError, match="is no folder of a captioner"):
        wsac.Captioner(tmp_path / "nothing")
    with pytest.raises(wsac.ConfigError, match="window: .*middle"):
        wsac.Captioner(window="middle")
    with pytest.raises(wsac.ConfigError, match="needs a gap"):
        wsac.Captioner(centre="modalities")
    with pytest.raises(wsac.ConfigError, match="at least 1"):
        wsac.Captioner(threads=0)
    with pytest.raises(wsac.Error, match="no/where"):
        wsac.Captioner(clap="no/where")


def test_captions_and_errors_survive_pickling(captioner, dog):
    caption = captioner(dog)
    again = pickle.loads(pickle.dumps(caption))
    assert again == caption and again.to_dict() == caption.to_dict()
    (failure,) = captioner(["gone.wav"], on_error="return")
    again = pickle.loads(pickle.dumps(failure))
    assert again == failure and type(again.exception) is wsac.FileError


def test_a_notebook_shows_captions_and_timelines(captioner, dog, samples):
    page = captioner(dog)._repr_html_()
    assert page.count("<audio") == page.count("<svg") == 1
    assert "prefers-color-scheme:dark" in page and "A dog barking" in page
    array, rate = samples
    assert "data:audio/wav" in captioner(array, rate=rate)._repr_html_()
    many = captioner([array], rate=rate)[0]._repr_html_()
    assert "<audio" not in many  # a list does not hold on to its samples
    line = captioner.timeline(dog)
    assert line._repr_html_().count("<li>") == len(line) > 0
    assert "<script" not in page


def test_names_are_escaped_in_a_notebook(captioner, tmp_path, dog):
    odd = tmp_path / "<img src=x>.ogg"
    odd.write_bytes(Path(dog).read_bytes())
    page = captioner(odd)._repr_html_() + captioner.timeline(odd)._repr_html_()
    assert "<img src=x>" not in page and "&lt;img src=x&gt;" in page
