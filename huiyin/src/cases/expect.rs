//! What was expected, beside what came.

use std::collections::BTreeMap;
use std::fmt::Debug;

use ingest::rehearse::Rehearsed;
use schemas::decision::{Decision, Why};
use schemas::ids::MessageId;
use schemas::request::Request;
use serde::Serialize;
use serde_json::{Value, json};
use toml::Spanned;

use super::raw::RawExpect;
use super::targets::RawPin;
use crate::rehearse::{Written, images, prompt_lines};

/// What came.
pub(super) struct Seen<'a> {
    pub(super) written: &'a Written,
    /// What became of the callback, where a message came.
    pub(super) heard: Option<&'a Rehearsed>,
    /// The message, where one came.
    pub(super) message: Option<&'a MessageId>,
}

/// Something that is not as expected.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Difference {
    /// The key of the expectation.
    pub(super) what: &'static str,
    /// Its line.
    pub(super) line: usize,
    pub(super) expected: Value,
    pub(super) got: Value,
}

/// Everything that is not as expected. `line` gives the line of a byte of the file.
pub(super) fn differences(
    expect: &RawExpect,
    seen: &Seen<'_>,
    line: &dyn Fn(usize) -> usize,
) -> Vec<Difference> {
    let mut compared = Compared { line, found: Vec::new() };
    compared.of_decision(expect, seen);
    compared.of_route(expect, seen);
    compared.of_request(expect, seen.written.question());
    compared.of_texts(expect, seen.written);
    compared.found
}

struct Compared<'a> {
    line: &'a dyn Fn(usize) -> usize,
    found: Vec<Difference>,
}

