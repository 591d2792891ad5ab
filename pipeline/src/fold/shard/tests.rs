use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::fold::Key;
use crate::fold::testing::{Count, Counter};

fn counter() -> Counter {
    Counter { input: "in".into(), output: "out".into(), noisy: false }
}

fn shape() -> Shape {
    Shape {
        step: "count".into(),
        states: "states".into(),
        dead_letters: "dead".into(),
        output_bytes: 200,
        window: 1_000,
    }
}

/// A partition that starts at `next`, where its previous owner left `mark` if there was one.
fn begun(next: i64, mark: Option<Mark>, states: HashMap<Key, Count>) -> Shard<Counter> {
    let start = mark.map_or(Start::Fresh(next), |mark| Start::Committed(next, mark));
    Shard::new(&counter(), 3, start, (String::new(), states))
}

fn fresh(mark: Option<Mark>) -> Shard<Counter> {
    begun(0, mark, HashMap::new())
}

fn record(offset: i64, key: &str, value: &str) -> Record {
    Record {
        topic: "in".into(),
        partition: 3,
        offset,
        timestamp: 1_000 + offset,
        key: (!key.is_empty()).then(|| key.into()),
        headers: [("h", [1])].into_iter().collect(),
        value: Some(value.into()),
    }
}

fn apply(shard: &mut Shard<Counter>, record: &Record) -> Result<(), Halt> {
    shard.apply(&mut counter(), &shape(), record, record.timestamp)
}

fn part(shard: &mut Shard<Counter>) -> Part {
    shard.part(&counter(), &shape()).unwrap().unwrap()
}

fn text(part: &Part, topic: &str) -> Vec<String> {
    let of = part.records.iter().filter(|record| &*record.topic == topic);
    of.map(|record| String::from_utf8(record.value.clone().unwrap_or_default()).unwrap()).collect()
}

fn header(record: &Outgoing, name: &str) -> String {
    let found = record.headers.iter().find(|(n, _)| n == name).unwrap();
    String::from_utf8(found.1.clone()).unwrap()
}

#[test]
fn a_key_is_snapshotted_once_per_transaction_and_a_forgotten_one_leaves_a_tombstone() {
    let mut shard = fresh(None);
    for (offset, key, value) in [(0, "a", "add"), (1, "a", "add"), (2, "b", "add"), (3, "b", "forget")] {
        apply(&mut shard, &record(offset, key, value)).unwrap();
    }
    let first = part(&mut shard);
    assert_eq!(text(&first, "out"), ["a=1/", "a=2/", "b=1/"]);
    assert_eq!(text(&first, "states"), ["2 -1"], "b came and went within the transaction");
    assert_eq!(first.next, 4);
    shard.committed();
    apply(&mut shard, &record(4, "a", "forget")).unwrap();
    let second = part(&mut shard);
    let tombstone = &second.records[0];
    assert_eq!((tombstone.key.as_deref(), &tombstone.value), (Some(b"a".as_slice()), &None));
}

#[test]
fn a_refused_record_becomes_a_dead_letter_and_the_partition_goes_on() {
    let mut shard = fresh(None);
    apply(&mut shard, &record(7, "a", "nonsense")).unwrap();
    apply(&mut shard, &record(8, "a", "add")).unwrap();
    let part = part(&mut shard);
    let letter = part.records.iter().find(|r| &*r.topic == "dead").unwrap();
    assert_eq!((letter.partition, letter.value.as_deref()), (3, Some(b"nonsense".as_slice())));
    assert_eq!(header(letter, crate::OFFSET_HEADER), "7");
    assert_eq!(header(letter, crate::TIMESTAMP_HEADER), "1007");
    assert_eq!(header(letter, crate::REASON_HEADER), "bad");
    assert_eq!(header(letter, crate::STEP_HEADER), "count");
    assert_eq!(header(letter, crate::ATTEMPTS_HEADER), "1");
    assert_eq!(text(&part, "out"), ["a=1/"]);
    assert_eq!(part.tally, Tally { records: 2, dead_letters: 1, clocks: 0 });
}

