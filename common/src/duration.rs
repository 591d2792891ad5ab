//! Durations in the configuration file: text such as `"250ms"`, `"90s"` or `"2h 30m"`, as the crate `humantime` reads it.
//!
//! A field says `#[serde(with = "common::duration")]`, and `#[schemars(with = "String")]` for its schema; one that may be absent
//! `#[serde(default, with = "common::duration::optional")]` and `#[schemars(with = "Option<String>")]`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Reads a duration.
///
/// # Errors
/// When the text is no duration.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_duration(&text)
        .map_err(|error| D::Error::custom(format!("{text:?} is no duration such as \"30s\": {error}")))
}

/// Writes a duration as it would be read.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&humantime::format_duration(*duration))
}

/// The same for a duration that may be absent.
pub mod optional {
    use std::time::Duration;

    use serde::{Deserializer, Serializer};

    /// Reads a duration that is there.
    ///
    /// # Errors
    /// When the text is no duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        super::deserialize(from).map(Some)
    }

    /// Writes a duration as it would be read, or nothing.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, to),
            None => to.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Section {
        #[serde(with = "super")]
        every: Duration,
        #[serde(default, with = "super::optional")]
        at_most: Option<Duration>,
    }

    #[test]
    fn a_duration_is_read_as_people_write_it_and_written_as_it_is_read() {
        for (text, millis) in [("250ms", 250), ("30s", 30_000), ("2h 30m", 9_000_000), ("0s", 0)] {
            let section: Section = toml::from_str(&format!("every = {text:?}")).unwrap();
            assert_eq!(section, Section { every: Duration::from_millis(millis), at_most: None });
            let section: Section = toml::from_str(&format!("every = \"1s\"\nat_most = {text:?}")).unwrap();
            assert_eq!(section.at_most, Some(Duration::from_millis(millis)));
            assert_eq!(toml::from_str::<Section>(&toml::to_string(&section).unwrap()).unwrap(), section);
        }
    }

    #[test]
    fn what_is_no_duration_is_named() {
        for text in ["\"\"", "\"5\"", "\"s\"", "\"-1s\"", "\"1 fortnight\"", "\"99999999999999999999s\""] {
            let refused = toml::from_str::<Section>(&format!("every = {text}")).unwrap_err();
            assert!(refused.message().contains("is no duration such as"), "{text}: {refused}");
        }
        assert!(toml::from_str::<Section>("every = 5").is_err());
    }
}
