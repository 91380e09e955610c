"""A CLAP checkpoint instead of the built-in encoder: the way from its file to captions. Its numbers are random, so its words
mean nothing; it is a small one of the paper's second architecture (HTSAT and BERT)."""

import json
import pickle

import numpy as np
import pytest

import wsac

CHANNELS, WIDTH, DIM = 16, 64, 32
LINES = ["a dog barks while a car passes", "rain falls on a tin roof", "a crowd laughs", "birds sing in the distance"]


def shapes():
    """The shape of each tensor, by name."""
    found = {}

    def layer(name, *shape):
        found[f"{name}.weight"], found[f"{name}.bias"] = shape, shape[:1]

    audio, text = "audio_encoder.audio_enc", "text_encoder.text_encoder"
    layer(f"{audio}.bn0", 64)
    found[f"{audio}.bn0.running_mean"] = found[f"{audio}.bn0.running_var"] = (64,)
    layer(f"{audio}.patch_embed.proj", CHANNELS, 1, 4, 4)
    layer(f"{audio}.patch_embed.norm", CHANNELS)
    for i in range(4):
        width = CHANNELS << i
        for j in range(2):
            block = f"{audio}.layers.{i}.blocks.{j}"
            layer(f"{block}.norm1", width)
            layer(f"{block}.norm2", width)
            layer(f"{block}.attn.qkv", 3 * width, width)
            layer(f"{block}.attn.proj", width, width)
            layer(f"{block}.mlp.fc1", 4 * width, width)
            layer(f"{block}.mlp.fc2", width, 4 * width)
            found[f"{block}.attn.relative_position_bias_table"] = (225, 2 << i)
        if i < 3:
            layer(f"{audio}.layers.{i}.downsample.norm", 4 * width)
            found[f"{audio}.layers.{i}.downsample.reduction.weight"] = (2 * width, 4 * width)
    layer(f"{audio}.norm", 8 * CHANNELS)
    layer("audio_proj.0", DIM, 8 * CHANNELS)
    layer("audio_proj.2", DIM, DIM)
    block = f"{text}.encoder.layer.0"
    layer(f"{text}.embeddings.LayerNorm", WIDTH)
    for part in ("query", "key", "value"):
        layer(f"{block}.attention.self.{part}", WIDTH, WIDTH)
    layer(f"{block}.attention.output.dense", WIDTH, WIDTH)
    layer(f"{block}.attention.output.LayerNorm", WIDTH)
    layer(f"{block}.intermediate.dense", 2 * WIDTH, WIDTH)
    layer(f"{block}.output.dense", WIDTH, 2 * WIDTH)
    layer(f"{block}.output.LayerNorm", WIDTH)
    layer("text_proj.0", DIM, WIDTH)
    layer("text_proj.2", DIM, DIM)
    for part, rows in (("word", 30_522), ("position", 512), ("token_type", 2)):
        found[f"{text}.embeddings.{part}_embeddings.weight"] = (rows, WIDTH)
    return found


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """The checkpoint as a safetensors file."""
    stream = np.random.default_rng(0)
    header, content = {}, b""
    for name, shape in shapes().items():
        numbers = stream.normal(0, 0.1, shape).astype("<f4")
        if name.endswith(("running_var", "norm.weight", "norm1.weight", "norm2.weight", "LayerNorm.weight")):
            numbers = 1 + abs(numbers)
        header[name] = {
            "dtype": "F32",
            "shape": list(shape),
            "data_offsets": [len(content), len(content) + numbers.nbytes],
        }
        content += numbers.tobytes()
    head = json.dumps(header).encode()
    path = tmp_path_factory.mktemp("clap") / "small.safetensors"
    path.write_bytes(len(head).to_bytes(8, "little") + head + content)
    return path


def test_a_checkpoint_embeds_as_the_command_does(checkpoint, command, dog, tmp_path):
    encoder = wsac.Encoder(checkpoint)
    assert encoder.dim == DIM and encoder.identity.startswith("wavcaps-htsat-")
    (row,) = command("embed", "audio", "--clap", checkpoint, "--quiet", dog)
    assert np.array_equal(encoder.audio(dog), np.array(row["embedding"], np.float32))
    again = pickle.loads(pickle.dumps(encoder))
    assert again.identity == encoder.identity and np.array_equal(again.text(LINES), encoder.text(LINES))
    rounded = wsac.Encoder(checkpoint, precision="bf16", window="first").audio(dog)
    assert not np.array_equal(rounded, encoder.audio(dog)) and rounded @ encoder.audio(dog) > 0.99


def test_captions_alone_teach_a_captioner_that_hears_through_a_checkpoint(checkpoint, command, dog, tmp_path):
    tiny = {"decoder": {"width": 32, "layers": 1, "heads": 2}, "batch": 8}
    encoder = wsac.Encoder(checkpoint)
    run = wsac.train(LINES * 8, tmp_path / "run", encoder=encoder, config=tiny, epochs=1, cache=tmp_path / "cache")
    captioner = run.captioner(strategy="nearest")
    (row,) = command("caption", "--model", run.folder, "--strategy", "nearest", "--format", "jsonl", "--quiet", dog)
    assert captioner(dog).to_dict() == row
    decoded = captioner.decode(encoder.audio(dog))
    assert (decoded.text, decoded.logprob) == (row["caption"], row["logprob"])
    assert np.array_equal(captioner.encoder.audio(dog), encoder.audio(dog))
    with pytest.raises(wsac.ConfigError, match="learned from the embeddings"):
        wsac.Captioner(run.folder, clap="mini")
    with pytest.raises(wsac.ModelError, match="width"):
        captioner(dog, memory=wsac.Memory.build(LINES))
    with pytest.raises(wsac.ConfigError, match="of another encoder"):
        captioner.decode(np.ones((1, 384), np.float32))
