//! Which answers meet the conditions.

use schemas::retract::RetractScope;

use super::Retract;
use super::books::{Books, Said};
use crate::timestamp::Timestamp;

impl Retract {
    /// What the answers are chosen by, the narrowest condition first.
    pub(super) fn scope(&self) -> RetractScope {
        if !self.message.is_empty() {
            RetractScope::Message
        } else if self.rule.is_some() {
            RetractScope::Rule
        } else if self.conversation.is_some() {
            RetractScope::Conversation
        } else {
            RetractScope::Range
        }
    }

    fn wants(&self, said: &Said) -> bool {
        let (answer, conversation) = (&said.answer, &said.answer.lane.conversation);
        let names = |id: &String| {
            said.sent.values().any(|sent| sent == id)
                || answer.message.easemob_id() == id
                || answer.message.as_str() == id
        };
        let at = answer.decided_at;
        (self.message.is_empty() || self.message.iter().any(names))
            && self.conversation.as_ref().is_none_or(|wanted| wanted == conversation)
            && self.rule.as_ref().is_none_or(|rule| said.rules.contains(rule))
            && self.app.as_ref().is_none_or(|app| app == conversation.app())
            && self.since.is_none_or(|Timestamp(since)| at >= since)
            && self.until.is_none_or(|Timestamp(until)| at < until)
            && (self.again || !said.is_retracted)
    }
}

/// The answers that meet every condition, by conversation and time.
pub(super) fn choose<'a>(books: &'a Books, ask: &Retract) -> Vec<&'a Said> {
    let mut chosen: Vec<&Said> = books.said.values().filter(|said| ask.wants(said)).collect();
    chosen.sort_by(|one, other| {
        let key = |said: &Said| (said.answer.lane.conversation.to_string(), said.answer.decided_at);
        key(one).cmp(&key(other))
    });
    chosen
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use pipeline::{Headers, Record};
    use schemas::topic::Topic;
    use schemas::wire;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        ask: Retract,
    }

    fn ask(line: &str) -> Retract {
        Line::try_parse_from(["retract"].into_iter().chain(line.split(' '))).unwrap().ask
    }

    fn record<R: wire::Record>(value: &R) -> Record {
        let encoded = wire::encode(value, "/test").unwrap();
        Record {
            topic: R::TOPIC.name().into(),
            partition: 0,
            offset: 1,
            timestamp: 1,
            key: encoded.key,
            headers: encoded.headers.into_iter().collect::<Headers>(),
            value: Some(encoded.value),
        }
    }

    macro_rules! example {
        ($type:ty, $path:literal) => {
            serde_json::from_str::<$type>(include_str!(concat!("../../../schemas/examples/", $path))).unwrap()
        };
    }

    /// Two answers: alice's, sent, whose message rule `weapons` hit; and bob's.
    fn books() -> Books {
        let mut books = Books::default();
        let part = example!(schemas::answer::Answer, "answers/valid-model.json");
        let decision = example!(schemas::decision::Decision, "decisions/valid-asked.json");
        let verdict =
            schemas::verdict::Verdict::new(schemas::verdict::Action::Mask, vec!["weapons".into()], "d");
        let hit = schemas::decision::Decision {
            message: Some(part.message.clone()),
            verdict: Some(verdict),
            ..decision
        };
        books.decision(&record(&hit)).unwrap();
        let bobs = schemas::answer::Answer {
            turn: schemas::ids::TurnId::derive("bob", 0),
            lane: "acme#support/chat/bot_helpdesk/bob".parse().unwrap(),
            message: schemas::ids::MessageId::new("acme#support/chat/77").unwrap(),
            decided_at: part.decided_at + 5_000,
            send_by: part.send_by + 5_000,
            ..part.clone()
        };
        for part in [&part, &bobs] {
            books.answer(&record(part)).unwrap();
        }
        books
            .delivery(&record(&example!(schemas::delivery::Delivery, "deliveries/valid-sent.json")))
            .unwrap();
        books
    }

    fn users(books: &Books, line: &str) -> Vec<String> {
        let user = |said: &&Said| said.answer.lane.conversation.user().unwrap().to_string();
        choose(books, &ask(line)).iter().map(user).collect()
    }

    #[test]
    fn every_condition_chooses_and_all_that_are_given_must_hold() {
        let books = books();
        for (line, chosen) in [
            ("--message 1501234567890990001", &["alice"][..]),
            ("--message 1501234567890123456", &["alice"]),
            ("--message acme#support/chat/77", &["bob"]),
            ("--message 77 --message 1501234567890990001", &["alice", "bob"]),
            ("--message 78", &[]),
            ("--rule weapons", &["alice"]),
            ("--rule other", &[]),
            ("--conversation acme#support/chat/bot_helpdesk/bob", &["bob"]),
            ("--conversation acme#support/chat/bot_helpdesk/bob --rule weapons", &[]),
            ("--since 2025-01-01T00:00:00Z", &["alice", "bob"]),
            ("--since 2025-01-01T00:00:00Z --until 2025-01-01T00:00:03Z", &["alice"]),
            ("--since 2025-01-01T00:00:03Z", &["bob"]),
            ("--since 2025-01-01T00:00:00Z --app acme#other", &[]),
        ] {
            assert_eq!(users(&books, line), chosen, "{line}");
        }
    }

    #[test]
    fn what_was_taken_back_is_left_out_unless_it_is_asked_for() {
        let mut books = books();
        let retract = example!(schemas::retract::Retract, "answers/valid-retract.json");
        let turn = choose(&books, &ask("--rule weapons"))[0].answer.turn;
        books.answer(&record(&schemas::retract::Retract { turn, ..retract })).unwrap();
        assert_eq!(users(&books, "--since 2025-01-01T00:00:00Z"), ["bob"]);
        assert_eq!(users(&books, "--since 2025-01-01T00:00:00Z --again"), ["alice", "bob"]);
    }

    #[test]
    fn nothing_is_chosen_by_no_condition_and_nothing_done_without_a_name_and_a_reason() {
        let refused = |line: &str| {
            Line::try_parse_from(["retract"].into_iter().chain(line.split_whitespace())).is_err()
        };
        assert!(refused("") && refused("--app acme#support") && refused("--message 1 --yes --by ops"));
        assert!(refused("--conversation nowhere") && refused("--message 1 --yes --why x"));
        assert!(!ask("--message 1").yes && ask("--message 1 --yes --by ops --why x").yes);
    }

    #[test]
    fn the_narrowest_condition_names_the_scope() {
        let conversation = "--conversation acme#support/group/7";
        assert_eq!(ask(&format!("--message 1 {conversation}")).scope(), RetractScope::Message);
        assert_eq!(ask(&format!("--rule r {conversation}")).scope(), RetractScope::Rule);
        assert_eq!(ask(conversation).scope(), RetractScope::Conversation);
        assert_eq!(ask("--since 1h").scope(), RetractScope::Range);
    }

    #[test]
    fn records_are_of_the_topics_that_are_read() {
        let books = books();
        assert_eq!(books.said.len(), 2);
        assert_eq!(Topic::Answers.name(), "answers");
        let sent: Vec<_> = books.said.values().map(|said| said.sent.len()).collect();
        assert_eq!(sent.iter().sum::<usize>(), 1);
    }
}
