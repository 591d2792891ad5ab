//! How a running process of this file finds its targets: read from the metrics that its admin address serves.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use outbound::metrics::{
    ATTEMPTS, BREAKER, COOLDOWNS, PACE_AT_ONCE, PACE_LEARNED, PACE_LIMIT, PACE_RATE, PACE_USED, PACE_WAITING,
};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A process on this host that has not answered by then does not.
const PATIENCE: Duration = Duration::from_secs(2);
/// More than any process of ours has to tell.
const MOST_BYTES: u64 = 32 << 20;

/// What one process tells of one target, since it started.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub(super) struct Health {
    /// `closed`, `half_open` or `open`: open while most calls fail.
    pub(super) breaker: &'static str,
    /// All of its keys together.
    #[serde(flatten)]
    pub(super) all: KeyHealth,
    /// Each of its keys, counted from 1.
    pub(super) keys: BTreeMap<u16, KeyHealth>,
}

/// What one process tells of one key of a target, or of all of them.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub(super) struct KeyHealth {
    /// Calls that wait for their turn.
    pub(super) waiting: f64,
    /// Calls a second that this process may start now; 0 if nothing bounds them.
    pub(super) starts_per_second: f64,
    /// Calls that this process may run at a time, as configured or as refusals taught it; 0 if nothing bounds them.
    pub(super) at_once: f64,
    /// What refusals left of the configured rate or calls at a time, from 0 to 1; of several keys the least.
    pub(super) learned: f64,
    /// Calls by class, `ok` for a success.
    pub(super) attempts: BTreeMap<String, u64>,
    /// Cooldowns by the class that caused them.
    pub(super) cooldowns: BTreeMap<String, u64>,
    /// Of each configured limit of a minute, by what it counts: how much of this process's part is taken.
    pub(super) used: BTreeMap<String, Used>,
}

/// How much of a limit is taken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Used {
    /// Taken or reserved, as of the last call.
    pub(super) taken: f64,
    /// All that there is for this process.
    pub(super) limit: f64,
}

impl Health {
    /// On one line.
    pub(super) fn line(&self) -> String {
        format!("{}, {}", self.breaker, self.all.line())
    }

    /// Sums up the keys.
    fn sum_up(&mut self) {
        let learned = self.keys.values().map(|key| key.learned).reduce(f64::min);
        self.all.learned = learned.unwrap_or_default();
        for key in self.keys.values() {
            let all = &mut self.all;
            all.waiting += key.waiting;
            all.starts_per_second += key.starts_per_second;
            all.at_once += key.at_once;
            key.attempts
                .iter()
                .for_each(|(class, count)| *all.attempts.entry(class.clone()).or_default() += count);
            key.cooldowns
                .iter()
                .for_each(|(class, count)| *all.cooldowns.entry(class.clone()).or_default() += count);
            for (counted, used) in &key.used {
                let sum = all.used.entry(counted.clone()).or_default();
                (sum.taken, sum.limit) = (sum.taken + used.taken, sum.limit + used.limit);
            }
        }
    }
}

impl KeyHealth {
    /// On one line.
    pub(super) fn line(&self) -> String {
        let ok = self.attempts.get("ok").copied().unwrap_or_default();
        let failed = self.attempts.values().sum::<u64>() - ok;
        let worst = self.attempts.iter().filter(|(class, _)| *class != "ok").max_by_key(|(_, count)| **count);
        let worst = worst.map(|(class, _)| format!(", mostly {class}")).unwrap_or_default();
        let pace = match (self.waiting, self.starts_per_second) {
            (0.0, 0.0) => String::new(),
            (waiting, rate) => format!(", {waiting} wait, {rate:.1}/s"),
        };
        let at_once = if self.at_once > 0.0 { format!(", {} at once", self.at_once) } else { String::new() };
        let used =
            |(counted, used): (&String, &Used)| format!(", {} of {} {counted}/min", used.taken, used.limit);
        let used: String = self.used.iter().map(used).collect();
        format!("{ok} ok, {failed} failed{worst}{pace}{at_once}{used}")
    }
}

/// What the process at the admin address tells of each target.
pub(super) async fn of_process(admin: SocketAddr) -> anyhow::Result<BTreeMap<String, Health>> {
    Ok(read(&timeout(PATIENCE, metrics(here(admin))).await.context("wait for metrics")??))
}

/// An address that a process listens on everywhere is reached on this host.
fn here(mut admin: SocketAddr) -> SocketAddr {
    match admin.ip() {
        ip if !ip.is_unspecified() => {}
        IpAddr::V4(_) => admin.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(_) => admin.set_ip(Ipv6Addr::LOCALHOST.into()),
    }
    admin
}

