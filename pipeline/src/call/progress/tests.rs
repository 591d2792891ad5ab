use proptest::prelude::*;

use super::*;

const INCARNATION: &str = "8b7d2e0a-6f1f-4f0e-9a65-3f6f6d6b6c11";

const RAN: [Ran; 4] = [Ran::Twice, Ran::Now, Ran::Quarantined, Ran::Idle];

/// Any progress that a ledger can have: the frontier is the lowest incomplete, or everything is done.
fn progress() -> impl Strategy<Value = Progress> {
    let marks = prop::collection::vec((0u64..200, any::<bool>(), 0..4usize), 0..1_500);
    (0i64..1 << 40, marks, prop::option::of(history()), any::<bool>(), 0i64..5_000).prop_map(
        |(base, gaps, history, clean, tail)| {
            let mut incomplete = BTreeMap::new();
            let mut at = base;
            for (index, (gap, started, ran)) in gaps.into_iter().enumerate() {
                at += if index == 0 { 0 } else { gap as i64 + 1 };
                let ran = if history.is_some() { RAN[ran] } else { Ran::Twice };
                incomplete.insert(at, Mark { started, ran });
            }
            let high = if incomplete.is_empty() { base } else { at + 1 + tail };
            let offsets: Vec<i64> = incomplete.keys().copied().collect();
            let history = history.map(|(history, [trial, accused, condemned])| {
                let named = |index: Option<prop::sample::Index>| {
                    index.filter(|_| !offsets.is_empty()).map(|index| *index.get(&offsets))
                };
                History {
                    trial: named(trial),
                    accused: named(accused),
                    condemned: named(condemned),
                    ..history
                }
            });
            Progress { base, high, clean, exact: tail % 2 == 0, incomplete, history }
        },
    )
}

/// And which of the incompletes it names.
fn history() -> impl Strategy<Value = (History, [Option<prop::sample::Index>; 3])> {
    (1u8.., any::<[bool; 3]>(), any::<[Option<prop::sample::Index>; 3]>()).prop_map(
        |(ends, [quick, fresh, company], named)| {
            (History { ends, quick, fresh, company, ..History::default() }, named)
        },
    )
}

proptest! {
    #[test]
    fn what_was_sealed_opens_as_it_was(progress in progress()) {
        let text = progress.seal(INCARNATION).unwrap();
        prop_assert!(text.is_ascii() && text.len() <= commit_meta::MAX_CHARS);
        prop_assert_eq!(Progress::open(INCARNATION, progress.base, &text).unwrap(), progress);
    }

    #[test]
    fn completing_a_record_never_makes_the_text_longer(progress in progress(), index in any::<prop::sample::Index>()) {
        prop_assume!(progress.incomplete.len() > 1);
        let before = progress.seal(INCARNATION).unwrap().len();
        let mut after = progress.clone();
        let offset = *index.get(&after.incomplete.keys().copied().collect::<Vec<_>>());
        after.incomplete.remove(&offset);
        after.base = *after.incomplete.keys().next().unwrap();
        prop_assert!(after.seal(INCARNATION).unwrap().len() <= before);
    }

    #[test]
    fn arbitrary_payloads_are_refused_or_read_back_as_written(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(progress) = read(WITH_HISTORY, &payload) {
            prop_assert_eq!(progress.payload(), payload);
        }
    }
}

#[test]
fn a_full_partition_of_dense_calls_stays_below_3400_characters_of_body() {
    // Every 20th record of a long span still runs, which is sparser than the model of 2,000 calls in flight.
    let incomplete: BTreeMap<i64, Mark> =
        (0..2_500).map(|n| (7_000_000_000 + n * 20, marks(n % 2 == 0, Ran::Idle))).collect();
    let progress =
        Progress { incomplete, high: 7_000_060_000, exact: false, ..Progress::fresh(7_000_000_000) };
    let text = progress.seal(INCARNATION).unwrap();
    assert!(text.len() - (commit_meta::MAX_CHARS - commit_meta::room(INCARNATION)) < 3_400, "{}", text.len());
    assert!(text.len() <= text_size(INCARNATION, 2_500));
}

#[test]
fn a_map_that_stopped_admission_has_room_for_the_longest_history() {
    let limits = crate::call::Limits::default().core(INCARNATION);
    let base = 7_000_000_000;
    let each = |n| (base + n, marks(true, Ran::Idle));
    let incomplete: BTreeMap<i64, Mark> = (0..i64::try_from(limits.map_bytes).unwrap()).map(each).collect();
    let last = incomplete.keys().next_back().copied();
    let history = History { ends: 255, trial: last, accused: last, condemned: last, ..History::default() };
    let progress =
        Progress { incomplete, high: base + 9_000, history: Some(history), ..Progress::fresh(base) };
    let text = progress.seal(INCARNATION).unwrap();
    assert_eq!(Progress::open(INCARNATION, base, &text), Ok(progress));
}

