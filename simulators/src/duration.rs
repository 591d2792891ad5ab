//! Durations in files and orders: text such as `"250ms"` or `"2h 30m"`, as the crate `humantime` reads it.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use std::time::Duration;

/// Reads a duration.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let refused = |error| D::Error::custom(format!("{text:?} is no duration such as \"30s\": {error}"));
    humantime::parse_duration(&text).map_err(refused)
}

/// Writes a duration as it would be read.
pub(crate) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&humantime::format_duration(*duration))
}

/// The same for a duration that may be absent.
pub(crate) mod optional {
    use serde::{Deserializer, Serializer};
    use std::time::Duration;

    /// Reads a duration that is there.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        super::deserialize(from).map(Some)
    }

    /// Writes a duration as it would be read, or nothing.
    pub(crate) fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, to),
            None => to.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;
    use std::time::Duration;

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct Order {
        #[serde(with = "super")]
        wait: Duration,
        #[serde(default, with = "super::optional")]
        at_most: Option<Duration>,
    }

    #[test]
    fn a_duration_is_read_as_people_write_it_and_written_as_it_is_read() {
        let order: Order = serde_json::from_value(json!({ "wait": "250ms", "at_most": "2h 30m" })).unwrap();
        assert_eq!(order.wait, Duration::from_millis(250));
        assert_eq!(order.at_most, Some(Duration::from_secs(9_000)));
        assert_eq!(serde_json::from_value::<Order>(json!(order)).unwrap(), order);
    }

    #[test]
    fn what_is_no_duration_is_named() {
        let refused = serde_json::from_value::<Order>(json!({ "wait": "5" })).unwrap_err().to_string();
        assert!(refused.contains("\"5\" is no duration such as"), "{refused}");
        assert!(serde_json::from_value::<Order>(json!({ "wait": 5 })).is_err());
    }
}