/// The admin server closes a connection behind its reply.
async fn metrics(admin: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(admin).await.context("connect")?;
    let request = format!("GET /metrics HTTP/1.0\r\nhost: {admin}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.context("ask")?;
    let mut reply = String::new();
    stream.take(MOST_BYTES).read_to_string(&mut reply).await.context("read")?;
    let (head, body) = reply.split_once("\r\n\r\n").context("it speaks no HTTP")?;
    let is_ok = head.split(' ').nth(1) == Some("200");
    anyhow::ensure!(is_ok, "it has no metrics");
    Ok(body.to_owned())
}

/// Reads the exposition format, as far as it is of targets.
fn read(text: &str) -> BTreeMap<String, Health> {
    let mut targets: BTreeMap<String, Health> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, rest)) = line.split_once('{') else { continue };
        let Some((labels, value)) = rest.rsplit_once("} ") else { continue };
        let label = |name: &str| {
            let at = labels.split(',').find_map(|label| label.strip_prefix(name)?.strip_prefix("=\""))?;
            Some(at.trim_end_matches('"').to_owned())
        };
        let (Some(target), Ok(value)) = (label("target"), value.parse::<f64>()) else { continue };
        let of = targets.entry(target).or_default();
        if name == BREAKER {
            of.breaker = ["closed", "half_open", "open"][(value as usize).min(2)];
            continue;
        }
        let Some(key) = label("key").and_then(|number| number.parse().ok()) else { continue };
        let of = of.keys.entry(key).or_default();
        let word = |name: &str| label(name).unwrap_or_default();
        match name {
            PACE_WAITING => of.waiting = value,
            PACE_RATE => of.starts_per_second = value,
            PACE_AT_ONCE => of.at_once = value,
            PACE_LEARNED => of.learned = value,
            PACE_USED => of.used.entry(word("counted")).or_default().taken = value,
            PACE_LIMIT => of.used.entry(word("counted")).or_default().limit = value,
            ATTEMPTS => drop(of.attempts.insert(word("class"), value as u64)),
            COOLDOWNS => drop(of.cooldowns.insert(word("class"), value as u64)),
            _ => {}
        }
    }
    // Deliver has paces of its own, which are no models'.
    targets.retain(|_, health| !health.breaker.is_empty());
    targets.values_mut().for_each(Health::sum_up);
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "# HELP huiyin_outbound_attempts_total attempts\n\
        # TYPE huiyin_outbound_attempts_total counter\n\
        huiyin_outbound_attempts_total{target=\"main\",key=\"1\",class=\"ok\"} 40\n\
        huiyin_outbound_attempts_total{target=\"main\",key=\"2\",class=\"auth\"} 3\n\
        huiyin_outbound_attempts_total{target=\"main\",key=\"1\",class=\"server_error\"} 1\n\
        huiyin_outbound_breaker_state{target=\"main\"} 2\n\
        huiyin_outbound_breaker_state{target=\"spare\"} 0\n\
        huiyin_outbound_cooldowns_total{target=\"main\",key=\"2\",class=\"auth\"} 1\n\
        huiyin_outbound_pace_waiting_count{target=\"main\",key=\"1\",limit=\"requests\"} 7\n\
        huiyin_outbound_pace_starts_per_second{target=\"main\",key=\"1\",limit=\"requests\"} 2.5\n\
        huiyin_outbound_pace_at_once_count{target=\"main\",key=\"1\",limit=\"requests\"} 12\n\
        huiyin_outbound_pace_used_count{target=\"main\",key=\"1\",counted=\"input\"} 900\n\
        huiyin_outbound_pace_limit_count{target=\"main\",key=\"1\",counted=\"input\"} 2000\n\
        huiyin_outbound_pace_used_count{target=\"main\",key=\"2\",counted=\"input\"} 100\n\
        huiyin_outbound_pace_limit_count{target=\"main\",key=\"2\",counted=\"input\"} 2000\n\
        huiyin_outbound_pace_waiting_count{target=\"acme#support\",key=\"1\",limit=\"messages\"} 9\n\
        huiyin_run_kafka_away_seconds 0\n";

    #[test]
    fn what_is_told_of_targets_and_their_keys_is_read() {
        let read = read(METRICS);
        assert_eq!(read.keys().collect::<Vec<_>>(), ["main", "spare"]);
        assert_eq!(
            read["main"].line(),
            "open, 40 ok, 4 failed, mostly auth, 7 wait, 2.5/s, 12 at once, 1000 of 4000 input/min"
        );
        assert_eq!(
            read["main"].keys[&1].line(),
            "40 ok, 1 failed, mostly server_error, 7 wait, 2.5/s, 12 at once, 900 of 2000 input/min"
        );
        assert_eq!(read["main"].keys[&2].line(), "0 ok, 3 failed, mostly auth, 100 of 2000 input/min");
        assert_eq!((read["main"].all.cooldowns["auth"], read["main"].keys[&2].cooldowns["auth"]), (1, 1));
        assert_eq!(read["spare"].line(), "closed, 0 ok, 0 failed");
    }

    #[tokio::test]
    async fn nobody_there_is_an_error_and_not_a_wait() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(of_process(free).await.is_err());
        assert_eq!(here("0.0.0.0:9600".parse().unwrap()), "127.0.0.1:9600".parse().unwrap());
        assert_eq!(here("[::]:9600".parse().unwrap()), "[::1]:9600".parse().unwrap());
    }
}
