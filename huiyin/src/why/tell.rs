//! The story as people read it: a line for each thing that happened, in the order of the line.

use std::collections::BTreeMap;

use catalogue::Bundle;
use serde_json::{Value, json};

use super::Story;

/// The rows of the file's price table that were applied, by their ids.
pub(super) fn prices(bundle: &Bundle, calls: &[Value]) -> BTreeMap<String, Value> {
    let applied = calls.iter().filter_map(|row| row["price"].as_str()).filter(|id| !id.is_empty());
    let row = |id: &str| {
        let price = bundle.prices.iter().find(|price| price.id() == id)?;
        let rates = &price.rates;
        Some(json!({
            "currency": price.currency, "from": catalogue::shown_day(price.from), "input_pico": rates.input_pico,
            "cached_pico": rates.cached_pico, "output_pico": rates.output_pico,
        }))
    };
    applied.map(|id| (id.to_owned(), row(id).unwrap_or_default())).collect()
}

/// The lines.
pub(super) fn text(story: &Story, prices: &BTreeMap<String, Value>) -> String {
    let mut lines = vec![format!("message {}", story.message)];
    story.rows("messages").iter().for_each(|row| message(row, &mut lines));
    of_log(story, &mut lines);
    let table = |name: &str, tell: fn(&Value) -> String, lines: &mut Vec<String>| {
        lines.extend(story.rows(name).iter().map(tell));
    };
    table("safety_events", finding, &mut lines);
    table("requests", request, &mut lines);
    for row in story.rows("model_calls") {
        lines.push(call(row));
        if let Some(price) = row["price"].as_str().filter(|id| !id.is_empty()) {
            lines.push(price_row(price, prices.get(price)));
        }
    }
    table("raw_usage", usage, &mut lines);
    said(story, "answer", &mut lines);
    table("replies", reply, &mut lines);
    table("ledger", money, &mut lines);
    table("feedback", feedback, &mut lines);
    lines.extend(story.gone.iter().map(|what| format!("gone       {what}")));
    lines.join("\n") + "\n"
}

