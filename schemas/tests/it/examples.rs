//! Every stored example still decodes, every invalid one is refused, and every kind has an example.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schemas::answer::Answer;
use schemas::cancel::Cancel;
use schemas::correction::Correction;
use schemas::decision::Decision;
use schemas::delivery::Delivery;
use schemas::event::Event;
use schemas::ledger::LedgerEntry;
use schemas::request::Request;
use schemas::retract::Retract;
use schemas::state::{ControlState, CoreState, HistoryTurn, KeptAnswer, SeenBucket, WaitingMessage};
use schemas::topic::Topic;
use schemas::wire::{self, Record};
use serde::{Serialize, de::DeserializeOwned};

fn examples(topic: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(topic);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

/// Whether an example of a topic is of that type, by its name where two types share the topic: values do not tell.
fn is_of<R: Record>(name: &str) -> bool {
    let second = match R::TOPIC {
        Topic::Requests => Cancel::KINDS,
        Topic::Answers => Retract::KINDS,
        Topic::Ledger => Correction::KINDS,
        _ => return true,
    };
    name.contains(second[0]) == (R::KINDS == second)
}

/// Checks the examples of a topic and returns the kinds that were seen.
fn check<R: Record + PartialEq + std::fmt::Debug>() -> BTreeSet<&'static str> {
    let mut kinds = BTreeSet::new();
    for (name, value) in examples(R::TOPIC.name()).into_iter().filter(|(name, _)| is_of::<R>(name)) {
        let read = wire::decode::<R>(|_| None, Some(&value));
        if name.starts_with("invalid-") {
            assert!(read.is_err(), "{name} was taken");
            continue;
        }
        let record = read.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let encoded = wire::encode(&record, "/huiyin/test/examples").unwrap();
        let header =
            |wanted: &str| encoded.headers.iter().find(|(n, _)| n == wanted).map(|(_, v)| v.as_slice());
        assert_eq!(wire::decode::<R>(header, Some(&encoded.value)).unwrap(), record, "{name}");
        kinds.insert(record.kind());
    }
    kinds
}

#[test]
fn every_kind_of_every_topic_has_an_example_that_decodes() {
    assert_eq!(check::<Event>(), Event::KINDS.iter().copied().collect());
    assert_eq!(check::<Decision>(), Decision::KINDS.iter().copied().collect());
    assert_eq!(check::<Request>(), Request::KINDS.iter().copied().collect());
    assert_eq!(check::<Cancel>(), Cancel::KINDS.iter().copied().collect());
    assert_eq!(check::<Answer>(), Answer::KINDS.iter().copied().collect());
    assert_eq!(check::<Retract>(), Retract::KINDS.iter().copied().collect());
    assert_eq!(check::<Delivery>(), Delivery::KINDS.iter().copied().collect());
    assert_eq!(check::<Correction>(), Correction::KINDS.iter().copied().collect());
    assert!(check::<LedgerEntry>().is_superset(&["settle", "uncertain"].into()));
}

fn state<S: Serialize + DeserializeOwned>(name: &str) {
    let stored = examples("states").into_iter().find(|(n, _)| n == name).unwrap().1;
    let state: S = serde_json::from_slice(&stored).unwrap();
    let again: serde_json::Value = serde_json::to_value(&state).unwrap();
    let before: serde_json::Value = serde_json::from_slice(&stored).unwrap();
    for (field, value) in before.as_object().unwrap() {
        assert!(again.get(field).is_some_and(|v| v == value || v.is_object()), "{name}: {field} was lost");
    }
}

#[test]
fn every_snapshot_has_an_example_that_decodes() {
    state::<ControlState>("valid-control");
    state::<CoreState>("valid-core");
    state::<HistoryTurn>("valid-history-turn");
    state::<WaitingMessage>("valid-waiting-message");
    state::<KeptAnswer>("valid-kept-answer");
    state::<SeenBucket>("valid-seen-bucket");
    let broken = examples("states").into_iter().find(|(n, _)| n == "invalid-core").unwrap().1;
    assert!(serde_json::from_slice::<CoreState>(&broken).is_err());
}

#[test]
fn an_event_is_read_by_the_kind_in_front_as_it_is_by_itself() {
    for (name, value) in examples(Event::TOPIC.name()) {
        // As it is written: without spaces, and in the order of the example, which begins with the kind.
        let value: serde_json::Value = serde_json::from_slice(&value).unwrap();
        let written = value.to_string().into_bytes();
        let by_itself = serde_json::from_slice::<Event>(&written);
        assert!(written.starts_with(br#"{"type":""#), "{name}");
        assert_eq!(Event::read(&written).ok(), by_itself.ok(), "{name}");
        for end in [1, written.len() / 2, written.len() - 1] {
            assert!(Event::read(&written[..end]).is_err(), "{name}");
        }
    }
}
