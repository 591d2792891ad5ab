//! What is told of a message, for people.

use schemas::findings::Finding;
use schemas::ids::TargetName;
use schemas::request::Role;

use super::told::{Explained, Line, Parameters, TargetTold};
use crate::rehearse::{targets, why};
use crate::table::aligned;
use crate::timestamp::lasted;

/// All of it as text.
pub(super) fn of(explained: &Explained) -> String {
    let mut text = String::new();
    for part in [head, judged, scored, routed, asked, said] {
        let part = part(explained);
        if !part.is_empty() {
            text.push_str(if text.is_empty() { "" } else { "\n" });
            text.push_str(&part);
        }
    }
    text
}

/// A line with its word in front.
fn line(word: &str, rest: &str) -> String {
    format!("{}\n", format!("{word:<12}{rest}").trim_end())
}

fn indented(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| format!("  {}\n", line.trim_end())).collect()
}

fn head(explained: &Explained) -> String {
    let mut text = String::new();
    match &explained.message {
        Some(about) => {
            let id = about.id.as_ref().map(|id| format!("{id}, ")).unwrap_or_default();
            text.push_str(&line("message", &format!("{id}{}, sent {}", about.kind, about.sent_at)));
            let to = about.bot.as_ref().map_or("nobody: it speaks to no bot".to_owned(), ToString::to_string);
            text.push_str(&line("from", &format!("{} to {to}", about.from)));
            text.push_str(&line("in", &about.conversation));
        }
        None => text.push_str(&line("message", "it is not recorded")),
    }
    if explained.cold {
        text.push_str(&line("history", "unknown: the first records of its partition are gone"));
    }
    text
}

fn judged(explained: &Explained) -> String {
    let mut text = String::new();
    if let Some(verdict) = &explained.verdict {
        text.push_str(&line("verdict", verdict.action.label()));
        text.push_str(&indented(verdict.findings.iter().map(finding)));
    }
    if let Some(callback) = &explained.callback {
        text.push_str(&line("callback", &format!("{} {}", callback.result, callback.reply)));
    }
    if let Some(language) = explained.language {
        text.push_str(&line("language", language));
    }
    if let Some(tier) = &explained.tier {
        text.push_str(&line("tier", &format!("{}, by {}", tier.name, tier.by.label())));
    }
    text
}

fn finding(finding: &Finding) -> String {
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let views = or(&finding.views.join(", "), "as it is written");
    let places: Vec<String> = finding.spans.iter().map(|(from, to)| format!("{from}-{to}")).collect();
    let shadow = if finding.shadow { ", in shadow" } else { "" };
    format!(
        "{}: category {}, severity {}, {}{shadow}; {views}; characters {}",
        finding.rule,
        or(&finding.category, "none"),
        finding.severity,
        finding.action.label(),
        or(&places.join(", "), "unknown"),
    )
}

fn scored(explained: &Explained) -> String {
    let Some(found) = &explained.complexity else { return String::new() };
    let signals = found.signals.iter().map(|signal| format!("{:>+6}  {}", signal.points, signal.name));
    line("complexity", &format!("{}, score {}", found.class, found.score)) + &indented(signals)
}

fn routed(explained: &Explained) -> String {
    let Some(route) = &explained.route else { return String::new() };
    let mut text = line("route", route);
    text.push_str(&indented(why::lines(&explained.rules)));
    let arms: Vec<String> = explained.arms.iter().map(|(name, arm)| format!("{name} is {arm}")).collect();
    if !arms.is_empty() {
        text.push_str(&line("arms", &arms.join(", ")));
    }
    text.push_str(&of_targets(explained));
    if explained.template_failed {
        text.push_str(&line(
            "template",
            "it could not be filled in: the app's system_prompt stands in its place",
        ));
    }
    text
}

/// How targets are, which are left out for that, and on which one the session stays.
fn of_targets(explained: &Explained) -> String {
    let mut text = String::new();
    let conditions = explained.conditions.iter();
    let told = conditions.map(|(name, condition)| format!("{name} is {}", targets::in_words(condition)));
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        text.push_str(&line("targets", &told.join("; ")));
    }
    let avoided: Vec<&str> = explained.avoided.iter().map(TargetName::as_str).collect();
    if !avoided.is_empty() {
        text.push_str(&line("avoided", &avoided.join(", ")));
    }
    if let Some(pin) = &explained.pin {
        let left = pin.left.as_ref().map(|why| format!(", left for this turn: {why}")).unwrap_or_default();
        text.push_str(&line("pin", &format!("{}{left}", pin.target)));
    }
    text
}

fn asked(explained: &Explained) -> String {
    let (Some(parameters), Some(tokens)) = (&explained.parameters, explained.prompt_tokens) else {
        return String::new();
    };
    let chain: Vec<[String; 6]> =
        explained.chain.iter().enumerate().map(|(number, one)| target(number, one)).collect();
    let header = ["", "target", "model", "region", "estimated cost", ""];
    let chain = aligned(header, &chain).lines().map(str::to_owned).collect::<Vec<_>>();
    let mut text = line("chain", "") + &indented(chain) + "\n" + &self::parameters(parameters);
    let shown =
        if explained.images == 0 { String::new() } else { format!(", and {}", pictures(explained.images)) };
    text.push_str(&line("prompt", &format!("about {tokens} tokens{shown}")));
    text.push_str(&explained.prompt.iter().map(prompt).collect::<String>());
    text
}

fn target(number: usize, target: &TargetTold) -> [String; 6] {
    [
        (number + 1).to_string(),
        target.name.to_string(),
        format!("{} {}", target.provider, target.model),
        target.region.clone(),
        target.cost.as_ref().map_or_else(|| "no price".to_owned(), super::cost::Cost::line),
        target.skipped.map(|why| format!("skipped: {why}")).unwrap_or_default(),
    ]
}

fn parameters(parameters: &Parameters) -> String {
    let mut told = vec![format!("at most {} tokens of answer", parameters.max_output_tokens)];
    if let Some(milli) = parameters.temperature_milli {
        told.push(format!("temperature {}.{:03}", milli / 1_000, milli % 1_000));
    }
    told.extend(parameters.thinking.map(|on| format!("thinking {}", if on { "on" } else { "off" })));
    if !parameters.stop.is_empty() {
        told.push(format!("stop at {:?}", parameters.stop));
    }
    told.push(format!("answer within {}", lasted(parameters.answer_within_ms)));
    line("parameters", &told.join(", "))
}

fn prompt(line: &Line) -> String {
    let role = match line.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let mut lines = line.text.lines();
    let first = lines.next().unwrap_or_default();
    let rest: String = lines.map(|line| format!("             {line}\n")).collect();
    let shown = match line.images {
        0 => String::new(),
        count => format!("             ({} shown with it)\n", pictures(count)),
    };
    format!("  {role:<9}  {first}\n{rest}{shown}")
}

fn pictures(count: usize) -> String {
    format!("{count} {}", if count == 1 { "picture" } else { "pictures" })
}

fn said(explained: &Explained) -> String {
    let decided = explained.decisions.iter().map(|decision| match decision.reasons.is_empty() {
        true => decision.ruling.to_owned(),
        false => format!("{} ({})", decision.ruling, decision.reasons.join(", ")),
    });
    let decided: Vec<String> = decided.collect();
    let mut text = String::new();
    if !decided.is_empty() {
        let waited =
            explained.waited_ms.map(|waited| format!(", after {}", lasted(waited))).unwrap_or_default();
        text.push_str(&line("decision", &(decided.join(", then ") + &waited)));
    }
    for answer in &explained.says {
        text.push_str(&line("says", answer));
    }
    text
}
