//! Settings from a file: a preset and a TOML text that overrides some settings -> [`TrainConfig`].

use super::config::TrainConfig;
use crate::error::{Error, Result};

impl TrainConfig {
    /// These settings, overridden by those in `text` (TOML). Of `[decoder]` too, only the settings given change.
    ///
    /// # Errors
    /// If `text` is not TOML, has an unknown setting, or gives one a value of another type.
    pub fn with_toml(&self, text: &str) -> Result<Self> {
        let wrong = |e: &dyn std::fmt::Display| Error::Config(e.to_string().trim_end().to_owned());
        let mut settings = toml::Table::try_from(self).map_err(|e| wrong(&e))?;
        let named: toml::Table = text.parse().map_err(|e: toml::de::Error| wrong(&e))?;
        for (name, value) in named {
            match (settings.get_mut(&name), value) {
                (Some(toml::Value::Table(shape)), toml::Value::Table(part))
                    if name == "decoder" =>
                {
                    shape.extend(part);
                }
                (_, value) => {
                    settings.insert(name, value);
                }
            }
        }
        settings.try_into().map_err(|e: toml::de::Error| wrong(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Noise, Schedule};

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let text = "epochs = 2\nnoise = { variance = 0.01 }\nschedule = { kind = \"constant\" }\n[decoder]\nlayers = 2\n";
        let paper = TrainConfig::paper();
        let mut want = paper.clone();
        want.epochs = 2;
        want.noise = Noise::Variance(0.01);
        want.schedule = Schedule::Constant;
        want.decoder.layers = 2;
        assert_eq!(paper.with_toml(text).expect("settings"), want);
        assert_eq!(paper.with_toml("").expect("settings"), paper);
    }

    #[test]
    fn wrong_settings_are_told_by_name() {
        let error = |text| match TrainConfig::default().with_toml(text) {
            Ok(config) => panic!("{config:?}"),
            Err(error) => error.to_string(),
        };
        assert!(error("epoch = 2").contains("epoch"));
        assert!(error("[decoder]\nwide = 2").contains("wide"));
        assert!(error("epochs = \"many\"").contains("many"));
        assert!(error("epochs = = 2").contains('1'));
    }
}