impl Compared<'_> {
    /// Both are the same, or nothing is expected.
    fn same<T: Serialize>(&mut self, what: &'static str, expected: &Option<Spanned<T>>, got: impl Serialize) {
        let Some(expected) = expected else { return };
        let (line, expected, got) =
            ((self.line)(expected.span().start), json!(expected.get_ref()), json!(got));
        if expected != got {
            self.found.push(Difference { what, line, expected, got });
        }
    }

    /// Each of these is one of those, by `is_it`.
    fn each(
        &mut self,
        (what, expected): (&'static str, &Option<Spanned<Vec<String>>>),
        got: &[String],
        is_it: impl Fn(&str, &[String]) -> bool,
    ) {
        let Some(expected) = expected else { return };
        let wrong: Vec<&String> = expected.get_ref().iter().filter(|one| !is_it(one, got)).collect();
        if !wrong.is_empty() {
            let line = (self.line)(expected.span().start);
            self.found.push(Difference { what, line, expected: json!(wrong), got: json!(got) });
        }
    }

    fn of_decision(&mut self, expect: &RawExpect, seen: &Seen<'_>) {
        let decisions = &seen.written.decisions;
        let about =
            |decision: &&Decision| seen.message.is_some() && decision.message.as_ref() == seen.message;
        let decision = decisions.iter().find(about).or(decisions.first());
        let verdict = decision.and_then(|decision| decision.verdict.as_ref());
        let of_callback = seen.heard.and_then(|heard| Some(&heard.message.as_ref()?.verdict));
        let verdict = verdict.or(of_callback);
        self.same("callback", &expect.callback, seen.heard.map(|heard| heard.result));
        self.same("verdict", &expect.verdict, verdict.map(|verdict| verdict.action.label()));
        self.same("rules", &expect.rules, verdict.map(|verdict| &verdict.rules));
        self.same("ruling", &expect.ruling, decision.map(|decision| decision.ruling.label()));
        let tier = decision.and_then(|decision| decision.tier.as_ref());
        let tier = tier.or_else(|| decisions.iter().find_map(|decision| decision.tier.as_ref()));
        self.same("tier", &expect.tier, tier.map(|tier| tier.name.as_str()).unwrap_or_default());
        let reasons: Vec<String> = decisions.iter().flat_map(|decision| decision.reasons.clone()).collect();
        let is_among = |one: &str, got: &[String]| got.iter().any(|reason| reason == one);
        self.each(("reasons", &expect.reasons), &reasons, is_among);
    }

    fn of_route(&mut self, expect: &RawExpect, seen: &Seen<'_>) {
        let route = seen.written.routed().and_then(|decision| decision.route.as_ref());
        self.same("route", &expect.route, route.map(|route| &route.rule));
        self.same("chain", &expect.chain, route.map(|route| &route.chain));
        let why = route.and_then(|route| route.why.as_deref());
        self.same("avoided", &expect.avoided, why.map(|why| why.avoided.as_slice()).unwrap_or_default());
        self.same("pin", &expect.pin, RawPin::of(why.and_then(|why| why.pin.as_ref())));
        let complexity = why.and_then(|why| why.complexity.as_ref());
        self.same("complexity", &expect.complexity, complexity.map(|found| &found.class));
        if let Some(wanted) = &expect.score {
            let range = wanted.get_ref();
            let score = complexity.map(|found| found.score);
            if score.is_none_or(|score| !(range.from..=range.to).contains(&score)) {
                let expected = json!({ "from": range.from, "to": range.to });
                let line = (self.line)(wanted.span().start);
                self.found.push(Difference { what: "score", line, expected, got: json!(score) });
            }
        }
        if let Some(skipped) = &expect.skipped {
            let wanted = skipped.get_ref();
            let found = why.map(skipped_by).unwrap_or_default();
            let got: BTreeMap<&String, Option<&String>> =
                wanted.keys().map(|rule| (rule, found.get(rule))).collect();
            self.same("skipped", &expect.skipped, got);
        }
        if let Some(arms) = &expect.arms {
            let arm = |name: &String| why.and_then(|why| why.arms.get(name));
            let got: BTreeMap<&String, _> = arms.get_ref().keys().map(|name| (name, arm(name))).collect();
            self.same("arms", &expect.arms, got);
        }
    }

    fn of_request(&mut self, expect: &RawExpect, request: Option<&Request>) {
        self.same(
            "temperature_milli",
            &expect.temperature_milli,
            request.and_then(|it| it.temperature_milli),
        );
        self.same("max_output_tokens", &expect.max_output_tokens, request.map(|it| it.max_output_tokens));
        self.same("thinking", &expect.thinking, request.map(thinking));
        self.same("stop", &expect.stop, request.map(|it| &it.stop));
        if let Some(wanted) = &expect.answer_within {
            let within = request.map(|it| u128::try_from(it.answer_by - it.decided_at).unwrap_or_default());
            let is_it =
                humantime::parse_duration(wanted.get_ref()).ok().map(|time| time.as_millis()) == within;
            let told =
                within.map(|within| crate::timestamp::lasted(i64::try_from(within).unwrap_or(i64::MAX)));
            let got = if is_it { Some(wanted.get_ref().clone()) } else { told };
            self.same("answer_within", &expect.answer_within, got);
        }
        let lines = request.map(prompt_lines).unwrap_or_default();
        let system = lines.first().and_then(|line| line.strip_prefix("system: "));
        self.same("system", &expect.system, system.unwrap_or_default());
        self.same("prompt", &expect.prompt, &lines);
        self.each(("prompt_has", &expect.prompt_has), &lines, contained);
        self.each(("prompt_lacks", &expect.prompt_lacks), &lines, |one, got| !contained(one, got));
        self.same("images", &expect.images, request.map(images).unwrap_or_default());
    }

    fn of_texts(&mut self, expect: &RawExpect, written: &Written) {
        let says: Vec<String> = written.says().into_iter().map(str::to_owned).collect();
        self.same("says", &expect.says, &says);
        self.each(("says_has", &expect.says_has), &says, contained);
        self.each(("says_lacks", &expect.says_lacks), &says, |one, got| !contained(one, got));
        let answers = written.answers.iter().filter(|answer| answer.part == 1).count();
        self.same("answers", &expect.answers, answers);
        self.same("requests", &expect.requests, written.requests.len());
        self.same("cancels", &expect.cancels, written.cancels.len());
        self.same("retracts", &expect.retracts, written.retracts.len());
    }
}

/// Rules with the first of their conditions that did not hold.
fn skipped_by(why: &Why) -> BTreeMap<String, String> {
    why.skipped.iter().map(|skipped| (skipped.rule.clone(), skipped.by.clone())).collect()
}

fn contained(one: &str, got: &[String]) -> bool {
    got.iter().any(|text| text.contains(one))
}

/// Whether models may think, in the words of the file.
fn thinking(request: &Request) -> &'static str {
    match request.thinking {
        Some(true) => "on",
        Some(false) => "off",
        None => "unsaid",
    }
}
