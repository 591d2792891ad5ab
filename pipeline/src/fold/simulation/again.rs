//! What the topics must hold, by folding the input again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::dead_letter::{ATTEMPTS_HEADER, OFFSET_HEADER, REASON_HEADER, STEP_HEADER, TOPIC_HEADER};
use crate::fold::restore::Start;
use crate::fold::shard::Shard;
use crate::fold::{Fold, FoldConfig, Input, Refold};
use crate::kafka::{Committed, INCARNATION_KEY, Partition};
use crate::simulation::{Broker, Sim, Violation};
use crate::{Outgoing, Record};

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// Outputs and states that the log of one partition must have led to.
pub fn again<F: Fold>(
    make: impl Fn() -> F,
    config: &FoldConfig,
    partition: i32,
    records: &[Arc<Record>],
    crashed: &BTreeSet<i64>,
) -> (Vec<Outgoing>, Entries) {
    let mut refold = Refold::new(make(), config, partition);
    refold.skip_crashed(crashed.iter().copied());
    let outputs = records.iter().flat_map(|record| refold.feed(record).unwrap()).collect();
    let (mut fold, shape) = (make(), config.shape());
    let mut shard = Shard::new(&fold, partition, Start::Fresh(0), (F::Control::default(), HashMap::new()));
    let mut states = Entries::new();
    for record in records.iter().filter(|record| !crashed.contains(&record.offset)) {
        shard.apply(&mut fold, &shape, record, record.timestamp).unwrap();
        shard.take_outputs();
        let part = shard.part(&fold, &shape).unwrap().unwrap();
        shard.committed();
        for Outgoing { key, value, .. } in part.records {
            let key = key.unwrap_or_default();
            match value {
                Some(value) => drop(states.insert(key, value)),
                None => drop(states.remove(&key)),
            }
        }
    }
    (outputs, states)
}

fn is_letter(record: &Record, config: &FoldConfig) -> bool {
    let of = |name: &str, value: &str| record.header(name) == Some(value.as_bytes());
    of(STEP_HEADER, config.instance.role()) && of(TOPIC_HEADER, &config.input)
}

/// Everything that the fold wrote, and that it is at the end of its input.
///
/// # Errors
/// The first difference.
pub fn check<F: Fold>(sim: &Sim, make: impl Fn() -> F, config: &FoldConfig) -> Result<(), Violation> {
    let broker = sim.broker();
    for input in broker.partitions(&config.input) {
        let at = |topic: &Arc<str>| Partition { topic: Arc::clone(topic), index: input.index };
        let letters = broker.decided(&at(&config.dead_letters));
        let crashed = letters.iter().filter(|letter| is_letter(letter, config));
        let crashed = crashed.filter(|letter| letter.header(REASON_HEADER) == Some(b"crashed".as_slice()));
        let offset =
            |letter: &Arc<Record>| String::from_utf8_lossy(letter.header(OFFSET_HEADER)?).parse().ok();
        let crashed: BTreeSet<i64> = crashed.filter_map(offset).collect();
        let records = broker.decided(&input);
        let (outputs, states) = again(&make, config, input.index, &records, &crashed);
        let topics: BTreeSet<&Arc<str>> = outputs.iter().map(|output| &output.topic).collect();
        for topic in topics {
            let wanted: Vec<&Outgoing> = outputs.iter().filter(|output| output.topic == *topic).collect();
            let found = broker.decided(&at(topic));
            let ours = |record: &&Arc<Record>| *topic != config.dead_letters || is_letter(record, config);
            let found: Vec<&Arc<Record>> = found.iter().filter(ours).collect();
            compare(&at(topic), &wanted, &found)?;
        }
        let (low, high) = broker.watermarks(&at(&config.states));
        let mut kept = broker.compacted(&at(&config.states), low, high);
        kept.remove(INCARNATION_KEY);
        if kept != states {
            let differs = |key: &&Vec<u8>| kept.get(*key) != states.get(*key);
            let keys: BTreeSet<&Vec<u8>> = kept.keys().chain(states.keys()).filter(differs).collect();
            let keys: Vec<_> = keys.into_iter().map(|key| String::from_utf8_lossy(key)).collect();
            return Err(Violation { kind: "states", detail: format!("{input:?}: {keys:?}") });
        }
    }
    Ok(())
}

fn compare(place: &Partition, wanted: &[&Outgoing], found: &[&Arc<Record>]) -> Result<(), Violation> {
    let of_fold = |(name, _): &(&str, &[u8])| *name != ATTEMPTS_HEADER;
    let same_headers = |wanted: &Outgoing, found: &Record| {
        let wanted = wanted.headers.iter().map(|(name, value)| (&**name, value.as_slice()));
        wanted.filter(of_fold).eq(found.headers.iter().filter(of_fold))
    };
    for index in 0..wanted.len().max(found.len()) {
        let same = match (wanted.get(index), found.get(index)) {
            (Some(wanted), Some(found)) => {
                (&wanted.key, &wanted.value) == (&found.key, &found.value) && same_headers(wanted, found)
            }
            _ => false,
        };
        if !same {
            let text =
                |value: Option<&Vec<u8>>| value.map(|value| String::from_utf8_lossy(value).into_owned());
            let wanted = text(wanted.get(index).and_then(|record| record.value.as_ref()));
            let found = text(found.get(index).and_then(|record| record.value.as_ref()));
            let detail = format!("{place:?} record {index}: folded again {wanted:?}, there {found:?}");
            return Err(Violation { kind: "refold", detail });
        }
    }
    Ok(())
}

/// At most one clock record is unread: looked at whenever the fold commits.
pub fn watch_clocks<F: Fold>(broker: &mut Broker, make: impl Fn() -> F + 'static, config: &FoldConfig) {
    let (group, fold) = (config.instance.group_id(), make());
    broker.watch(Box::new(move |broker, committing, offset| {
        if committing != group {
            return Ok(());
        }
        let unread = broker.decided(&offset.partition);
        let unread = unread.iter().filter(|record| record.offset >= offset.next);
        let clocks: Vec<i64> =
            unread.filter(|r| matches!(fold.decode(r), Ok(Input::Clock))).map(|r| r.offset).collect();
        if clocks.len() > 1 {
            let detail = format!("{:?} at {}: unread clocks at {clocks:?}", offset.partition, offset.next);
            return Err(Violation { kind: "clocks", detail });
        }
        Ok(())
    }));
}

/// What of its input the fold's group has not committed.
pub fn unread(sim: &Sim, config: &FoldConfig) -> Option<String> {
    let broker = sim.broker();
    let inputs = broker.partitions(&config.input);
    let Some(committed) = broker.committed(&config.instance.group_id(), &inputs) else {
        return Some("offsets are not stable".into());
    };
    let last = |partition: &Partition| broker.decided(partition).last().map(|record| record.offset + 1);
    let read = |c: &Committed| last(&c.partition).is_none_or(|end| c.next.is_some_and(|next| next >= end));
    committed.iter().find(|c| !read(c)).map(|c| format!("{c:?} of {:?}", last(&c.partition)))
}
