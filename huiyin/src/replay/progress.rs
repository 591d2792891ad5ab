//! The line that tells how far a replay is, on standard error: rewritten on a terminal, one every ten seconds elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ::replay::live::budget::decimal;
use ::replay::run::Progress;

/// How often it is looked whether the replay is over.
const LOOK: Duration = Duration::from_millis(50);

/// Shows it until the replay is over.
pub(super) fn show(progress: &Progress, is_over: &AtomicBool) {
    let is_terminal = std::io::stderr().is_terminal();
    let every = if is_terminal { Duration::from_secs(1) } else { Duration::from_secs(10) };
    let (began, mut told) = (Instant::now(), Instant::now());
    while !is_over.load(Ordering::Relaxed) {
        sleep(LOOK);
        if told.elapsed() >= every {
            told = Instant::now();
            let line = line(progress, began.elapsed());
            let line = if is_terminal { format!("\r\x1b[K{line}") } else { format!("{line}\n") };
            drop(std::io::stderr().write_all(line.as_bytes()));
        }
    }
    if is_terminal {
        drop(std::io::stderr().write_all(b"\r\x1b[K"));
    }
}

fn line(progress: &Progress, took: Duration) -> String {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let (done, events) = (progress.thousandths(), progress.events());
    let rate = events.saturating_mul(1_000) / millis;
    let left = (done > 0).then(|| millis.saturating_mul(1_000 - done) / done / 1_000);
    let left = left.map_or_else(String::new, |left| {
        format!(", {} left", humantime::format_duration(Duration::from_secs(left)))
    });
    let cost: Vec<String> =
        progress.spent().iter().map(|money| format!("{} {}", decimal(money.pico), money.currency)).collect();
    let cost = if cost.is_empty() { String::new() } else { format!(", {} so far", cost.join(", ")) };
    format!(
        "{}.{} %, {events} events, {rate}/s, {} turns{cost}{left}",
        done / 10,
        done % 10,
        progress.compared()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_what_is_done_and_how_long_the_rest_takes() {
        let progress = Progress::of(200);
        progress.pass(50);
        progress.fold(40);
        assert_eq!(line(&progress, Duration::from_secs(10)), "25.0 %, 40 events, 4/s, 0 turns, 30s left");
        assert_eq!(line(&Progress::of(10), Duration::from_secs(1)), "0.0 %, 0 events, 0/s, 0 turns");
    }
}
