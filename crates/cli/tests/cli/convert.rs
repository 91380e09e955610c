//! `wsac convert`: what it refuses, and how. (Whole checkpoints are too large to be made here.)

use std::fs;

use predicates::str::contains;
use wsac::tensors::safetensors::TensorFile;

use crate::world::World;

#[test]
fn what_is_no_checkpoint_is_refused_with_a_reason() {
    let world = World::new();
    fs::write(world.path("empty.pt"), "").expect("a file");
    fs::write(
        world.path("page.pt"),
        "<!doctype html><title>Sign in</title>",
    )
    .expect("a file");
    let header = r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let length = (header.len() as u64).to_le_bytes();
    let other = [&length[..], header.as_bytes(), &[0; 4]].concat();
    fs::write(world.path("other.pt"), other).expect("a file");
    for (file, reason) in [
        ("empty.pt", "is empty"),
        ("page.pt", "is a web page"),
        ("other.pt", "is no CLAP checkpoint that wsac knows"),
        ("gone.pt", "No such file"),
    ] {
        let run = world.wsac(["convert", file, "-o", "out"]).assert().code(2);
        run.stderr(contains(reason)).stdout("");
        assert!(!world.path("out").exists());
    }
    let run = world
        .wsac(["convert", "other.pt", "-o", "out", "--family", "panns"])
        .assert();
    run.code(2).stderr(contains("missing"));
}

#[test]
fn a_folder_that_exists_is_left_alone() {
    let world = World::new();
    fs::create_dir(world.path("out")).expect("a folder");
    fs::write(world.path("empty.pt"), "").expect("a file");
    let run = world
        .wsac(["convert", "empty.pt", "-o", "out"])
        .assert()
        .code(2);
    run.stderr(contains("--force"));
    let run = world
        .wsac(["convert", "empty.pt", "-o", "out", "--force"])
        .assert()
        .code(2);
    run.stderr(contains("is empty"));
    let run = world
        .wsac(["convert", "empty.pt", "-o", "new", "--precision", "int8"])
        .assert();
    run.code(2).stderr(contains("f32 or f16"));
}

/// A state dict as the paper's code saves it, small but for its words, for embeddings as wide as those of `mini`.
fn decoder_of_the_papers_code(world: &World) {
    let (words, width, embedding) = (50_257, 8, 384);
    let mut file = TensorFile::new();
    let mut add = |name: &str, shape: &[usize]| {
        let size = shape.iter().product::<usize>();
        let number = |i: usize| ((i * 7919 + name.len()) % 101) as f32 / 101.0 - 0.5;
        file.f32(name, shape, &(0..size).map(number).collect::<Vec<_>>());
    };
    add("clap_project.model.0.weight", &[width, embedding]);
    add("clap_project.model.0.bias", &[width]);
    add("decoder.transformer.wte.weight", &[words, width]);
    add("decoder.transformer.wpe.weight", &[64, width]);
    for layer in ["ln_1", "ln_2"] {
        add(&format!("decoder.transformer.h.0.{layer}.weight"), &[width]);
        add(&format!("decoder.transformer.h.0.{layer}.bias"), &[width]);
    }
    for (layer, inputs, outputs) in [
        ("attn.c_attn", width, 3 * width),
        ("attn.c_proj", width, width),
        ("mlp.c_fc", width, 4 * width),
        ("mlp.c_proj", 4 * width, width),
    ] {
        let name = format!("decoder.transformer.h.0.{layer}");
        add(&format!("{name}.weight"), &[inputs, outputs]);
        add(&format!("{name}.bias"), &[outputs]);
    }
    add("decoder.transformer.h.0.attn.masked_bias", &[1]);
    add("decoder.transformer.ln_f.weight", &[width]);
    add("decoder.transformer.ln_f.bias", &[width]);
    let bytes = file.to_bytes().expect("a file");
    world.write("decoder.safetensors", bytes);
}

#[test]
fn a_decoder_of_the_papers_code_captions() {
    let world = World::new();
    decoder_of_the_papers_code(&world);
    world.clip("dog.ogg", "dog.ogg");
    world.write("captions.txt", "A dog barks\nRain falls\n");
    let convert = ["convert", "decoder.safetensors", "-o", "run"];
    let run = world.wsac(convert).assert().code(2);
    run.stderr(contains("--clap CLAP"));
    let with_clap = [&convert[..], &["--clap", "mini"]].concat();
    let told = world.output(&with_clap);
    assert!(told.contains("1 layers of width 8 with 4 heads"), "{told}");
    assert!(told.contains("without captions"), "{told}");
    let caption = ["caption", "--model", "run", "dog.ogg"];
    assert!(!world.output(caption).trim().is_empty());
    let nearest = [&caption[..], &["--strategy", "nearest"]].concat();
    let run = world.wsac(&nearest).assert().failure();
    run.stderr(contains("--memory FILE"));

    let with_captions = [&with_clap[..], &["--captions", "captions.txt", "--force"]].concat();
    assert!(world.output(&with_captions).contains("with 2 captions"));
    assert!(!world.output(&nearest).trim().is_empty());
}

#[test]
fn flags_of_decoders_are_for_decoders() {
    let world = World::new();
    let header = r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let length = (header.len() as u64).to_le_bytes();
    world.write(
        "other.pt",
        [&length[..], header.as_bytes(), &[0; 4]].concat(),
    );
    let run = world
        .wsac(["convert", "other.pt", "-o", "out", "--clap", "mini"])
        .assert();
    run.code(2)
        .stderr(contains("is no decoder that wsac knows"));
}
