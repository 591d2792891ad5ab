//! What a run tells when it is done.

use std::time::Duration;

use ::replay::launch::Ran;
use ::replay::live::Unasked;
use ::replay::live::budget::decimal;
use ::replay::range::Manifest;
use schemas::money::Money;

/// The run, in lines.
pub(super) fn told(manifest: &Manifest, ran: &Ran, took: Duration) -> String {
    let (tally, joined) = (&ran.tally, &ran.tally.joined);
    let rate =
        tally.events.saturating_mul(1_000) / u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let name = &manifest.name;
    let mut text = format!("replay {name}: manifest {}\n", manifest.id());
    let mut line = |what: &str, told: String| text.push_str(&format!("{what:<14}{told}\n"));
    let warmed =
        if tally.warmed > 0 { format!(", {} before the range", tally.warmed) } else { String::new() };
    line("events", format!("{} folded, {rate}/s{warmed}", tally.events));
    line("turns", format!("{}, {} cut off by the range's end", joined.turns, joined.cut_off));
    if let Some(set) = &manifest.arguments.dataset {
        line(
            "data set",
            format!("{} of the {} turns of {} are in the range", joined.turns, set.turns, set.name),
        );
    }
    let cold = share(joined.cold, joined.conversations);
    line(
        "conversations",
        format!("{}, {} began cold ({cold}): not compared", joined.conversations, joined.cold),
    );
    if tally.decisions > 0 {
        let drift = tally.different - tally.cold_different;
        let equal = tally.decisions - tally.different;
        let cold = format!("{} in cold conversations", tally.cold_different);
        line(
            "decisions",
            format!("{equal} of {} equal to the byte, {drift} drifted, {cold}", tally.decisions),
        );
    }
    let same = share(tally.same_bytes, tally.kept);
    let content = share(tally.same_content, tally.kept);
    line(
        "requests",
        format!(
            "{} made; of {} that topic requests still has, {same} the same to the byte, {content} the same prompt, chain and parameters",
            tally.requests, tally.kept
        ),
    );
    if tally.not_recorded > 0 {
        line("not recorded", format!("{} requests that the line never made", tally.not_recorded));
    }
    money_of(ran).into_iter().for_each(|(what, told)| line(what, told));
    if tally.refused > 0 {
        line("refused", format!("{} records that no fold can use", tally.refused));
    }
    if tally.unread > 0 {
        line("unread", format!("{} recorded decisions of another version", tally.unread));
    }
    for difference in &tally.differences {
        line("drift", difference.clone());
    }
    if let Some(why) = ran.stopped {
        line("stopped", format!("{}: {}", why, advice(why)));
    }
    text
}

/// What of it stands upon recorded answers, and what all of it cost.
fn money_of(ran: &Ran) -> Vec<(&'static str, String)> {
    let (tally, joined) = (&ran.tally, &ran.tally.joined);
    let mut lines = vec![
        ("closed loop", format!("{} of turns, open loop the others", share(joined.closed, joined.turns))),
        (
            "cost",
            format!(
                "baseline {}, candidate {}",
                money(&joined.baseline.amounts()),
                money(&joined.candidate.amounts())
            ),
        ),
    ];
    if tally.live > 0 {
        lines.push(("models", format!("{} requests, {}", tally.live, money(&joined.live.amounts()))));
    }
    lines
}

fn advice(why: Unasked) -> &'static str {
    match why {
        Unasked::Budget => "the same command with a larger --budget goes on",
        Unasked::Stopped => "the same command goes on",
        Unasked::Unpriced => {
            "the same command with --budget none goes on; or replay a candidate whose file has its price, under another name"
        }
        Unasked::Unserved => {
            "no target served for minutes: mend what the log says of it, and the same command goes on"
        }
    }
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "none".to_owned();
    }
    // Rounded down: only all of them are 100 %.
    let thousandths = part.saturating_mul(1_000) / whole;
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

fn money(amounts: &[Money]) -> String {
    let told: Vec<String> =
        amounts.iter().map(|Money { currency, pico }| format!("{} {currency}", decimal(*pico))).collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_whole_only_if_all_are_meant() {
        assert_eq!(share(9_999, 10_000), "99.9 %");
        assert_eq!(share(10_000, 10_000), "100.0 %");
        assert_eq!(share(0, 0), "none");
    }
}