#[test]
fn an_input_that_the_fold_refuses_is_dead_lettered_and_leaves_the_state_as_before() {
    let mut shard = fresh(None);
    apply(&mut shard, &record(0, "a", "add")).unwrap();
    apply(&mut shard, &record(1, "a", "refuse")).unwrap();
    apply(&mut shard, &record(2, "a", "add")).unwrap();
    let part = part(&mut shard);
    assert_eq!(text(&part, "out"), ["a=1/", "a=2/"]);
    let letters: Vec<_> = part.records.iter().filter(|r| &*r.topic == "dead").collect();
    assert_eq!(letters.len(), 1);
    assert_eq!(header(letters[0], crate::REASON_HEADER), "refused_by_fold");
}

#[test]
fn an_oversize_output_dead_letters_its_input_and_leaves_the_state_as_before() {
    let mut shard = fresh(None);
    apply(&mut shard, &record(0, "a", "add")).unwrap();
    apply(&mut shard, &record(1, "a", "big 500")).unwrap();
    apply(&mut shard, &record(2, "a", "add")).unwrap();
    let part = part(&mut shard);
    assert_eq!(text(&part, "out"), ["a=1/", "a=2/"]);
    let letter = part.records.iter().find(|r| &*r.topic == "dead").unwrap();
    assert_eq!(header(letter, crate::REASON_HEADER), "oversize_output");
}

#[test]
fn an_unknown_version_and_a_control_that_cannot_be_had_stop_the_partition_before_the_record() {
    let mut shard = fresh(None);
    apply(&mut shard, &record(0, "a", "add")).unwrap();
    assert_eq!(apply(&mut shard, &record(1, "a", "future")).unwrap_err().label(), "future_version");
    assert_eq!(apply(&mut shard, &record(1, "", "control missing")).unwrap_err().label(), "control");
    let part = part(&mut shard);
    assert_eq!((part.next, part.tally.records), (1, 1));
    assert!(text(&part, "dead").is_empty());
}

#[test]
fn a_clock_fires_a_bounded_number_of_due_timers_in_order_and_then_another_clock_is_due() {
    let mut shard = fresh(None);
    for (offset, key, value) in
        [(0, "c", "timer 10"), (1, "a", "timer 9"), (2, "b", "timer 7"), (3, "z", "timer 5000")]
    {
        apply(&mut shard, &record(offset, key, value)).unwrap();
    }
    assert!(!shard.clock_due(1_008, Rest::Nothing), "nothing is due yet");
    assert!(!shard.clock_due(1_020, Rest::Unknown), "something later may be in the log");
    assert!(shard.clock_due(1_020, Rest::Nothing));
    shard.append_clock(&counter(), 1_020);
    assert!(!shard.clock_due(1_020, Rest::Nothing), "one clock is unread");
    assert_eq!(text(&part(&mut shard), "in"), ["clock"]);
    shard.committed();
    apply(&mut shard, &record(50, "", "clock")).unwrap();
    assert_eq!(text(&part(&mut shard), "out"), ["fired b 50.0", "fired a 50.1"]);
    shard.committed();
    assert!(shard.clock_due(1_050, Rest::Nothing), "the third timer was left over");
}

#[test]
fn a_clock_that_fires_nothing_because_the_broker_is_behind_waits_for_the_difference() {
    let mut shard = fresh(None);
    apply(&mut shard, &record(0, "a", "timer 500")).unwrap();
    assert!(shard.clock_due(1_600, Rest::Nothing));
    shard.append_clock(&counter(), 1_600);
    shard.apply(&mut counter(), &shape(), &record(100, "", "clock"), 1_610).unwrap();
    assert!(!shard.clock_due(1_900, Rest::Nothing), "the broker's clock said 1100, so 400 ms are left");
    assert!(shard.clock_due(2_010, Rest::Nothing));
}

