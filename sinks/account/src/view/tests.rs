//! A view sees what the whole record says: the examples of every schema and random changes of them, read both ways.

use fastrand::Rng;
use pipeline::Record;
use schemas::event::Event;
use schemas::topic::Topic;
use schemas::{answered as whole, decision, delivery, ledger, money, request, verdict};
use serde_json::{Value, json};

use super::*;
use crate::fact::{Decoded, Unread};
use crate::tables::tests::{examples, record};

impl<'a> From<&'a verdict::Verdict> for Verdict<'a> {
    fn from(of: &'a verdict::Verdict) -> Self {
        let rules = of.rules.iter().map(|rule| rule.as_str().into()).collect();
        Self {
            action: of.action,
            rules,
            dictionary: of.dictionary.as_str().into(),
            findings: of.findings.clone(),
        }
    }
}

impl<'a> From<&'a money::Money> for Money<'a> {
    fn from(of: &'a money::Money) -> Self {
        Self { currency: of.currency.as_str().into(), pico: of.pico }
    }
}

impl<'a> From<&'a request::RouteMark> for RouteMark<'a> {
    fn from(of: &'a request::RouteMark) -> Self {
        let arms = of.arms.iter().map(|(name, arm)| (name.as_str().into(), arm.as_str().into())).collect();
        Self { rule: of.rule.as_str().into(), class: text(&of.class), arms }
    }
}

fn text(of: &Option<String>) -> Option<Str<'_>> {
    of.as_deref().map(Into::into)
}

impl<'a> From<&'a whole::Attempt> for Attempt<'a> {
    fn from(of: &'a whole::Attempt) -> Self {
        Self {
            number: of.number,
            target: of.target.as_str().into(),
            provider: of.provider.as_str().into(),
            model: of.model.as_str().into(),
            model_answered: text(&of.model_answered),
            region: of.region.as_str().into(),
            key: of.key,
            started_at: of.started_at,
            duration_ms: of.duration_ms,
            time_to_first_token_ms: of.time_to_first_token_ms,
            error: text(&of.error),
            code: text(&of.code),
            detail: text(&of.detail),
            status: of.status,
            provider_request: text(&of.provider_request),
            finish: text(&of.finish),
            usage: of.usage.clone(),
            raw_usage: text(&of.raw_usage),
            usage_contradicts: of.usage_contradicts,
            may_be_billed: of.may_be_billed,
            cost: of.cost.as_ref().map(Into::into),
            price: text(&of.price),
        }
    }
}

impl<'a> From<&'a whole::Outcome> for answered::Outcome<'a> {
    fn from(of: &'a whole::Outcome) -> Self {
        let mut outcome = Self {
            end: answered::End::Expired,
            verdict: of.verdict().map(Into::into),
            target: None,
            truncated: false,
            level: None,
            reviewer: None,
            reason: None,
        };
        match of {
            whole::Outcome::Done { target, truncated, .. } => {
                (outcome.end, outcome.truncated) = (answered::End::Done, *truncated);
                outcome.target = Some(target.as_str().into());
            }
            whole::Outcome::Reviewed { level, reviewer, .. } => {
                (outcome.end, outcome.level) = (answered::End::Reviewed, Some(*level));
                outcome.reviewer = Some(reviewer.as_str().into());
            }
            whole::Outcome::Failed { reason, .. } => {
                (outcome.end, outcome.reason) = (answered::End::Failed, Some(reason.as_str().into()));
            }
            whole::Outcome::Expired => {}
            whole::Outcome::Cancelled => outcome.end = answered::End::Cancelled,
            whole::Outcome::Dead { reason } => {
                (outcome.end, outcome.reason) = (answered::End::Dead, Some(reason.as_str().into()));
            }
        }
        assert_eq!(outcome.end.label(), of.label());
        outcome
    }
}

fn of_answered<'a>(of: &'a whole::Answered, lane: &'a str) -> Answered<'a> {
    let attempts = |of: &'a [whole::Attempt]| of.iter().map(Into::into).collect();
    Answered {
        id: of.id,
        request: of.request,
        kind: of.kind,
        turn: of.turn,
        lane: lane.into(),
        message: of.message.as_str().into(),
        user: of.user.as_ref().map(|user| user.as_str().into()),
        tier: text(&of.tier),
        outcome: (&of.outcome).into(),
        attempts: attempts(&of.attempts),
        review: of.review.as_ref().map(|of| answered::AnswerReview { attempts: attempts(&of.attempts) }),
        rerun: of.rerun,
        route: of.route.as_deref().map(Into::into),
        decided_at: of.decided_at,
        started_at: of.started_at,
        ended_at: of.ended_at,
    }
}