/// A field as text; nothing where it is empty.
fn field(row: &Value, name: &str) -> String {
    match &row[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let texts =
                values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// `name value`, or nothing.
fn named(row: &Value, name: &str, shown: &str) -> String {
    let value = field(row, name);
    if value.is_empty() { String::new() } else { format!(", {shown} {value}") }
}

/// The beginning of a hash, which tells it apart.
fn shortened(row: &Value, name: &str) -> String {
    let hash = field(row, name);
    if hash.is_empty() { String::new() } else { format!(", {name} {}", hash.get(..12).unwrap_or(&hash)) }
}

/// The moment of a row.
fn at(row: &Value, name: &str) -> String {
    field(row, name)
}

fn message(row: &Value, lines: &mut Vec<String>) {
    lines.push(format!(
        "callback   {} {} of {} characters{}{}",
        at(row, "received_at"),
        field(row, "kind"),
        field(row, "characters"),
        named(row, "sender", "from"),
        named(row, "reply", "Easemob was told"),
    ));
    lines.push(format!(
        "verdict    {}{}{}",
        field(row, "action"),
        named(row, "rules", "by"),
        named(row, "dictionary", "dictionary"),
    ));
    lines.push(format!(
        "decision   {} {}{}{}{}{}",
        at(row, "at"),
        field(row, "ruling"),
        named(row, "reasons", "because"),
        named(row, "turn", "turn"),
        named(row, "queue_ms", "ms since the callback"),
        shortened(row, "bundle"),
    ));
    if !field(row, "targets").is_empty() {
        lines.push(format!(
            "route      {}: {}{}{}{}",
            field(row, "route"),
            field(row, "targets"),
            named(row, "class", "complexity"),
            named(row, "score", "score"),
            named(row, "arms", "arms"),
        ));
    }
}

/// What only the log has: why the route was taken, and what the model saw.
fn of_log(story: &Story, lines: &mut Vec<String>) {
    let records = |name: &str| story.log.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    said(story, "event", lines);
    for decision in records("decision") {
        let skipped = decision["route"]["why"]["skipped"].as_array().cloned().unwrap_or_default();
        lines.extend(
            skipped
                .iter()
                .map(|rule| format!("skipped    {}{}", field(rule, "rule"), named(rule, "by", "by"))),
        );
    }
    for request in records("request") {
        let prompt = request["prompt"].as_array().cloned().unwrap_or_default();
        let count = |role: &str| prompt.iter().filter(|line| line["role"] == role).count();
        lines.push(format!(
            "history    the model saw {} lines: {} of the operator, {} of people, {} of the bot",
            prompt.len(),
            count("system"),
            count("user"),
            count("assistant"),
        ));
        for line in prompt.iter().filter(|line| line["text"]["plain"].is_string()) {
            lines.push(format!("           {}: {}", field(line, "role"), field(&line["text"], "plain")));
        }
    }
}

/// Texts of records, where they are shown.
fn said(story: &Story, name: &str, lines: &mut Vec<String>) {
    let records = story.log.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for record in records {
        if let Some(text) = record["text"]["plain"].as_str() {
            lines.push(format!("{:<10} {text}", format!("{name}:")));
        }
    }
}

fn finding(row: &Value) -> String {
    format!(
        "finding    {} at {}{}{}{}",
        field(row, "rule"),
        field(row, "place"),
        named(row, "category", "category"),
        named(row, "action", "action"),
        named(row, "views", "seen through"),
    )
}

fn request(row: &Value) -> String {
    let what = if field(row, "kind").contains("review") { "review" } else { "request" };
    format!(
        "{what:<10} {} {}{}{}{}{}{}{}",
        at(row, "at"),
        field(row, "outcome"),
        named(row, "reason", "reason"),
        named(row, "level", "level"),
        named(row, "target", "by"),
        named(row, "waiting_ms", "ms waited"),
        named(row, "took_ms", "ms from the decision"),
        named(row, "request", "id"),
    )
}

fn call(row: &Value) -> String {
    if !field(row, "correction").is_empty() {
        return format!(
            "correction {} {} by {}",
            field(row, "cost"),
            field(row, "currency"),
            field(row, "correction")
        );
    }
    let what = if field(row, "kind").contains("review") { "review" } else { "attempt" };
    let number = format!("{what} {}", field(row, "attempt"));
    let error = field(row, "error");
    let end = if error.is_empty() { "answered".to_owned() } else { error };
    let cost = match field(row, "cost") {
        cost if cost.is_empty() => format!(", {}", field(row, "billing")),
        cost => format!(", cost {cost} {}", field(row, "currency")),
    };
    format!(
        "{number:<10} {} {} ({} {}) {end} in {} ms{}{}{}{}{}{cost}",
        at(row, "at"),
        field(row, "target"),
        field(row, "provider"),
        field(row, "model"),
        field(row, "duration_ms"),
        named(row, "status", "status"),
        named(row, "time_to_first_token_ms", "first token in ms"),
        named(row, "tokens_input", "tokens in"),
        named(row, "tokens_cached", "of these cached"),
        named(row, "tokens_output", "out"),
    )
}

fn price_row(id: &str, price: Option<&Value>) -> String {
    let rate = |price: &Value, name: &str| {
        account::decimal_text(i128::from(price[name].as_i64().unwrap_or_default()) * 1_000_000)
    };
    match price.filter(|price| price.is_object()) {
        Some(price) => format!(
            "price      {id}: {} in, {} cached, {} out per million, {}, from {}",
            rate(price, "input_pico"),
            rate(price, "cached_pico"),
            rate(price, "output_pico"),
            field(price, "currency"),
            field(price, "from"),
        ),
        None => format!("price      {id}, which the file's table does not have any more"),
    }
}

fn usage(row: &Value) -> String {
    let told =
        if field(row, "usage").is_empty() { "the provider told none" } else { "as the provider told it" };
    format!("usage      of attempt {}: {told}{}", field(row, "attempt"), named(row, "provider_request", "id"))
}

fn reply(row: &Value) -> String {
    format!(
        "send       {} part {} of {}: {}{}{}{}",
        at(row, "at"),
        field(row, "part"),
        field(row, "parts"),
        field(row, "result"),
        named(row, "reason", "reason"),
        named(row, "easemob_id", "as"),
        named(row, "delivery_ms", "ms"),
    )
}

fn money(row: &Value) -> String {
    let amount = field(row, "amount");
    let amount = if amount.is_empty() {
        "unknown amount".to_owned()
    } else {
        format!("{amount} {}", field(row, "currency"))
    };
    format!(
        "ledger     {} {} {amount}{}{}{}",
        at(row, "at"),
        field(row, "kind"),
        named(row, "reason", "reason"),
        named(row, "price_before", "price before"),
        named(row, "operator", "by"),
    )
}

fn feedback(row: &Value) -> String {
    format!(
        "feedback   {} {}{}{}",
        at(row, "at"),
        field(row, "kind"),
        named(row, "rating", "rating"),
        named(row, "reaction", "emoji")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story() -> Story {
        let mut story = Story { message: "a#b/chat/1".into(), ..Story::default() };
        story.tables.insert(
            "messages",
            vec![json!({"received_at": "2025-01-01 00:00:00.000", "at": "2025-01-01 00:00:00.020", "kind": "text", "characters": 5,
                "sender": "u1", "reply": "pass", "action": "pass", "rules": [], "dictionary": "d1", "ruling": "asked", "reasons": [],
                "turn": "t1", "queue_ms": 20, "bundle": "b1", "route": "hard", "targets": ["large", "small"], "class": "hard",
                "score": 700, "arms": ["style=a"]})],
        );
        story.tables.insert(
            "model_calls",
            vec![json!({"kind": "answer", "attempt": 1, "at": "2025-01-01 00:00:01.000", "target": "large", "provider": "openai",
                "model": "m-1", "error": "timeout", "duration_ms": 9, "billing": "uncertain", "cost": null, "price": "p1"})],
        );
        story.gone.push("request: requests/3 is not kept any more".into());
        story
    }

    #[test]
    fn each_thing_has_a_line_and_what_is_gone_is_told() {
        let told = text(&story(), &BTreeMap::new());
        let expected = "message a#b/chat/1\n\
            callback   2025-01-01 00:00:00.000 text of 5 characters, from u1, Easemob was told pass\n\
            verdict    pass, dictionary d1\n\
            decision   2025-01-01 00:00:00.020 asked, turn t1, ms since the callback 20, bundle b1\n\
            route      hard: large, small, complexity hard, score 700, arms style=a\n\
            attempt 1  2025-01-01 00:00:01.000 large (openai m-1) timeout in 9 ms, uncertain\n\
            price      p1, which the file's table does not have any more\n\
            gone       request: requests/3 is not kept any more\n";
        assert_eq!(told, expected);
    }

    #[test]
    fn what_the_model_saw_is_counted_and_shown_only_where_texts_are() {
        let mut story = story();
        let prompt = json!([{"role": "system", "text": {"plain": "be kind"}}, {"role": "user", "text": {"plain": "hello"}}]);
        story.log.insert("request".into(), json!([{ "prompt": prompt }]));
        let shown = text(&story, &BTreeMap::new());
        assert!(
            shown.contains(
                "2 lines: 1 of the operator, 1 of people, 0 of the bot\n           system: be kind\n"
            ),
            "{shown}"
        );
        story.log.values_mut().for_each(super::super::hide::texts);
        let hidden = text(&story, &BTreeMap::new());
        assert!(hidden.contains("2 lines: 1 of the operator") && !hidden.contains("hello"), "{hidden}");
    }
}
