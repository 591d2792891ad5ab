//! Section `[kafka]`, with the places of what is wrong in it.

use common::Problem;
use pipeline::kafka::{self, Property, RawConfig};

use super::deployment::problem;

/// Access to the brokers.
pub(super) fn access(raw: RawConfig) -> Result<kafka::Config, Vec<Problem>> {
    let mut problems: Vec<Problem> =
        raw.properties.iter().filter_map(|(name, value)| broken(name, value)).collect();
    let names: Vec<String> = raw.properties.keys().cloned().collect();
    match kafka::Config::new(raw) {
        Ok(access) if problems.is_empty() => return Ok(access),
        Ok(_) => {}
        Err(error) => {
            let what = error.to_string();
            let property =
                names.iter().filter(|name| what.contains(name.as_str())).max_by_key(|name| name.len());
            let place = match (error.label(), property) {
                ("bootstrap", _) => "kafka.bootstrap".to_owned(),
                ("heartbeat", _) => "kafka.heartbeat_interval_ms".to_owned(),
                (_, Some(name)) => format!("kafka.properties.{name}"),
                (_, None) => "kafka".to_owned(),
            };
            problems.push(problem(&place, what));
        }
    }
    Err(problems)
}

/// A user or password with a line break never gets past a broker; certificates and keys have lines.
fn broken(name: &str, value: &Property) -> Option<Problem> {
    let Property::Text(text) = value else { return None };
    let is_broken = text.contains(char::is_control) && !name.ends_with(".pem");
    is_broken.then(|| {
        problem(&format!("kafka.properties.{name}"), "it holds a line break or another control character")
    })
}
