//! Builds the files of `models/` in where the folder lies beside the crates, as in a checkout of the repository. A
//! package from the registry is without them: they are larger than it takes.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(built_in)");
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
    if std::path::Path::new(models)
        .join("mini/decoder.safetensors")
        .is_file()
    {
        println!("cargo::rustc-cfg=built_in");
        println!("cargo::rerun-if-changed={models}/mini");
        println!("cargo::rerun-if-changed={models}/gpt2");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