#[test]
fn a_roll_back_takes_an_appended_clock_back() {
    let mut shard = fresh(None);
    apply(&mut shard, &record(0, "a", "timer 1")).unwrap();
    shard.committed();
    shard.append_clock(&counter(), 1_100);
    shard.roll_back(&counter());
    assert!(shard.clock_due(1_100, Rest::Nothing));
}

#[test]
fn the_first_commit_of_an_owner_marks_the_partition_as_running_before_anything_is_folded() {
    let mut shard =
        fresh(Some(Mark { running: false, attempts: 0, window: 99, clock_unread: false, turn: 0 }));
    let first = part(&mut shard);
    assert!(first.mark.running && first.records.is_empty());
    shard.committed();
    assert!(shard.part(&counter(), &shape()).unwrap().is_none());
    shard.mark_clean();
    assert!(!part(&mut shard).mark.running);
}

#[test]
fn a_batch_never_holds_more_records_than_the_mark_before_promised() {
    let mut shard = fresh(None);
    part(&mut shard);
    shard.committed();
    let mut offset = 0;
    let mut promised = LEAST_WINDOW;
    for _ in 0..10 {
        let mut folded = 0;
        while !shard.is_full() {
            apply(&mut shard, &record(offset, "a", "add")).unwrap();
            (offset, folded) = (offset + 1, folded + 1);
        }
        assert_eq!(folded, promised);
        promised = part(&mut shard).mark.window;
        shard.committed();
    }
    assert_eq!(promised, 1_000);
}

/// Runs the life of one owner until it dies while folding `poison`, and returns the mark that it leaves behind.
fn die_at_poison(mark: Option<Mark>, next: i64, poison: i64) -> Result<(Mark, i64), Vec<Outgoing>> {
    let mut shard = begun(next, mark, HashMap::new());
    let mut left = (part(&mut shard).mark, shard.next());
    shard.committed();
    let mut letters = Vec::new();
    for offset in next..poison + 3 {
        let quarantined = shard.is_quarantined();
        if quarantined {
            shard.announce();
            left = (part(&mut shard).mark, shard.next());
            shard.committed();
        }
        if offset == poison && !shard.has_crashed() {
            return Ok(left);
        }
        apply(&mut shard, &record(offset, "a", if offset == poison { "panic" } else { "add" })).unwrap();
        if quarantined {
            let part = part(&mut shard);
            left = (part.mark, part.next);
            letters.extend(part.records.into_iter().filter(|r| &*r.topic == "dead"));
            shard.committed();
        }
    }
    Err(letters)
}

#[test]
fn the_third_crash_on_a_record_makes_it_a_dead_letter_and_its_neighbours_are_folded() {
    let (first, next) = die_at_poison(None, 0, 5).unwrap();
    assert_eq!((first.attempts, next), (0, 0), "the batch was not committed");
    let (second, next) = die_at_poison(Some(first), next, 5).unwrap();
    assert_eq!((second.attempts, next), (1, 5), "the records before were committed one by one");
    let (third, next) = die_at_poison(Some(second), next, 5).unwrap();
    assert_eq!((third.attempts, next), (2, 5));
    let letters = die_at_poison(Some(third), next, 5).unwrap_err();
    assert_eq!(letters.len(), 1);
    assert_eq!(header(&letters[0], crate::REASON_HEADER), "crashed");
    assert_eq!(header(&letters[0], crate::ATTEMPTS_HEADER), "3");
    assert_eq!(header(&letters[0], crate::OFFSET_HEADER), "5");
}

