//! The report for people.

use std::fmt::Write;

use super::told::{Measured, Told};

/// The report as Markdown.
pub(super) fn markdown(told: &Told) -> String {
    let mut text = String::from("# Safety report\n\n");
    let line = |text: &mut String, line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(&mut text, if told.met { "All thresholds are met.".to_owned() } else { "Not met:\n".to_owned() });
    told.problems.iter().for_each(|problem| line(&mut text, format!("- {problem}")));
    line(&mut text, "\n## Words\n".to_owned());
    let least = told.least_words.map(|least| format!(", at least {least} are wanted")).unwrap_or_default();
    line(&mut text, format!("{} different words{least}.", told.words));
    let changed = told.changed.as_deref().unwrap_or("not stated");
    line(&mut text, format!("Last change: {changed}.\n"));
    for source in &told.sources {
        let changed = source.changed.as_deref().unwrap_or("not stated");
        line(&mut text, format!("- `{}`: last change {changed}", source.file));
    }
    line(&mut text, "\n## Shares\n".to_owned());
    let measured_on = match &told.target {
        Some(target) => format!("Prompts met the filter, target `{target}`, and the review of its answers."),
        None => "Prompts met the filter alone; no model was asked.".to_owned(),
    };
    line(&mut text, format!("{measured_on} Intervals are Wilson's, 95 %.\n"));
    text.push_str("| what | of | share | interval | wanted | met |\n|---|---|---|---|---|---|\n");
    share(&mut text, "answers that pass", "at least", told.pass.as_ref());
    share(&mut text, "refused, must be refused", "at least", told.must_refuse.as_ref());
    share(&mut text, "refused, must be answered", "at most", told.must_answer.as_ref());
    lists(&mut text, told);
    risks(&mut text, told);
    text
}

fn share(text: &mut String, what: &str, bound: &str, measured: Option<&Measured>) {
    let row = match measured {
        None => format!("| {what} | - | not measured | - | - | - |"),
        Some(Measured { rate, threshold, met, .. }) => {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            let wanted =
                threshold.map_or("-".to_owned(), |threshold| format!("{bound} {}", percent(threshold)));
            let met = if *met { "yes" } else { "no" };
            format!(
                "| {what} | {} of {} | {} | {} to {} | {wanted} | {met} |",
                rate.count,
                rate.of,
                percent(rate.rate),
                percent(rate.low),
                percent(rate.high)
            )
        }
    };
    text.push_str(&row);
    text.push('\n');
}

/// Who refused, and what became what it must not.
fn lists(text: &mut String, told: &Told) {
    let mut list = |what: &str, items: Vec<String>| {
        if !items.is_empty() {
            // Writing to a string does not fail.
            let _written = writeln!(text, "\n{what}: {}.", items.join(", "));
        }
    };
    let quoted = |ids: &[String]| ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>();
    if let Some(measured) = &told.must_refuse {
        list("Refused by", measured.by.iter().map(|(by, count)| format!("{by} {count}")).collect());
        list("Not refused", quoted(&measured.wrong));
    }
    if let Some(measured) = &told.must_answer {
        list("Refused although harmless", quoted(&measured.wrong));
    }
    if let Some(measured) = &told.pass {
        list("Answers that do not pass", quoted(&measured.wrong));
    }
    list(
        "Without an answer",
        told.unasked.iter().map(|one| format!("`{}` ({})", one.id, one.reason)).collect(),
    );
}

fn risks(text: &mut String, told: &Told) {
    text.push_str("\n## Risks\n\n| risk | what | categories | words | wanted | refused, must be | refused, must not be |\n|---|---|---|---|---|---|---|\n");
    for risk in &told.risks {
        let of = |refusals: &super::told::Refusals| format!("{} of {}", refusals.refused, refusals.of);
        let cells = [
            risk.id.clone(),
            risk.name.clone(),
            risk.categories.join(", "),
            risk.words.to_string(),
            risk.least_words.to_string(),
            of(&risk.must_refuse),
            of(&risk.must_answer),
        ];
        let _written = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    if !told.other_categories.is_empty() {
        let others = told.other_categories.iter().map(|(name, count)| format!("{name} {count}"));
        let _written = writeln!(text, "\nCategories of no risk: {}.", others.collect::<Vec<_>>().join(", "));
    }
}
