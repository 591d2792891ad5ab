//! What came of the cases, for people and for machines.

use serde::Serialize;
use serde_json::Value;

use super::play::{Failure, Played};
use crate::rehearse::why;

/// All of it as JSON.
#[derive(Serialize)]
struct Report<'a> {
    passed: usize,
    failed: usize,
    cases: &'a [Played],
}

pub(super) fn json(played: &[Played]) -> anyhow::Result<String> {
    let failed = failed(played);
    let report = Report { passed: played.len() - failed, failed, cases: played };
    Ok(serde_json::to_string(&report)? + "\n")
}

pub(super) fn text(played: &[Played]) -> String {
    let mut text: String = played.iter().map(case).collect();
    let failed = failed(played);
    match failed {
        0 => text.push_str(&format!("{} passed\n", played.len())),
        _ => text.push_str(&format!("{failed} of {} failed\n", played.len())),
    }
    text
}

fn failed(played: &[Played]) -> usize {
    played.iter().filter(|case| !case.failures.is_empty()).count()
}

fn case(played: &Played) -> String {
    let word = if played.failures.is_empty() { "ok  " } else { "FAIL" };
    let head = format!("{word} {}:{} {}\n", played.file, played.line, played.name);
    head + &played.failures.iter().map(failure).collect::<String>()
}

fn failure(failure: &Failure) -> String {
    let Failure { step, line, act, error, differences, rules } = failure;
    let mut text = match step {
        Some(step) => format!("     step {step}, line {line}: {act}\n"),
        None => format!("     {act}\n"),
    };
    if let Some(error) = error {
        text.push_str(&format!("       cannot be played: {error}\n"));
    }
    for difference in differences {
        text.push_str(&format!("       {} (line {})\n", difference.what, difference.line));
        text.push_str(&compared("expected", &difference.expected));
        text.push_str(&compared("got", &difference.got));
    }
    if !rules.is_empty() {
        text.push_str("       rules\n");
    }
    let lines = why::lines(rules).into_iter().map(|line| format!("         {}\n", line.trim_end()));
    text + &lines.collect::<String>()
}

fn compared(word: &str, value: &Value) -> String {
    let told = match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(list) if list.len() > 1 => {
            let lines: Vec<String> = list.iter().map(|one| format!("           {one}")).collect();
            return format!("         {word}\n{}\n", lines.join("\n"));
        }
        other => other.to_string(),
    };
    format!("         {word:<9}{told}\n")
}
