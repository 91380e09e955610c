//! The state of the run in a folder, so that one run never overwrites another.

use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoint::{self, Checkpoint};
use super::config::TrainConfig;
use super::identity::Identity;
use super::job::{Job, Outcome};
use super::log::last_validation;
use super::plan::Plan;
use crate::error::{Error, Result};
use crate::model::Model;

/// The files of a run folder that show the state of its run.
pub(super) struct Files {
    folder: PathBuf,
    pub checkpoint: PathBuf,
    pub settings: PathBuf,
    pub log: PathBuf,
}

/// The state of the run in a folder.
pub(super) enum Standing {
    /// Not started.
    New,
    /// Interrupted.
    Begun(Checkpoint),
    /// Finished.
    Finished,
}

impl Files {
    /// Creates the run folder of `job`.
    pub fn of(job: &Job) -> Result<Self> {
        fs::create_dir_all(&job.out).map_err(|e| Error::io(&job.out, e))?;
        let files = Self {
            folder: job.out.clone(),
            checkpoint: job.out.join(checkpoint::FILE),
            settings: job.out.join("train.toml"),
            log: job.out.join("log.jsonl"),
        };
        if !job.resume && (files.checkpoint.exists() || files.has_model()) {
            return Err(Error::model(
                &job.out,
                "already holds a run; add --resume to go on with it, or give another --out",
            ));
        }
        Ok(files)
    }

    /// Whether the folder holds a captioner; its config.json is written last.
    fn has_model(&self) -> bool {
        self.folder.join("config.json").exists()
    }

    /// The state of the run, if it is the one of `identity`.
    pub fn standing(
        &self,
        config: &TrainConfig,
        job: &Job,
        plan: &Plan,
        identity: &Identity,
    ) -> Result<Standing> {
        let other = |path: &Path| {
            Error::model(
                path,
                "was made with other settings or captions; give the same ones to resume, or another --out to start anew",
            )
        };
        if !job.resume {
            return Ok(Standing::New);
        }
        if self.checkpoint.exists() {
            let checkpoint = Checkpoint::open(&self.checkpoint)?;
            if !identity.is(&checkpoint.identity) {
                return Err(other(&self.checkpoint));
            }
            let done = checkpoint.step >= plan.steps(config);
            return Ok(match done && self.has_model() {
                true => Standing::Finished,
                false => Standing::Begun(checkpoint),
            });
        }
        // Without a checkpoint there is nothing to resume, and a finished captioner is not overwritten.
        match self.has_model() {
            false => Ok(Standing::New),
            true if identity.is_of(config, &self.settings) => Ok(Standing::Finished),
            true if self.settings.exists() => Err(other(&self.folder)),
            true => Err(Error::model(
                &self.folder,
                "holds a captioner, but no run to go on with; give another --out",
            )),
        }
    }

    /// The captioner of a run that had finished before.
    pub fn finished(&self) -> Result<Outcome> {
        Ok(Outcome {
            model: Model::load(&self.folder)?,
            validation: last_validation(&self.log),
            already_finished: true,
        })
    }

    /// Reports that the run was interrupted, and how to resume it.
    pub fn stopped(&self) -> Error {
        Error::Interrupted(format!(
            "stopped; add --resume to go on with the run in {}",
            self.folder.display()
        ))
    }
}
