//! The adapter against a real broker.

use std::time::{Duration, Instant};

use pipeline::Outgoing;
use pipeline::kafka::testing::{Fault, Topics, committed, config, plan_fault, produce, unique};
use pipeline::kafka::{
    Claim, ClaimError, CommitOffset, Config, Consumer, Error, Group, Instance, Outcome, Partition, Polled,
    Property, RawConfig, TransactionalProducer, commit_meta, probe, reach, read_all, read_incarnation, stamp,
    watermarks,
};

fn record(topic: &str, partition: i32, key: &str, value: Option<&str>) -> Outgoing {
    Outgoing {
        topic: topic.into(),
        partition,
        key: Some(key.into()),
        headers: vec![("kind".into(), b"test".to_vec())],
        value: value.map(Into::into),
    }
}

fn assigned(consumer: &mut Consumer) -> Vec<Partition> {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        match consumer.poll(Duration::from_millis(50)) {
            Polled::Assigned(partitions) if !partitions.is_empty() => return partitions,
            Polled::Assigned(_) => consumer.assign(&[]).unwrap(),
            Polled::Revoked(partitions) | Polled::Lost(partitions) => consumer.unassign(&partitions).unwrap(),
            other => drop(other),
        }
    }
    panic!("nothing was assigned in time");
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(40);
    while !holds() {
        assert!(Instant::now() < deadline, "does not come true: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn records_offsets_and_metadata_commit_together_and_a_twin_fences() {
    let topic = unique("adapter");
    let _topics = Topics::create(1, &[(&topic, false)]);
    let instance = Instance::new(&unique("d"), "adapter", 0).unwrap();
    let mut consumer = Consumer::join(&config(), &instance, &[&topic]).unwrap();
    let partition = assigned(&mut consumer).remove(0);
    consumer.assign(&[(partition.clone(), 0)]).unwrap();
    let mut producer = TransactionalProducer::new(&config(), &instance).unwrap();
    let group = consumer.group_metadata().unwrap();
    let offset =
        |metadata: &str| CommitOffset { partition: partition.clone(), next: 7, metadata: metadata.into() };

    let took = (0..20).map(|n| {
        let began = Instant::now();
        let outcome =
            producer.run(&[record(&topic, 0, "k", Some(&n.to_string()))], &[offset("meta")], &group);
        assert_eq!(outcome, Outcome::Committed);
        began.elapsed()
    });
    // A busy machine may slow some of them down; a commit that flushes by itself slows down each.
    let fastest = took.min().unwrap();
    assert!(fastest < Duration::from_millis(100), "a commit waited for a flush of 100 ms: {fastest:?}");

    let too_long = "m".repeat(commit_meta::MAX_CHARS + 1_000);
    let outcome = producer.run(&[record(&topic, 0, "k", Some("aborted"))], &[offset(&too_long)], &group);
    assert!(matches!(outcome, Outcome::Aborted(_)), "{outcome:?}");
    let outcome = producer.run(&[record("t-no-such-topic", 0, "k", None)], &[], &group);
    assert!(matches!(outcome, Outcome::Aborted(_)), "{outcome:?}");

    let found =
        consumer.committed(std::slice::from_ref(&partition), Duration::from_secs(5)).unwrap().remove(0);
    assert_eq!((found.next, found.metadata.as_deref()), (Some(7), Some("meta")));

    let _twin = TransactionalProducer::new(&config(), &instance).unwrap();
    let outcome = producer.run(&[record(&topic, 0, "k", Some("fenced"))], &[offset("late")], &group);
    assert!(matches!(outcome, Outcome::Fenced(_)), "{outcome:?}");
    let values: Vec<_> = committed(&topic).into_iter().map(|r| r.value.unwrap()).collect();
    let expected: Vec<_> = (0..20).map(|n| n.to_string().into_bytes()).collect();
    assert_eq!(values, expected);
    consumer.leave(Duration::from_secs(2));
}

#[test]
fn the_ends_of_all_partitions_are_told_together_and_stop_before_an_open_transaction() {
    let topic = unique("ends");
    let _topics = Topics::create(3, &[(&topic, false)]);
    produce(&[record(&topic, 0, "k", None), record(&topic, 0, "k", None), record(&topic, 2, "k", None)]);
    let instance = Instance::new(&unique("d"), "ends", 0).unwrap();
    let mut consumer = Consumer::join(&config(), &instance, &[&topic]).unwrap();
    let starts: Vec<_> = assigned(&mut consumer).into_iter().map(|partition| (partition, 0)).collect();
    consumer.assign(&starts).unwrap();
    let mut producer = TransactionalProducer::new(&config(), &instance).unwrap();
    plan_fault(&instance.transactional_id(), Fault::LoseBefore);
    let outcome = producer.run(&[record(&topic, 2, "k", None)], &[], &consumer.group_metadata().unwrap());
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");

    let partition = |index| Partition { topic: topic.as_str().into(), index };
    let asked = [partition(2), partition(0), partition(1)];
    let group = Group::open(&config(), &instance.group_id()).unwrap();
    let bounds = |partitions: &[Partition]| group.bounds(partitions, Duration::from_secs(5));
    assert_eq!(bounds(&asked).unwrap(), [(0, 1), (0, 2), (0, 0)]);
    assert_eq!(watermarks(&config(), &asked).unwrap(), [(0, 2), (0, 2), (0, 0)]);
    assert!(bounds(&[partition(0), partition(9)]).is_err());
    assert!(bounds(&[]).unwrap().is_empty());
    consumer.leave(Duration::from_secs(2));
}

#[test]
fn a_plan_of_a_membership_that_was_replaced_is_aborted_and_the_producer_goes_on() {
    let topic = unique("rejoin");
    let _topics = Topics::create(1, &[(&topic, false)]);
    let instance = Instance::new(&unique("d"), "adapter", 0).unwrap();
    let mut before = Consumer::join(&config(), &instance, &[&topic]).unwrap();
    let partition = assigned(&mut before).remove(0);
    before.assign(&[(partition.clone(), 0)]).unwrap();
    let old = before.group_metadata().unwrap();
    let mut producer = TransactionalProducer::new(&config(), &instance).unwrap();
    // As after an outage: the same member joins anew.
    let mut after = Consumer::join(&config(), &instance, &[&topic]).unwrap();
    assert_eq!(assigned(&mut after), std::slice::from_ref(&partition));
    after.assign(&[(partition.clone(), 0)]).unwrap();
    let offsets = [CommitOffset { partition, next: 1, metadata: "m".into() }];
    let outcome = producer.run(&[record(&topic, 0, "k", Some("old"))], &offsets, &old);
    assert!(matches!(outcome, Outcome::Aborted(_)), "{outcome:?}");
    let new = after.group_metadata().unwrap();
    let outcome = producer.run(&[record(&topic, 0, "k", Some("new"))], &offsets, &new);
    assert_eq!(outcome, Outcome::Committed);
    let values: Vec<_> = committed(&topic).into_iter().map(|record| record.value.unwrap()).collect();
    assert_eq!(values, [b"new"]);
    after.leave(Duration::from_secs(2));
}

#[test]
fn transactions_back_to_back_leave_the_offsets_of_the_last_one() {
    let topic = unique("turns");
    let _topics = Topics::create(1, &[(&topic, false)]);
    let instance = Instance::new(&unique("d"), "adapter", 0).unwrap();
    let mut consumer = Consumer::join(&config(), &instance, &[&topic]).unwrap();
    let partition = assigned(&mut consumer).remove(0);
    consumer.assign(&[(partition.clone(), 0)]).unwrap();
    let group = consumer.group_metadata().unwrap();
    let mut producer = TransactionalProducer::new(&config(), &instance).unwrap();
    for next in 1..=100 {
        let offsets = [CommitOffset { partition: partition.clone(), next, metadata: next.to_string() }];
        let value = next.to_string();
        let outcome = producer.run(&[record(&topic, 0, "k", Some(&value))], &offsets, &group);
        assert_eq!(outcome, Outcome::Committed);
        // Each time, and at once: the transaction before may still be written to its partitions.
        if next % 10 == 0 {
            let asked = std::slice::from_ref(&partition);
            let found = consumer.committed(asked, Duration::from_secs(5)).unwrap().remove(0);
            assert_eq!((found.next, found.metadata), (Some(next), Some(value)));
        }
    }
    let values: Vec<_> = committed(&topic).into_iter().map(|record| record.value.unwrap()).collect();
    let expected: Vec<_> = (1..=100).map(|n| n.to_string().into_bytes()).collect();
    assert_eq!(values, expected);
    consumer.leave(Duration::from_secs(2));
}

#[test]
fn a_member_that_was_put_out_and_has_not_polled_that_yet_commits_nothing_and_makes_no_plan() {
    let topic = unique("put-out");
    let _topics = Topics::create(1, &[(&topic, false)]);
    let instance = Instance::new(&unique("d"), "adapter", 0).unwrap();
    // The shortest that a client takes beside our session timeout.
    let properties = [("max.poll.interval.ms".to_owned(), Property::Number(10_000))];
    let bootstrap = std::env::var("HUIYIN_TEST_KAFKA").unwrap();
    let raw = RawConfig {
        bootstrap,
        heartbeat_interval: Duration::from_millis(200),
        properties: properties.into(),
    };
    let mut consumer = Consumer::join(&Config::new(raw).unwrap(), &instance, &[&topic]).unwrap();
    let partition = assigned(&mut consumer).remove(0);
    consumer.assign(&[(partition.clone(), 0)]).unwrap();
    let offset = |next| [CommitOffset { partition: partition.clone(), next, metadata: "m".into() }];
    consumer.commit(&offset(3)).unwrap();

    // What counts is the time since the last poll.
    until("it is put out", || consumer.group_metadata().is_err());
    let out = |error: Error| assert!(matches!(error, Error::PutOut { .. }), "{error}");
    out(consumer.commit(&offset(1)).unwrap_err());
    out(consumer.group_metadata().err().unwrap());
    let asked = std::slice::from_ref(&partition);
    let group = Group::open(&config(), &instance.group_id()).unwrap();
    let found = group.committed(asked).unwrap().remove(0);
    assert_eq!(found.next, Some(3));

    // Polled, it is told and joins again.
    assert_eq!(assigned(&mut consumer), asked);
    consumer.assign(&[(partition.clone(), 3)]).unwrap();
    consumer.commit(&offset(4)).unwrap();
    assert!(consumer.group_metadata().is_ok());
    consumer.leave(Duration::from_secs(2));
}

#[test]
fn a_compacted_partition_is_read_to_its_end_with_tombstones_applied_and_its_stamp_found() {
    let topic = unique("compacted");
    let _topics = Topics::create(2, &[(&topic, true)]);
    assert_eq!(read_incarnation(&config(), &topic).unwrap(), None);
    stamp(&config(), &topic, 2, "inc-1").unwrap();
    assert_eq!(read_incarnation(&config(), &topic).unwrap().as_deref(), Some("inc-1"));
    produce(&[
        record(&topic, 1, "a", Some("1")),
        record(&topic, 1, "b", Some("1")),
        record(&topic, 1, "a", None),
        record(&topic, 1, "b", Some("2")),
    ]);
    let entries = read_all(&config(), &topic, 1, Duration::from_secs(10)).unwrap();
    let seen: Vec<_> = entries.iter().map(|(k, e)| (k.as_slice(), e.value.as_slice())).collect();
    assert_eq!(seen, [(b"@incarnation".as_slice(), b"inc-1".as_slice()), (b"b", b"2")]);
    assert_eq!(entries[b"b".as_slice()].headers, vec![("kind".into(), b"test".to_vec())]);
}

#[test]
fn a_claim_is_one_processes_at_a_time_and_free_when_it_lets_go() {
    let (topic, group) = (unique("claim"), unique("claim"));
    let _topics = Topics::create(1, &[(&topic, true)]);
    let take = |patience| Claim::take(&config(), &group, &topic, Duration::from_millis(patience));
    let first = take(20_000).unwrap();
    for _ in 0..2 {
        let refused = take(2_000).map(drop).unwrap_err();
        assert!(matches!(refused, ClaimError::Taken { .. }), "{refused}");
    }
    let elsewhere = Claim::take(&config(), &unique("claim"), &topic, Duration::from_secs(20));
    elsewhere.map(drop).unwrap();
    let waits = std::thread::scope(|scope| {
        let second = scope.spawn(|| take(20_000));
        std::thread::sleep(Duration::from_millis(500));
        assert!(!second.is_finished(), "it is taken");
        drop(first);
        second.join().unwrap()
    });
    drop(waits.unwrap());
    drop(take(20_000).unwrap());
}

#[test]
fn of_many_that_want_a_claim_at_once_one_gets_it() {
    let (topic, group) = (unique("claim"), unique("claim"));
    let _topics = Topics::create(1, &[(&topic, true)]);
    let (config, has) = (config(), std::sync::atomic::AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let claim = Claim::take(&config, &group, &topic, Duration::from_secs(5));
                let Ok(claim) = claim else { return };
                assert_eq!(has.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                // Longer than the others wait.
                std::thread::sleep(Duration::from_secs(8));
                drop(claim);
            });
        }
    });
    assert_eq!(has.into_inner(), 1);
}

#[test]
fn the_probe_passes_on_a_cluster_that_can_do_everything() {
    let instance = Instance::new(&unique("d"), "probe", 0).unwrap();
    probe(&config(), &instance, &unique("probe"), 1).unwrap();
}

#[test]
fn a_real_broker_is_reached_and_told_from_one_with_tls() {
    reach(&config()).unwrap();
    let bootstrap = std::env::var("HUIYIN_TEST_KAFKA").unwrap();
    let properties = [("security.protocol".to_owned(), Property::Text("ssl".into()))].into();
    let tls =
        Config::new(RawConfig { bootstrap, heartbeat_interval: Duration::from_millis(500), properties })
            .unwrap();
    let error = reach(&tls).unwrap_err().to_string();
    assert!(error.contains("it speaks Kafka without TLS, and security.protocol is ssl"), "{error}");
}
