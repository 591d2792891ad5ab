//! The configuration file of the binary: one section per stand-in.

use crate::{easemob, model, reviewer};
use serde::Deserialize;

/// All sections; a missing one takes its defaults.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// The Easemob stand-in.
    pub easemob: easemob::Config,
    /// The model stand-in.
    pub model: model::Config,
    /// The stand-in of reviewers.
    pub reviewer: reviewer::Config,
}

impl File {
    /// Reads the TOML text of a configuration file.
    ///
    /// # Errors
    /// Not TOML, a key that does not exist, or a value of the wrong type; the error names the line.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Gives both stand-ins the same seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.easemob.seed = seed;
        self.model.seed = seed;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::File;

    #[test]
    fn the_example_file_is_valid_and_an_unknown_key_is_refused() {
        let file = File::parse(include_str!("../simulators.example.toml")).unwrap();
        assert_eq!(file.easemob.apps.len(), 1);
        assert_eq!(file.model.answers.len(), 1);
        let refused = File::parse("[model]\nlatencyms = 3\n").unwrap_err().to_string();
        assert!(refused.contains("latencyms") && refused.contains("line 2"), "{refused}");
    }
}