#[test]
fn a_process_counts_its_announcement_once_however_often_its_commits_fail_and_its_drivers_end() {
    let (mark, next) = die_at_poison(None, 0, 5).unwrap();
    let mut mark = die_at_poison(Some(mark), next, 5).unwrap().0;
    assert_eq!(mark.attempts, 1);
    let mut announced = None;
    for _driver in 0..3 {
        let mut shard = begun(5, Some(mark), HashMap::new());
        shard.set_announced(announced);
        part(&mut shard);
        shard.committed();
        for _failure in 0..3 {
            shard.announce();
            if shard.part(&counter(), &shape()).unwrap().is_some() {
                shard.committed();
            }
            apply(&mut shard, &record(5, "a", "add")).unwrap();
            assert_eq!(shard.roll_back(&counter()), 5);
        }
        (mark, announced) = (shard.committed.mark, shard.announced());
        assert_eq!((mark.attempts, announced), (2, Some(5)), "another process did not announce it");
    }
    let mut shard = begun(5, Some(mark), HashMap::new());
    shard.set_announced(Some(4));
    shard.announce();
    assert_eq!(part(&mut shard).mark.attempts, 3, "what was announced was another record");
    shard.roll_back(&counter());
    shard.announce();
    assert_eq!(part(&mut shard).mark.attempts, 3, "what is not committed is not counted");
}

#[test]
fn after_an_unclean_end_timers_fire_once_the_end_of_the_log_is_reached() {
    let states = HashMap::from([(Key::from(*b"a"), Count { count: 1, due: Some(10) })]);
    let mark = Mark { running: true, attempts: 1, window: 16, clock_unread: false, turn: 4 };
    let mut shard = begun(0, Some(mark), states);
    part(&mut shard);
    shard.committed();
    assert!(!shard.clock_due(20, Rest::Unknown), "any record that is still unread may have caused the end");
    assert!(shard.clock_due(20, Rest::Nothing), "nothing is left that the previous owner can have read");
    assert!(!shard.is_quarantined() && part(&mut shard).mark.attempts == 0);
}

#[test]
fn no_two_commits_of_a_partition_are_alike_even_if_one_holds_only_a_clock_record() {
    let mut shard = fresh(None);
    apply(&mut shard, &record(0, "a", "timer 1")).unwrap();
    let before = part(&mut shard);
    shard.committed();
    shard.append_clock(&counter(), 1_100);
    let clock = part(&mut shard);
    assert_eq!(clock.next, before.next);
    assert_ne!(clock.mark, before.mark, "or an aborted one would be taken for committed");
    shard.roll_back(&counter());
    shard.append_clock(&counter(), 1_200);
    assert_eq!(part(&mut shard).mark, clock.mark, "it was never committed");
}

#[test]
fn the_next_owner_appends_no_clock_while_one_is_unread_in_the_log() {
    let mut shard = fresh(None);
    apply(&mut shard, &record(0, "a", "timer 1")).unwrap();
    shard.append_clock(&counter(), 1_100);
    shard.mark_clean();
    let left = part(&mut shard);
    let states = HashMap::from([(Key::from(*b"a"), Count { count: 1, due: Some(1_001) })]);
    let mut next = begun(left.next, Some(left.mark), states);
    assert!(!next.clock_due(1_200, Rest::Nothing), "it is behind a transaction that is being settled");
    apply(&mut next, &record(1, "", "clock")).unwrap();
    part(&mut next);
    next.committed();
    assert!(!next.clock_due(1_200, Rest::Nothing), "it has fired");
    apply(&mut next, &record(2, "b", "timer 1")).unwrap();
    assert!(next.clock_due(2_000, Rest::Nothing));
}

#[test]
fn kills_of_an_idle_owner_count_against_no_record() {
    let mut mark = None;
    for _ in 0..5 {
        let mut shard = fresh(mark);
        mark = Some(part(&mut shard).mark);
    }
    let mut shard = fresh(mark);
    part(&mut shard);
    shard.committed();
    shard.announce();
    shard.committed();
    apply(&mut shard, &record(0, "a", "add")).unwrap();
    assert_eq!(text(&part(&mut shard), "out"), ["a=1/"]);
}

#[derive(Debug, Clone)]
enum Event {
    Record(String, String),
    Commit,
    RollBack,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let value = prop_oneof![
        5 => Just("add".to_owned()),
        1 => Just("forget".to_owned()),
        1 => (0i64..30).prop_map(|n| format!("timer {n}")),
        1 => Just("clock".to_owned()),
        1 => Just("nonsense".to_owned()),
        1 => (100usize..300).prop_map(|n| format!("big {n}")),
        1 => "[a-c]".prop_map(|c| format!("control {c}")),
    ];
    let record = ("[a-e]", value).prop_map(|(key, value)| Event::Record(key, value));
    proptest::collection::vec(
        prop_oneof![6 => record, 1 => Just(Event::Commit), 1 => Just(Event::RollBack)],
        0..120,
    )
}

