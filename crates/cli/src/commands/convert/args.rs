//! The flags of `wsac convert`.

use std::path::PathBuf;

use wsac::encoders::clap::family::Family;
use wsac::tensors::dtype::StorageDtype;

/// Convert a checkpoint (PyTorch or safetensors) to a folder that opens at once
///
/// Nothing in the checkpoint is executed. The folder of a CLAP serves wherever the checkpoint does (`--clap DIR`); with
/// f32 it gives the same numbers to the last bit. A decoder that the paper's own code has trained, or ClapCap, becomes a
/// captioner (`wsac caption --model DIR`).
#[derive(clap::Args)]
pub struct Args {
    /// A checkpoint (.pt, .pth, .ckpt, .bin, .safetensors), or a folder of Hugging Face
    #[arg(value_name = "IN")]
    pub input: PathBuf,

    /// The folder to write
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// How numbers are stored: f16 halves the size
    #[arg(long, value_name = "f32|f16", default_value = "f32")]
    pub precision: StorageDtype,

    /// The family of the model [default: recognised by its tensors]
    #[arg(long, value_name = "NAME")]
    pub family: Option<Family>,

    /// Of a decoder: the encoder that it was trained with
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub clap: Option<String>,

    /// Of a decoder: captions for its memory, best those it was trained with [default: none, so strategy direct]
    #[arg(long, value_name = "FILE")]
    pub captions: Option<PathBuf>,

    /// Write into a folder that exists
    #[arg(long)]
    pub force: bool,

    /// No progress bar and no warnings; errors are still shown
    #[arg(short, long)]
    pub quiet: bool,
}
