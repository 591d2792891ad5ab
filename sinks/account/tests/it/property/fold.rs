//! The plain fold: sums over the JSON of the records, by code that knows neither rows nor tables.

use std::collections::{BTreeMap, BTreeSet};

use pipeline::Record;
use serde_json::Value;

/// What is asked of the store, by the name under which the fold has it. Each line is key and sums.
pub(super) const QUERIES: [(&str, &str); 6] = [
    (
        "rows",
        "SELECT concat(name, ' ', toString(sum(rows))) FROM (
         SELECT 'audit' AS name, count() AS rows FROM {db}.audit UNION ALL SELECT 'feedback', count() FROM {db}.feedback
         UNION ALL SELECT 'ledger', count() FROM {db}.ledger UNION ALL SELECT 'messages', count() FROM {db}.messages
         UNION ALL SELECT 'model_calls', count() FROM {db}.model_calls UNION ALL SELECT 'replies', count() FROM {db}.replies
         UNION ALL SELECT 'requests', count() FROM {db}.requests UNION ALL SELECT 'safety_events', count() FROM {db}.safety_events)
         GROUP BY name HAVING sum(rows) > 0 ORDER BY name",
    ),
    (
        "calls by hour",
        "SELECT concat(app, ' ', toString(toUnixTimestamp(hour)), ' ', model, ' ', rule, ' ', currency, ' ', toString(sum(calls)), ' ',
         toString(sum(tokens_input)), ' ', toString(sum(tokens_output)), ' ', toString(sum(cost))) AS line
         FROM {db}.usage_hour GROUP BY app, hour, model, rule, currency ORDER BY line",
    ),
    (
        "calls by minute",
        "SELECT concat(app, ' ', toString(toUnixTimestamp(minute)), ' ', error, ' ', toString(sum(calls)), ' ', toString(sum(retries))) AS line
         FROM {db}.usage_minute GROUP BY app, minute, error ORDER BY line",
    ),
    (
        "days",
        "SELECT concat(app, ' ', toString(day), ' ', toString(sum(messages)), ' ', toString(sum(blocked)), ' ', toString(sum(calls)), ' ',
         toString(sum(ratings)), ' ', toString(sum(rating_sum))) AS line
         FROM {db}.user_day GROUP BY app, day HAVING sum(messages) + sum(calls) + sum(ratings) > 0 ORDER BY line",
    ),
    (
        "safety",
        "SELECT concat(app, ' ', toString(toUnixTimestamp(hour)), ' ', rule, ' ', toString(sum(hits)), ' ', toString(sum(spots)), ' ',
         toString(uniqExactMerge(users))) AS line
         FROM {db}.safety_hour GROUP BY app, hour, rule ORDER BY line",
    ),
    (
        "money",
        "SELECT concat(currency, ' ', toString(sum(assumeNotNull(cost)))) AS line
         FROM {db}.model_calls WHERE isNotNull(cost) GROUP BY currency ORDER BY line",
    ),
];

/// Sums by query and key.
#[derive(Default)]
pub(super) struct Folded {
    sums: BTreeMap<&'static str, BTreeMap<String, Vec<i128>>>,
    users: BTreeMap<String, BTreeSet<String>>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> i128 {
    value.as_i64().unwrap_or_default().into()
}

/// `org#app` of an id or a conversation.
fn app(value: &Value) -> &str {
    text(value).split('/').next().unwrap_or_default()
}

fn start(at: &Value, of: i64) -> i64 {
    at.as_i64().unwrap_or_default() / 1_000 / of * of
}

/// The day of a moment; the log is of two.
fn day(at: &Value) -> &'static str {
    if start(at, 86_400) == 1_735_689_600 { "2025-01-01" } else { "2025-01-02" }
}

