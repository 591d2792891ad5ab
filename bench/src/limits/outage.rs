//! Scenes in which Easemob fails for a time: an outage, and tokens that are refused.

use super::acts::{private, tell};
use super::app::{App, Counting};
use super::figures::seconds;
use super::findings::{Findings, Subject, Value};
use super::line::Line;
use super::load::Order;
use super::scene::Scene;
use super::traffic::Fate;
use anyhow::Result;
use serde_json::json;
use std::time::Duration;

/// Messages per second to each app.
const LIGHT: u32 = 5;
const CONVERSATIONS: u64 = 25;
/// Before the failure, so that all is well.
const BEFORE: Duration = Duration::from_secs(5);
/// After the outage people go on for so long.
const AFTER: Duration = Duration::from_secs(20);
const DRAIN: Duration = Duration::from_secs(60);
/// Between planning refusals and taking the tokens back.
const THEN: Duration = Duration::from_millis(100);
/// Tokens that are refused.
const REFUSED: u32 = 2;
/// Sends that were under way when an order came are not counted after it.
const UNDER_WAY_MS: i64 = 500;

/// Easemob answers 503 for `length`, and refuses another app's next tokens.
pub(super) fn outage(scene: &Scene, length: Duration, found: &mut Findings) -> Result<()> {
    let apps = [App::new("outage", Counting::Sliding), App::new("tokens", Counting::Sliding)];
    let all = BEFORE + length + AFTER;
    let streams =
        [private(&apps[0], LIGHT, all, CONVERSATIONS), private(&apps[1], LIGHT, all, CONVERSATIONS)];
    let (down, refused) = (apps[0].key(), apps[1].key());
    let fault = json!({
        "scope": { "app": down }, "for": format!("{}ms", length.as_millis()), "fault": { "kind": "service_unavailable" },
    });
    let refusals = json!({
        "scope": { "app": refused, "path": "token" }, "times": REFUSED, "fault": { "kind": "unauthorized" },
    });
    let orders = [
        Order { after: BEFORE, path: "faults", body: fault },
        Order { after: BEFORE, path: "faults", body: refusals },
        Order { after: BEFORE + THEN, path: "tokens/revoke", body: json!({ "app": refused }) },
    ];
    let mut line = Line::start(scene, apps.to_vec())?;
    let told = tell(&mut line, &streams, &orders, DRAIN)?;
    let name = format!("503 for {} s, asked for {LIGHT}/s", length.as_secs());
    found.row(name, Subject::Failing, Counting::Sliding, told.figures(&streams, 0));
    let name = format!("{REFUSED} tokens refused, asked for {LIGHT}/s");
    found.row(name, Subject::Failing, Counting::Sliding, told.figures(&streams, 1));
    let begin = told.played.begun + i64::try_from(BEFORE.as_millis())?;
    of_outage(&line, &apps[0], begin, begin + i64::try_from(length.as_millis())?, found)?;
    of_tokens(&line, &apps[1], begin, found)
}

fn of_outage(line: &Line<'_>, app: &App, begin: i64, end: i64, found: &mut Findings) -> Result<()> {
    let traffic = line.easemob_traffic(&app.key())?;
    let sends = traffic.get("users").map(|users| users.times(Fate::Accepted)).unwrap_or_default();
    let first = sends.iter().find(|at| **at > begin + UNDER_WAY_MS).copied();
    let back = first.and_then(|first| back(&sends, first));
    let since =
        |from: Option<i64>, to: Option<i64>| to.zip(from).map_or(f64::NAN, |(to, from)| seconds(to - from));
    found.value(Value::FirstAfterOutage, since(Some(end), first));
    found.value(Value::BackAfterOutage, since(Some(end), back));
    found.value(Value::BackAfterFirst, since(first, back));
    let mut calls: Vec<i64> = traffic.values().flat_map(|path| path.times(Fate::Failed)).collect();
    calls.sort_unstable();
    found.value(Value::CallsOfOutage, calls.len() as f64);
    let most = calls.iter().map(|at| within(&calls, *at)).max();
    found.value(Value::MostOfOutage, most.unwrap_or_default() as f64);
    Ok(())
}

fn of_tokens(line: &Line<'_>, app: &App, begin: i64, found: &mut Findings) -> Result<()> {
    let traffic = line.easemob_traffic(&app.key())?;
    let times = |path: &str, fate| traffic.get(path).map(|of| of.times(fate)).unwrap_or_default();
    let (sends, refused) = (times("users", Fate::Accepted), times("token", Fate::Failed));
    let last = refused.last().filter(|_| refused.len() >= REFUSED as usize);
    let after = last.and_then(|last| Some(seconds(sends.iter().find(|at| *at > last)? - last)));
    found.value(Value::AfterToken, after.unwrap_or(f64::NAN));
    let gaps = sends.windows(2).filter(|pair| pair[1] > begin).map(|pair| pair[1] - pair[0]);
    found.value(Value::SilenceOfToken, gaps.max().map_or(f64::NAN, seconds));
    Ok(())
}

/// From when on as many sends are accepted per second as people write.
fn back(sends: &[i64], first: i64) -> Option<i64> {
    sends.iter().copied().find(|at| *at >= first && within(sends, *at) >= LIGHT as usize)
}

/// How many there are in the second from a moment on.
fn within(times: &[i64], from: i64) -> usize {
    times.iter().filter(|at| (from..from + 1_000).contains(*at)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_that_is_accepted_is_not_yet_the_service() {
        let sends = [100, 5_000, 9_000, 9_100, 9_300, 9_500, 9_700, 9_900];
        assert_eq!(back(&sends, 5_000), Some(9_000));
        assert_eq!(back(&sends[..5], 5_000), None);
    }
}
