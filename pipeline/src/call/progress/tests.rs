use proptest::prelude::*;

use super::*;

const INCARNATION: &str = "8b7d2e0a-6f1f-4f0e-9a65-3f6f6d6b6c11";

/// Any progress that a ledger can have: the frontier is the lowest incomplete, or everything is done.
fn progress() -> impl Strategy<Value = Progress> {
    let marks = prop::collection::vec((0u64..200, any::<bool>()), 0..1_500);
    (
        0i64..1 << 40,
        marks,
        prop::collection::vec((any::<prop::sample::Index>(), 1u8..4), 0..16),
        any::<bool>(),
        0i64..5_000,
    )
        .prop_map(|(base, gaps, attempts, clean, tail)| {
            let mut incomplete = BTreeMap::new();
            let mut at = base;
            for (index, (gap, started)) in gaps.into_iter().enumerate() {
                at += if index == 0 { 0 } else { gap as i64 + 1 };
                incomplete.insert(at, Mark { started, attempts: 0 });
            }
            let offsets: Vec<i64> = incomplete.keys().copied().collect();
            for (index, count) in attempts {
                if let Some(mark) =
                    (!offsets.is_empty()).then(|| index.get(&offsets)).and_then(|o| incomplete.get_mut(o))
                {
                    mark.attempts = count;
                }
            }
            let high = if incomplete.is_empty() { base } else { at + 1 + tail };
            Progress { base, high, clean, exact: tail % 2 == 0, incomplete }
        })
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
        if let Some(progress) = read(&payload) {
            prop_assert_eq!(progress.payload(), payload);
        }
    }
}

#[test]
fn a_full_partition_of_dense_calls_stays_below_3400_characters_of_body() {
    // Every 20th record of a long span still runs, which is sparser than the model of 2,000 calls in flight.
    let incomplete: BTreeMap<i64, Mark> =
        (0..2_500).map(|n| (7_000_000_000 + n * 20, Mark { started: n % 2 == 0, attempts: 0 })).collect();
    let progress =
        Progress { base: 7_000_000_000, high: 7_000_060_000, clean: false, exact: false, incomplete };
    let text = progress.seal(INCARNATION).unwrap();
    assert!(text.len() - (commit_meta::MAX_CHARS - commit_meta::room(INCARNATION)) < 3_400, "{}", text.len());
    assert!(text.len() <= text_size(INCARNATION, 2_500));
}

#[test]
fn metadata_that_is_not_for_this_offset_or_not_ours_is_refused() {
    let text = Progress::fresh(10).seal(INCARNATION).unwrap();
    assert_eq!(Progress::open(INCARNATION, 11, &text), Err(MetadataError::Body));
    assert_eq!(Progress::open(INCARNATION, 10, ""), Err(MetadataError::Foreign));
    assert_eq!(Progress::open("other", 10, &text), Err(MetadataError::Incarnation));
    let foreign = commit_meta::seal(KIND, INCARNATION, "AAAA!").unwrap();
    assert_eq!(Progress::open(INCARNATION, 0, &foreign), Err(MetadataError::Body));
}

#[test]
fn a_length_beyond_the_payload_is_refused_before_memory_is_taken() {
    let mut payload = vec![0];
    put(&mut payload, 5);
    put(&mut payload, 1 << 40);
    put(&mut payload, u64::MAX >> 1);
    assert_eq!(read(&payload), None);
}

/// A partition at work, as its payload.
fn at_work() -> Progress {
    let marks = [(17, true, 0), (18, false, 0), (90, false, 2), (399, true, 1)];
    let incomplete = marks.map(|(offset, started, attempts)| (offset, Mark { started, attempts })).into();
    Progress { base: 17, high: 400, clean: false, exact: true, incomplete }
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
        if let Ok(text) = commit_meta::seal(KIND, "inc", &body.lossy())
            && let Ok(progress) = Progress::open("inc", 17, &text)
        {
            prop_assert_eq!(progress.seal("inc").unwrap(), text.as_str());
        }
    }

    #[test]
    fn fuzz_progress_payload(payload in mangle::bytes([at_work().payload(), Progress::fresh(17).payload()])) {
        if let Some(progress) = read(&payload) {
            prop_assert_eq!(progress.payload(), payload.0);
        }
    }
}
