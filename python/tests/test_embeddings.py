"""Encoders, memories, and captions of embeddings made elsewhere."""

import pickle

import numpy as np
import pytest
import wsac

LINES = ["a dog barks", "A dog barks.", "rain falls on a roof", "a rooster crows", "a baby cries"]


def test_embeddings_are_those_of_the_command(captioner, command, clips, tmp_path):
    encoder = wsac.Encoder()
    audio = encoder.audio(clips)
    rows = command("embed", "audio", "--quiet", *clips)
    assert audio.dtype == np.float32 and audio.flags.c_contiguous
    assert np.array_equal(audio, np.array([row["embedding"] for row in rows], np.float32))
    assert np.array_equal(captioner.encoder.audio(clips), audio)
    captions = tmp_path / "captions.txt"
    captions.write_text("\n".join(LINES))
    rows = command("embed", "text", "--quiet", captions)
    text = encoder.text(LINES)
    assert np.array_equal(text, np.array([row["embedding"] for row in rows], np.float32))
    assert np.array_equal(captioner.encoder.text(LINES), text)
    assert np.allclose(np.linalg.norm(text, axis=1), 1, atol=1e-6)
    assert encoder.audio(clips[0]).shape == encoder.text("rain").shape == (encoder.dim,)
    assert encoder.audio([]).shape == encoder.text([]).shape == (0, encoder.dim)


def test_labels_of_ones_own_rank_a_recording(dog, clips):
    encoder = wsac.Encoder()
    found = encoder.classify(dog, ["rain", "a dog barking", "a siren"])
    assert found[0].name == "a dog barking"
    assert all(-1 <= sound.score <= 1 for sound in found)
    assert len(encoder.classify(clips, ["rain", "dog"])) == len(clips)


def test_embeddings_made_elsewhere_are_decoded(captioner, clips):
    rows = captioner.encoder.audio(clips)
    captions = captioner.decode(rows)
    assert len(captions) == len(clips) and all(caption.text.endswith(".") for caption in captions)
    assert captioner.decode(rows[0]).text == captions[0].text
    assert [c.text for c in captioner.decode(rows.astype(np.float64))] == [c.text for c in captions]
    assert "dog" in captions[1].text.lower()
    assert captioner.decode(np.zeros((0, rows.shape[1]), np.float32)) == []


@pytest.mark.parametrize(
    "rows, told",
    [
        (np.ones((2, 7)), "width 7"),
        (np.ones((1, 2, 3)), "shape"),
        (np.full((1, 384), np.nan), "finite"),
        (np.zeros((1, 384)), "no direction"),
        (np.ones((1, 384), np.int32), "int32"),
    ],
)
def test_rows_that_are_no_embeddings_are_refused(captioner, rows, told):
    with pytest.raises(wsac.ConfigError, match=told):
        captioner.decode(rows)


def test_a_memory_is_that_of_the_command(captioner, command, dog, tmp_path):
    captions, theirs, ours = (tmp_path / name for name in ("c.txt", "a.safetensors", "b.safetensors"))
    captions.write_text("\n".join(LINES))
    command("memory", "build", captions, "-o", theirs, "--dedup=0.99", "--rows", "int8", rows=False)
    memory = wsac.Memory.build(LINES, encoder=captioner.encoder, dedup=0.99, rows="int8")
    memory.save(ours)
    assert ours.read_bytes() == theirs.read_bytes()
    assert wsac.Memory.build(captions, dedup=0.99, rows="int8").captions == memory.captions
    assert len(memory) == 4 and memory.embeddings.shape == (4, memory.dim)
    (row,) = command("caption", "--format", "jsonl", "--memory", theirs, dog)
    for given in (memory, ours, wsac.Memory.load(ours), pickle.loads(pickle.dumps(memory))):
        assert captioner(dog, memory=given).to_dict() == row
        assert wsac.Captioner(memory=given)(dog).to_dict() == row
    assert captioner(dog).to_dict() != row


def test_the_nearest_captions_are_found():
    encoder = wsac.Encoder()
    memory = wsac.Memory.build(LINES, encoder=encoder)
    assert len(memory) == 5
    near = memory.nearest(encoder.text(["a dog is barking", "heavy rain"]), k=2)
    assert near[0][0].caption in LINES[:2] and near[1][0].caption == "rain falls on a roof"
    assert near[0][0].similarity > near[0][1].similarity
    assert memory.nearest(encoder.text("rain"), k=1)[0].caption == "rain falls on a roof"
    assert len(wsac.Memory.build(LINES, dedup=True)) == 4


def test_memories_that_make_no_sense_are_refused(captioner, tmp_path):
    with pytest.raises(wsac.CaptionsError, match="at least one caption"):
        wsac.Memory.build([])
    with pytest.raises(wsac.ConfigError, match="a caption is a text, not 5"):
        wsac.Memory.build(["a dog", 5])
    with pytest.raises(wsac.FileError):
        wsac.Memory.load(tmp_path / "gone.safetensors")
    with pytest.raises(wsac.ConfigError, match="width"):
        wsac.Memory.build(LINES).nearest(np.ones((1, 3)))
    with pytest.raises(wsac.ConfigError):
        wsac.Memory.build(LINES, dedup=2.0)
    with pytest.raises(wsac.Error, match="there is no file or folder"):
        wsac.Encoder("nowhere")