/// An amount as the store writes it.
fn decimal(pico: i128) -> String {
    let (whole, fraction) =
        (pico.unsigned_abs() / 1_000_000_000_000, pico.unsigned_abs() % 1_000_000_000_000);
    let sign = if pico < 0 { "-" } else { "" };
    let told = format!("{sign}{whole}.{fraction:012}");
    told.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Folded {
    pub(super) fn of<'a>(records: impl Iterator<Item = &'a Record>) -> Self {
        let mut folded = Self::default();
        for record in records {
            let value: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
            match &*record.topic {
                "events" => folded.event(&value),
                "decisions" => folded.decision(&value),
                "deliveries" => folded.row("replies", 1),
                _ => folded.money(&value),
            }
        }
        folded
    }

    fn add(&mut self, what: &'static str, key: String, sums: &[i128]) {
        let held = self.sums.entry(what).or_default().entry(key).or_insert_with(|| vec![0; sums.len()]);
        held.iter_mut().zip(sums).for_each(|(held, sum)| *held += sum);
    }

    fn row(&mut self, table: &str, rows: usize) {
        if rows > 0 {
            self.add("rows", table.to_owned(), &[rows.try_into().unwrap()]);
        }
    }

    fn event(&mut self, event: &Value) {
        match text(&event["type"]) {
            "answered" => self.answered(event),
            "message" => self.findings(event),
            "feedback" => {
                self.row("feedback", 1);
                self.day(app(&event["conversation"]), &event["at"], &[0, 0, 0, 1, number(&event["rating"])]);
            }
            "reaction" => self.row("feedback", 1),
            _ => self.row("audit", 1),
        }
    }

    fn day(&mut self, app: &str, at: &Value, sums: &[i128; 5]) {
        self.add("days", format!("{app} {}", day(at)), sums);
    }

    fn answered(&mut self, end: &Value) {
        let (app, rule) = (app(&end["lane"]).to_owned(), text(&end["route"]["rule"]));
        self.row("requests", 1);
        for attempt in end["attempts"].as_array().unwrap() {
            let (at, cost) = (&attempt["started_at"], &attempt["cost"]);
            let currency = text(&cost["currency"]);
            self.row("model_calls", 1);
            let key = format!("{app} {} {} {rule} {currency}", start(at, 3_600), text(&attempt["model"]));
            let usage = &attempt["usage"];
            let sums = [1, number(&usage["input"]), number(&usage["output"]), number(&cost["pico"])];
            self.add("calls by hour", key, &sums);
            let again = i128::from(number(&attempt["number"]) > 1);
            self.add(
                "calls by minute",
                format!("{app} {} {}", start(at, 60), text(&attempt["error"])),
                &[1, again],
            );
            self.day(&app, at, &[0, 0, 1, 0, 0]);
            if !cost.is_null() {
                self.add("money", currency.to_owned(), &[number(&cost["pico"])]);
            }
        }
    }

    fn findings(&mut self, message: &Value) {
        let findings = message["verdict"]["findings"]["list"].as_array().unwrap();
        self.row("safety_events", findings.len());
        for finding in findings {
            let hour = start(&message["received_at"], 3_600);
            let key = format!("{} {hour} {}", app(&message["conversation"]), text(&finding["rule"]));
            self.add("safety", key.clone(), &[1, 2 + number(&finding["more"])]);
            self.users.entry(key).or_default().insert(text(&message["sender"]).to_owned());
        }
    }

    fn decision(&mut self, decision: &Value) {
        let (app, at) = (app(&decision["conversation"]), &decision["at"]);
        if ["message", "missed"].contains(&text(&decision["input"])) {
            self.row("messages", 1);
            self.day(app, at, &[1, i128::from(decision["ruling"] == "blocked"), 0, 0, 0]);
        }
        if !decision["rating"].is_null() {
            self.row("feedback", 1);
            self.day(app, at, &[0, 0, 0, 1, number(&decision["rating"])]);
        }
        self.row("requests", usize::from(decision["ruling"] == "lost"));
    }

    fn money(&mut self, entry: &Value) {
        self.row("ledger", 1);
        let Some(call) = entry.get("call") else { return };
        self.row("model_calls", 1);
        let (at, amount) = (&call["started_at"], &entry["amount"]);
        let (app, rule, currency) =
            (text(&entry["app"]), text(&call["route"]["rule"]), text(&amount["currency"]));
        let key = format!("{app} {} {} {rule} {currency}", start(at, 3_600), text(&call["model"]));
        self.add("calls by hour", key, &[0, 0, 0, number(&amount["pico"])]);
        self.add("calls by minute", format!("{app} {} ", start(at, 60)), &[0, 0]);
        self.add("money", currency.to_owned(), &[number(&amount["pico"])]);
    }

    /// The lines of a query.
    pub(super) fn lines(&self, what: &str) -> Vec<String> {
        let is_money = ["calls by hour", "money"].contains(&what);
        let line = |(key, sums): (&String, &Vec<i128>)| {
            let mut told: Vec<String> = sums.iter().map(ToString::to_string).collect();
            if is_money && let (Some(last), Some(pico)) = (told.last_mut(), sums.last()) {
                *last = decimal(*pico);
            }
            if what == "safety" {
                told.push(self.users[key].len().to_string());
            }
            format!("{key} {}", told.join(" "))
        };
        let mut lines: Vec<String> = self.sums.get(what).into_iter().flatten().map(line).collect();
        lines.sort();
        lines
    }
}