fn of_decision<'a>(of: &'a decision::Decision, conversation: &'a str) -> Decision<'a> {
    Decision {
        id: of.id,
        input: of.input.as_str().into(),
        ruling: of.ruling,
        conversation: conversation.into(),
        message: of.message.as_ref().map(|message| message.as_str().into()),
        sender: of.sender.as_ref().map(|sender| sender.as_str().into()),
        message_kind: of.message_kind,
        characters: of.characters,
        reply: of.reply,
        turn: of.turn,
        request: of.request,
        merged: of.merged,
        verdict: of.verdict.as_ref().map(Into::into),
        route: of.route.as_ref().map(of_route),
        tier: of.tier.as_ref().map(|tier| super::decision::Tier { name: tier.name.as_str().into() }),
        reasons: of.reasons.iter().map(|reason| reason.as_str().into()).collect(),
        rating: of.rating,
        bundle: of.bundle.as_ref().map(|bundle| bundle.as_str().into()),
        state_before: of.state_before.as_str().into(),
        partition: of.partition,
        offset: of.offset,
        sent_at: of.sent_at,
        received_at: of.received_at,
        at: of.at,
    }
}

fn of_route(of: &decision::Route) -> super::decision::Route<'_> {
    let complexity = |of: &'_ decision::Complexity| of.score;
    let why = of.why.as_ref().map(|why| super::decision::Why {
        complexity: why
            .complexity
            .as_ref()
            .map(|of| super::decision::Complexity { score: complexity(of), class: of.class.as_str().into() }),
        arms: why.arms.iter().map(|(name, arm)| (name.as_str().into(), arm.as_str().into())).collect(),
    });
    let chain = of.chain.iter().map(|target| target.as_str().into()).collect();
    super::decision::Route { chain, rule: of.rule.as_str().into(), why }
}

fn of_ledger(of: &ledger::LedgerEntry) -> LedgerEntry<'_> {
    LedgerEntry {
        id: of.id,
        kind: of.kind,
        app: of.app.as_str().into(),
        user: of.user.as_str().into(),
        turn: of.turn,
        request: of.request,
        message: of.message.as_str().into(),
        amount: of.amount.as_ref().map(Into::into),
        tokens: of.tokens,
        reason: of.reason.as_str().into(),
        at: of.at,
    }
}

/// What rows need of a delivery.
fn compare_deliveries(view: &Delivery<'_>, of: &delivery::Delivery) {
    let easemob_id = match &of.result {
        delivery::DeliveryResult::Sent { easemob_id } => easemob_id.as_str(),
        _ => "",
    };
    let result = (view.result.label(), view.result.reason(), view.result.easemob_id());
    assert_eq!(result, (of.result.label(), of.result.reason().unwrap_or_default(), easemob_id));
    assert_eq!((view.answer, view.turn, &*view.lane), (of.answer, of.turn, &*of.lane.to_string()));
    assert_eq!((&*view.bot, &*view.message), (of.bot.as_str(), of.message.as_str()));
    let counts = (view.part, view.parts, view.characters, view.attempts, view.rerun);
    assert_eq!(counts, (of.part, of.parts, of.characters, of.attempts, of.rerun));
    let times = (view.decided_at, view.started_at, view.ended_at);
    assert_eq!(times, (of.decided_at, of.started_at, of.ended_at));
}

/// What rows need of an outcome.
fn compare_outcomes(view: &answered::Outcome<'_>, of: &answered::Outcome<'_>) {
    assert_eq!((view.end, view.verdict()), (of.end, of.verdict()));
    assert_eq!((view.reason(), view.target(), view.level()), (of.reason(), of.target(), of.level()));
    assert_eq!(view.is_truncated(), of.is_truncated());
}