/// What a compacted topic holds after these records.
fn compact(topic: &mut BTreeMap<Vec<u8>, Vec<u8>>, records: &[Outgoing]) {
    for record in records.iter().filter(|record| &*record.topic == "states") {
        let key = record.key.clone().unwrap();
        match &record.value {
            Some(value) => drop(topic.insert(key, value.clone())),
            None => drop(topic.remove(&key)),
        }
    }
}

fn sorted(states: &HashMap<Key, Count>) -> BTreeMap<Key, Count> {
    states.iter().map(|(key, state)| (Arc::clone(key), state.clone())).collect()
}

proptest! {
    #[test]
    fn any_schedule_of_commits_and_roll_backs_equals_the_sequential_fold_and_its_snapshots_restore(events in events()) {
        let log: Vec<Record> = events
            .iter()
            .filter_map(|event| match event {
                Event::Record(key, value) => Some((key, value)),
                Event::Commit | Event::RollBack => None,
            })
            .enumerate()
            .map(|(offset, (key, value))| record(i64::try_from(offset).unwrap(), key, value))
            .collect();
        let mut sequential = fresh(None);
        let mut expected = Vec::new();
        for record in &log {
            apply(&mut sequential, record).unwrap();
            expected.extend(sequential.take_outputs());
            sequential.committed();
        }

        let mut shard = fresh(None);
        let (mut written, mut topic, mut position) = (Vec::new(), BTreeMap::new(), 0);
        let mut commit = |shard: &mut Shard<Counter>| {
            if let Some(part) = shard.part(&counter(), &shape()).unwrap() {
                compact(&mut topic, &part.records);
                written.extend(part.records.into_iter().filter(|record| &*record.topic != "states"));
                shard.committed();
            }
        };
        for event in &events {
            match event {
                Event::Record(..) => {
                    apply(&mut shard, &log[position]).unwrap();
                    position += 1;
                }
                Event::Commit => commit(&mut shard),
                Event::RollBack => position = usize::try_from(shard.roll_back(&counter())).unwrap(),
            }
        }
        for record in &log[position..] {
            apply(&mut shard, record).unwrap();
        }
        commit(&mut shard);

        prop_assert_eq!(written, expected);
        prop_assert_eq!(sorted(&shard.states), sorted(&sequential.states));
        prop_assert_eq!(&shard.control, &sequential.control);
        prop_assert_eq!(shard.timers.earliest(), sequential.timers.earliest());
        let (control, states) = Counter::restore(topic.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))).unwrap();
        prop_assert_eq!(sorted(&states), sorted(&sequential.states));
        prop_assert_eq!(&control, &sequential.control);
        let restored = Shard::new(&counter(), 3, Start::Fresh(0), (control, states));
        prop_assert_eq!(restored.timers.earliest(), sequential.timers.earliest());
    }
}

#[test]
fn a_record_waits_until_it_is_committed_however_often_it_is_folded() {
    let mut shard = fresh(None);
    assert_eq!(shard.waiting_since(Rest::Unknown), None);
    apply(&mut shard, &record(0, "a", "add")).unwrap();
    apply(&mut shard, &record(1, "a", "add")).unwrap();
    assert_eq!(shard.waiting_since(Rest::Nothing), Some(1_000));
    shard.roll_back(&counter());
    assert_eq!(shard.waiting_since(Rest::Nothing), Some(1_000), "it is still not committed");
    apply(&mut shard, &record(0, "a", "add")).unwrap();
    part(&mut shard);
    shard.committed();
    assert_eq!(shard.waiting_since(Rest::Nothing), None);
    assert_eq!(shard.waiting_since(Rest::Unknown), Some(1_000), "what is behind it is no older");
}
