//! The flags that choose an encoder, the same for every command that embeds.

use anyhow::Result;
use wsac::clap::Encoder;

use crate::commands::use_threads;

/// How sounds and texts become points.
#[derive(clap::Args)]
pub struct EncoderArgs {
    /// The encoder: `mini`
    #[arg(long, value_name = "NAME", default_value = "mini")]
    clap: String,

    /// Use so many threads [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// No progress bar, no warnings; errors are still told
    #[arg(short, long)]
    pub quiet: bool,
}

impl EncoderArgs {
    /// Sets the threads up and finds the encoder.
    pub fn open(&self) -> Result<Encoder> {
        use_threads(self.threads)?;
        Ok(Encoder::open(&self.clap)?)
    }
}
