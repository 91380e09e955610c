//! `wsac models` and `wsac embed audio`.

use crate::world::World;

#[test]
fn models_tells_parts_sizes_and_licences() {
    let world = World::new();
    let said = world.output(["models"]);
    for word in ["mini", "YAMNet", "MiniLM", "Apache-2.0", "MB", "captions"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn recordings_become_points_of_the_space_of_captions() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let run = world
        .wsac(["embed", "audio", "dog.ogg", "gone.ogg"])
        .assert()
        .code(1);
    let out = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    let rows: Vec<serde_json::Value> = out
        .lines()
        .map(|l| serde_json::from_str(l).expect("JSON"))
        .collect();
    assert_eq!(rows[0]["embedding"].as_array().map(Vec::len), Some(384));
    assert!(rows[1]["error"].is_string());
    let square: f64 = rows[0]["embedding"]
        .as_array()
        .expect("numbers")
        .iter()
        .filter_map(|x| x.as_f64())
        .map(|x| x * x)
        .sum();
    assert!((square - 1.0).abs() < 1e-5, "{square}");
    let args = [
        "embed",
        "audio",
        "dog.ogg",
        "--format",
        "safetensors",
        "-o",
        "a.safetensors",
    ];
    world.output(args);
    assert!(
        world
            .path("a.safetensors")
            .metadata()
            .expect("a file")
            .len()
            > 1500
    );
}