/// Reads a record both ways. What is no record has to be none for its view only where the view looks.
fn compare(topic: Topic, kind: &str, value: &Value) -> bool {
    let record: Record = record(topic, kind, value);
    let (unread, names) = (
        Unread::new(topic, &record),
        crate::pseudonym::Pseudonyms::new(&common::Secret::new("key")).unwrap(),
    );
    let decoded = unread.read();
    let held = || decoded.as_ref().map(|decoded| assert!(decoded.fact(&names).is_ok(), "{value}"));
    match topic {
        Topic::Events => match unread.whole::<Event>() {
            Ok(Event::Answered(of)) => {
                held().unwrap();
                let lane = of.lane.to_string();
                let (Ok(Decoded::Answered(mut view)), mut expected) = (decoded, of_answered(&of, &lane))
                else {
                    panic!("{value}")
                };
                // The whole record drops what its end does not have.
                compare_outcomes(&view.outcome, &expected.outcome);
                for seen in [&mut *view, &mut expected] {
                    seen.outcome = serde_json::from_str(r#"{"end":"expired"}"#).unwrap();
                }
                assert_eq!(*view, expected);
            }
            Ok(of) => assert!(matches!(&decoded, Ok(Decoded::Event(seen)) if **seen == of), "{value}"),
            Err(_) => return false,
        },
        Topic::Decisions => match unread.whole::<decision::Decision>() {
            Ok(of) => {
                held().unwrap();
                let Ok(Decoded::Decision(view)) = &decoded else { panic!("{value}") };
                assert_eq!(**view, of_decision(&of, &of.conversation.to_string()));
                assert_eq!(view.is_on_its_message(), of.is_on_its_message());
            }
            Err(_) => return false,
        },
        Topic::Deliveries => match unread.whole::<delivery::Delivery>() {
            Ok(of) => {
                held().unwrap();
                let Ok(Decoded::Delivery(view)) = &decoded else { panic!("{value}") };
                compare_deliveries(view, &of);
            }
            Err(_) => return false,
        },
        _ if kind == "correction" => {}
        _ => match unread.whole::<ledger::LedgerEntry>() {
            Ok(of) => {
                held().unwrap();
                let Ok(Decoded::Ledger(view)) = &decoded else { panic!("{value}") };
                assert_eq!(**view, of_ledger(&of));
            }
            Err(_) => return false,
        },
    }
    true
}

/// Changes one thing somewhere in a value.
fn change(value: &mut Value, random: &mut Rng) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(random.usize(..fields.len())).unwrap().clone();
            match random.u8(..8) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert("new\n".to_owned(), json!({"of a later version": [1, "\"", null]}))),
                2 => fields[&name] = Value::Null,
                _ => change(&mut fields[&name], random),
            }
        }
        Value::Array(list) if !list.is_empty() => {
            let at = random.usize(..list.len());
            change(&mut list[at], random);
        }
        Value::String(text) => match random.u8(..6) {
            0 => text.push_str("\n\"quoted\" \\ 回音 \u{1f600}\t"),
            1 => {
                *text = one(random, &["", "done", "failed", "settle", "message", "asked", "a b", "sent"])
                    .to_owned()
            }
            2 => *text = "acme#support/group/42@al%40ice".to_owned(),
            3 => *text = "acme#support/chat/Bot/a\"b%2Fc".to_owned(),
            _ => drop(text.pop()),
        },
        Value::Number(_) => {
            *value = random.choice([json!(0), json!(-1), json!(7), json!(u64::MAX), json!(1.5)]).unwrap()
        }
        Value::Bool(flag) => *flag = !*flag,
        other => *other = json!("instead"),
    }
}

fn one<'a>(random: &mut Rng, of: &[&'a str]) -> &'a str {
    of[random.usize(..of.len())]
}

#[test]
fn every_example_is_seen_as_it_is() {
    let mut seen = 0;
    for (topic, kind, value) in examples() {
        seen += usize::from(compare(topic, &kind, &value));
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn whatever_the_whole_record_takes_its_view_sees_as_it_is() {
    let (mut taken, mut random) = (0, Rng::with_seed(15));
    let examples = examples();
    for _ in 0..20_000 {
        let (topic, kind, mut value) = examples[random.usize(..examples.len())].clone();
        for _ in 0..random.u8(1..4) {
            change(&mut value, &mut random);
        }
        taken += usize::from(compare(topic, &kind, &value));
    }
    assert!(taken > 3_000, "{taken}");
}

#[test]
fn an_outcome_is_one_wherever_its_kind_stands() {
    let mut value = crate::tables::tests::example!("events/valid-answered-done.json");
    let kind = value.as_object_mut().unwrap().shift_remove("type").unwrap();
    value["type"] = kind;
    assert!(value.to_string().ends_with(r#""type":"answered"}"#));
    assert!(compare(Topic::Events, "answered", &value));
}
