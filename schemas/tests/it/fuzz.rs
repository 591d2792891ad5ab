//! Whatever stands on a topic is read or refused, never a panic; what is read can be written and read again.

use std::fs;
use std::path::Path;

use mangle::Input;
use proptest::prelude::*;
use schemas::answer::Answer;
use schemas::correction::Correction;
use schemas::decision::Decision;
use schemas::delivery::Delivery;
use schemas::event::Event;
use schemas::ledger::LedgerEntry;
use schemas::request::Request;
use schemas::retract::Retract;
use schemas::state::{ControlState, CoreState, HistoryTurn, KeptAnswer, SeenBucket, WaitingMessage};
use schemas::wire::{self, DecodeError, Encoded, Record};

/// Every example of a topic.
fn examples(topic: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(topic);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One header in place of another, as another program or a newer version would write it.
fn header() -> impl Strategy<Value = Option<(&'static str, Input)>> {
    let names = prop::sample::select(&[wire::SCHEMA, wire::KIND, wire::TURN, wire::ID, wire::MESSAGE][..]);
    let values = mangle::bytes(["events/1", "requests/2", "message", "answer", "1", "", "events/99999999"]);
    prop::option::weighted(0.3, (names, values))
}

fn holds<R: Record + PartialEq + std::fmt::Debug>(
    value: &[u8],
    replaced: Option<(&str, &[u8])>,
) -> Result<(), TestCaseError> {
    let read = |headers: &[wire::Header], value: &[u8]| {
        let of = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
        let other = |name: &str| replaced.filter(|(n, _)| *n == name).map(|(_, v)| v);
        wire::decode::<R>(|name| other(name).or_else(|| of(name)), Some(value)).inspect_err(|error| {
            // Whoever handles it asks these.
            assert!(!error.label().is_empty() && !error.to_string().is_empty());
        })
    };
    let record = match read(&[], value) {
        Ok(record) => record,
        Err(error) => {
            let newer = matches!(error, DecodeError::UnknownVersion(_) | DecodeError::UnknownKind(_));
            prop_assert_eq!(error.may_be_newer(), newer);
            prop_assert!(replaced.is_some() || !newer, "only a header tells of a newer version");
            return Ok(());
        }
    };
    let Ok(Encoded { headers, value, .. }) = wire::encode(&record, "/fuzz") else {
        return Err(TestCaseError::fail("what was read cannot be written"));
    };
    prop_assert_eq!(read(&headers, &value).map_err(|error| TestCaseError::fail(error.to_string()))?, record);
    Ok(())
}

macro_rules! topics {
    ($($name:ident: $record:ty, $topic:literal, $cases:literal;)*) => { $(
        proptest! {
            #![proptest_config(mangle::cases($cases))]

            #[test]
            fn $name(value in mangle::json(examples($topic)), header in header()) {
                let header = header.as_ref().map(|(name, value)| (*name, &**value));
                holds::<$record>(&value, header)?;
            }
        }
    )* };
}

topics! {
    wire_events: Event, "events", 1_500;
    wire_requests: Request, "requests", 500;
    wire_answers: Answer, "answers", 500;
    wire_retracts: Retract, "answers", 500;
    wire_decisions: Decision, "decisions", 500;
    wire_deliveries: Delivery, "deliveries", 500;
    wire_ledger: LedgerEntry, "ledger", 500;
    wire_corrections: Correction, "ledger", 500;
}

proptest! {
    #![proptest_config(mangle::cases(500))]

    #[test]
    fn wire_states(value in mangle::json(examples("states"))) {
        macro_rules! read {
            ($($state:ty),*) => { $(
                if let Ok(state) = serde_json::from_slice::<$state>(&value) {
                    let written = serde_json::to_vec(&state).unwrap();
                    prop_assert_eq!(serde_json::from_slice::<$state>(&written).unwrap(), state);
                }
            )* };
        }
        read!(ControlState, CoreState, HistoryTurn, KeptAnswer, SeenBucket, WaitingMessage);
    }

    #[test]
    fn wire_keys(key in mangle::bytes([
        "acme#support/chat/bot/alice", "acme#support/group/184524748161025@alice", "acme#support/chatroom/7",
        "acme#support/chat/1501234567890123456",
    ])) {
        let text = key.lossy();
        if let Ok(conversation) = text.parse::<schemas::conversation::Conversation>() {
            prop_assert_eq!(conversation.to_string(), text.as_str());
            prop_assert!((0..8).contains(&conversation.partition(8)));
        }
        if let Ok(lane) = text.parse::<schemas::conversation::Lane>() {
            prop_assert_eq!(lane.to_string(), text.as_str());
        }
        if let Ok(id) = schemas::ids::MessageId::new(text.as_str()) {
            prop_assert!(text.starts_with(id.app()) && text.ends_with(id.easemob_id()));
        }
    }
}
