//! The model card of a finished run: `config.json`, and the same as text.

use super::job::Job;
use super::trainer::Trainer;
use crate::memory::Centre;
use crate::model::{Model, RunConfig};

/// The captioner's entries in `config.json`.
pub(super) fn card(trainer: &Trainer, job: &Job, noise_variance: f64) -> RunConfig {
    let name = job.out.file_name();
    RunConfig {
        name: name.map_or("captioner".into(), |n| n.to_string_lossy().into_owned()),
        clap: job.space.name.clone(),
        space: job.space.identity.clone(),
        decoder: trainer.decoder.config().clone(),
        bridge: job.defaults.bridge,
        centred: job.defaults.centre == Centre::MemoryMean,
        clauses: trainer.config.clauses > 0.0,
        renormalise: trainer.config.renormalise,
        noise_variance,
        compat: trainer.config.compat,
        prompt: trainer.config.prompt,
        from_text: true,
    }
}

/// The model card of a captioner, as text.
pub(super) fn readme(model: &Model, captions: usize, validation: Option<f64>) -> String {
    let validation = validation.map_or("not measured".to_owned(), |nats| {
        format!("{nats:.4} nats a token")
    });
    let RunConfig {
        name,
        clap,
        decoder,
        noise_variance,
        ..
    } = &model.card;
    format!(
        "---\nlibrary_name: wsac\npipeline_tag: audio-text-to-text\ntags: [audio-captioning, wsac]\n---\n\n# {name}\n\n\
         An audio captioner learned from {captions} captions and no audio (WSAC, arXiv 2309.12242), with the encoder \
         `{clap}`.\n\n    wsac caption recording.wav --model {name}\n\n\
         | | |\n|---|---|\n| decoder | {} layers x {} wide, {} words |\n| noise variance | {noise_variance:.4} |\n\
         | validation loss | {validation} |\n\nThe exact settings are in `train.toml`, every step in \
         `log.jsonl`. The captions are in `memory.safetensors`: share this folder only where you may share them.\n",
        decoder.layers, decoder.width, decoder.vocab,
    )
}