/// Every shape that the last build of version 1 wrote, with attempts and without.
#[test]
fn what_an_earlier_build_committed_is_read() {
    let mut payload = at_work().payload();
    let plain = Progress { history: None, incomplete: plain(), ..at_work() };
    let (head, without) = (payload.len(), plain.payload());
    payload.truncate(without.len());
    assert!(head > payload.len() && payload == without, "version 2 begins as version 1 does");
    assert_eq!(read(PLAIN, &payload), Some(plain.clone()));
    payload.extend([2, 2, 3, 1]);
    let text = commit_meta::seal(PLAIN, "inc", &URL_SAFE_NO_PAD.encode(&payload)).unwrap();
    assert_eq!(Progress::open("inc", 17, &text), Ok(plain), "its attempts are passed over");
    for damaged in [[2, 2, 1, 1], [2, 0, 3, 1], [2, 1, 4, 1]] {
        payload.truncate(without.len());
        payload.extend(damaged);
        assert_eq!(read(PLAIN, &payload), None);
    }
}

#[test]
fn what_needs_no_history_is_written_as_an_earlier_build_reads_it() {
    let text = Progress { history: None, incomplete: plain(), ..at_work() }.seal("inc").unwrap();
    assert!(text.starts_with("hyc1|") && at_work().seal("inc").unwrap().starts_with("hyc2|"));
}

#[test]
fn metadata_that_is_not_for_this_offset_or_not_ours_is_refused() {
    let text = Progress::fresh(10).seal(INCARNATION).unwrap();
    assert_eq!(Progress::open(INCARNATION, 11, &text), Err(MetadataError::Body));
    assert_eq!(Progress::open(INCARNATION, 10, ""), Err(MetadataError::Foreign));
    assert_eq!(Progress::open("other", 10, &text), Err(MetadataError::Incarnation));
    let foreign = commit_meta::seal(PLAIN, INCARNATION, "AAAA!").unwrap();
    assert_eq!(Progress::open(INCARNATION, 0, &foreign), Err(MetadataError::Body));
}

#[test]
fn a_length_beyond_the_payload_is_refused_before_memory_is_taken() {
    let mut payload = vec![0];
    put(&mut payload, 5);
    put(&mut payload, 1 << 40);
    put(&mut payload, u64::MAX >> 1);
    assert_eq!([PLAIN, WITH_HISTORY].map(|kind| read(kind, &payload)), [None, None]);
}

fn marks(started: bool, ran: Ran) -> Mark {
    Mark { started, ran }
}

/// A partition at work, as its payload.
fn at_work() -> Progress {
    let marks = [
        (17, marks(true, Ran::Twice)),
        (18, marks(false, Ran::Quarantined)),
        (90, marks(false, Ran::Idle)),
        (399, marks(true, Ran::Now)),
    ];
    let history = History {
        ends: 2,

        quick: true,
        fresh: true,
        trial: Some(17),
        company: true,
        accused: Some(18),
        condemned: Some(90),
    };
    let (clean, exact) = (false, true);
    Progress { base: 17, high: 400, clean, exact, incomplete: marks.into(), history: Some(history) }
}

/// What is incomplete of it, as a map without a history tells it.
fn plain() -> BTreeMap<i64, Mark> {
    [(17, true), (18, false), (90, false), (399, true)]
        .map(|(offset, started)| (offset, marks(started, Ran::Twice)))
        .into()
}

proptest! {
    #![proptest_config(mangle::cases(2_000))]

    #[test]
    fn fuzz_progress_damaged(text in mangle::bytes([at_work().seal("inc").unwrap(), Progress::fresh(17).seal("inc").unwrap()])) {
        let text = text.lossy();
        if let Ok(progress) = Progress::open("inc", 17, &text) {
            prop_assert!(progress == at_work() || progress == Progress::fresh(17), "damage went unnoticed");
            prop_assert_eq!(progress.seal("inc").unwrap(), text);
        }
    }

    #[test]
    fn fuzz_progress_body(body in mangle::bytes([URL_SAFE_NO_PAD.encode(at_work().payload())])) {
        if let Ok(text) = commit_meta::seal(WITH_HISTORY, "inc", &body.lossy())
            && let Ok(progress) = Progress::open("inc", 17, &text)
        {
            prop_assert_eq!(progress.seal("inc").unwrap(), text.as_str());
        }
    }

    #[test]
    fn fuzz_progress_payload(payload in mangle::bytes([at_work().payload()])) {
        if let Some(progress) = read(WITH_HISTORY, &payload) {
            prop_assert_eq!(progress.payload(), payload.0);
        }
    }
}
