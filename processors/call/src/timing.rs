//! How long a target is waited for, as configured.

use std::time::Duration;

use common::Problems;
use outbound::config::client::ClientSettings;
use outbound::{ClientConfig, Timeouts};

use crate::config::{RawCall, RawEndpoint};

/// Longest time to the first token, unless a target says otherwise.
const FIRST_TOKEN: Duration = Duration::from_secs(20);
/// Longest silence of a stream that has begun, unless a target says otherwise.
const IDLE: Duration = Duration::from_secs(20);

/// How long a target is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Timing {
    /// Of streams.
    pub(crate) timeouts: Timeouts,
    /// How it is connected to, where that is its own.
    pub(crate) client: Option<ClientSettings>,
}

/// Checks the times of an entry whose target's attempts last `timeout` at most.
pub(crate) fn timing(
    raw: &RawCall,
    entry: &RawEndpoint,
    timeout: Duration,
    problems: &mut Problems,
) -> Timing {
    let place = format!("call.target {:?}", entry.name.get_ref());
    let given = [
        ("connect_timeout", entry.connect_timeout),
        ("first_token_timeout", entry.first_token_timeout),
        ("idle_timeout", entry.idle_timeout),
    ];
    for (key, time) in given {
        if time.is_some_and(|time| time.is_zero()) && key != "connect_timeout" {
            problems.add_at(&place, &entry.name, format!("{key} must be more than zero"));
        }
        if time.is_some_and(|time| time > timeout) {
            let timeout = timeout.as_millis();
            let what = format!("its {key} is longer than the target's timeout of {timeout} ms");
            problems.add_at(&place, &entry.name, what);
        }
        if time.is_some() && key != "connect_timeout" && !entry.stream {
            problems.add_at(&place, &entry.name, format!("its {key} is for streams, and stream is false"));
        }
    }
    let client = match connection(raw, entry).map(|own| own.validate(&place)).transpose() {
        Ok(client) => client,
        Err(found) => {
            // What is wrong with the common settings is told of them.
            if raw.client.validate("call.client").is_ok() {
                problems.extend(found);
            }
            None
        }
    };
    let timeouts = Timeouts {
        first_token: entry.first_token_timeout.unwrap_or(FIRST_TOKEN),
        idle: entry.idle_timeout.unwrap_or(IDLE),
    };
    Timing { timeouts, client }
}

/// How the target is connected to, unless the common settings hold.
fn connection(raw: &RawCall, entry: &RawEndpoint) -> Option<ClientConfig> {
    let mut own = raw.client.clone();
    entry.connect_timeout.into_iter().for_each(|time| own.connect_timeout = time);
    entry.proxy.iter().for_each(|proxy| proxy.expose().clone_into(&mut own.proxy));
    (entry.connect_timeout.is_some() || entry.proxy.is_some()).then_some(own)
}
