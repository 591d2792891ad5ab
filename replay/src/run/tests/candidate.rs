//! Replays of a candidate with recorded models: what was planted differs, and nothing else.

use conversation::States;

use super::scene::{Says, Scene, bundle};
use super::tape::{Written, chosen, manifest, turns};
use crate::dataset::Chosen;
use crate::results::{Footing, Side, TurnResult};
use crate::run::{Engine, Part, Progress, Tally, recorded};
use crate::shadow::Kind;
use schemas::verdict::Action;

fn scene(app: &str) -> Scene {
    Scene::play(
        &bundle(app, ""),
        &[
            Says(0, "alice", "where is my parcel"),
            Says(1_000, "bob", "a casino for me"),
            Says(10_000, "alice", "and when"),
            Says(11_000, "bob", "thanks"),
            Says(12_000, "carol", "hello"),
            Says(14_500, "carol", "a casino too"),
            Says(30_000, "dave", "how do I pay"),
        ],
    )
}

fn replay(scene: &Scene, candidate: &catalogue::Bundle) -> (Tally, Written) {
    replay_of(scene, candidate, None)
}

fn replay_of(scene: &Scene, candidate: &catalogue::Bundle, chosen: Option<&Chosen>) -> (Tally, Written) {
    let (line, span) = (scene.line(&[candidate]), scene.span());
    let (manifest, progress) = (manifest(span, None), Progress::default());
    let candidate = Some(candidate.hash().unwrap());
    let engine =
        Engine { manifest: &manifest, line: &line, candidate, fallback: None, chosen, progress: &progress };
    recorded(&engine, Part { span, logs: scene.logs(span), states: States::default(), sink: Vec::new() })
        .unwrap()
}

#[test]
fn a_candidate_that_production_had_is_held_to_the_byte_and_another_is_not() {
    let scene = scene("");
    let (tally, written) = replay(&scene, &bundle("", ""));
    assert!(tally.decisions > 7 && tally.different == 0, "{:?}", tally.differences);
    assert!(turns(&written).iter().all(|turn| turn.baseline == turn.candidate && turn.drift.is_none()));

    let other = scene.with_decision(|value| value.replacen("\"parts\":", "\"parts\":7", 1));
    let (tally, written) = replay(&other, &bundle("", ""));
    assert_eq!(tally.different, 1, "{:?}", tally.differences);
    assert!(tally.differences[0].contains("cause: unexplained"), "{:?}", tally.differences);
    assert_eq!(turns(&written).iter().filter(|turn| turn.drift.is_some()).count(), 1);
    let spare = "[[target]]\nname = \"spare\"\nprovider = \"local\"\nmodel = \"spare\"\nregion = \"cn\"";
    assert_eq!(replay(&other, &bundle("", spare)).0.decisions, 0);
}

#[test]
fn a_candidate_that_production_leaves_is_compared_from_then_on() {
    let rule = "[[filter.word]]\nid = \"casinos\"\naction = \"block\"\nwords = [\"casino\"]";
    let (before, after) = (bundle("", ""), bundle("", rule));
    let scene = Scene::played(
        &before,
        Some((5_000, &after)),
        &[
            Says(0, "alice", "a casino"),
            Says(10_000, "bob", "another casino"),
            Says(20_000, "alice", "hello"),
        ],
    );
    let (tally, written) = replay(&scene, &before);
    assert!(tally.decisions > 0 && tally.different == 0, "{:?}", tally.differences);
    let turns = turns(&written);
    let verdicts: Vec<_> = turns.iter().map(|turn| (turn.baseline.verdict, turn.candidate.verdict)).collect();
    assert_eq!(turns.len(), 3, "{turns:?}");
    assert!(verdicts.contains(&(Some(Action::Block), Some(Action::Pass))), "{verdicts:?}");
    assert!(turns.iter().all(|turn| turn.drift.is_none()), "{turns:?}");
}

#[test]
fn of_a_data_set_only_its_turns_are_in_the_results_and_they_stand_upon_all_that_was_before() {
    let scene = scene("");
    let rule = "[[filter.word]]\nid = \"casinos\"\naction = \"block\"\nwords = [\"casino\"]";
    let candidate = bundle("", rule);
    let whole = turns(&replay(&scene, &candidate).1);
    let wanted = |turn: &&TurnResult| matches!(turn.question.as_deref(), Some("and when" | "thanks"));
    let wanted: Vec<TurnResult> = whole.iter().filter(wanted).cloned().collect();
    assert_eq!(wanted.len(), 2);
    let chosen = chosen(&wanted);
    let (tally, written) = replay_of(&scene, &candidate, Some(&chosen));
    assert_eq!(turns(&written), wanted);
    assert_eq!((tally.joined.turns, tally.joined.conversations), (2, 2), "{tally:?}");
    // Alice and Bob are folded from their first word on, and nobody else is.
    let keys = written.iter().filter(|(kind, _)| *kind == Kind::Decisions).filter_map(|(_, r)| r.key.clone());
    let keys: Vec<String> = keys.map(|key| String::from_utf8(key).unwrap()).collect();
    assert!(keys.iter().all(|key| key.contains("alice") || key.contains("bob")), "{keys:?}");
    assert!(keys.len() > 4, "{keys:?}");
}

fn of<'a>(turns: &'a [TurnResult], user: &str) -> Vec<&'a TurnResult> {
    turns.iter().filter(|turn| turn.conversation.ends_with(user)).collect()
}

#[test]
fn a_planted_rule_gives_exactly_the_expected_differences_and_nothing_else() {
    let scene = scene("");
    let rule = "[[filter.word]]\nid = \"casinos\"\naction = \"block\"\nwords = [\"casino\"]";
    let (tally, written) = replay(&scene, &bundle("", rule));
    let turns = turns(&written);
    assert_eq!((tally.joined.turns, tally.joined.cold, tally.not_recorded), (7, 0, 0), "{tally:?}");
    for turn in &turns {
        let planted = turn.question.as_deref().is_some_and(|question| question.contains("casino"));
        assert_eq!(turn.baseline.verdict, Some(Action::Pass), "{turn:?}");
        assert_eq!(turn.candidate.verdict, Some(if planted { Action::Block } else { Action::Pass }));
        assert_eq!(turn.candidate.rules.is_empty(), !planted, "{turn:?}");
        if planted {
            assert!(turn.candidate.source.is_none() && turn.candidate.cost.is_none(), "{turn:?}");
            assert!(turn.candidate.answer != turn.baseline.answer && turn.candidate.is_complete());
        } else {
            assert_eq!(turn.candidate.answer, turn.baseline.answer);
            assert_eq!(turn.candidate.cost, turn.baseline.cost);
        }
        assert!(turn.drift.is_none() && turn.baseline.is_complete(), "{turn:?}");
    }
    // Alice's and Dave's questions stand upon recorded answers; Bob's second one does not.
    let footing = |user: &str| of(&turns, user).iter().map(|turn| turn.footing).collect::<Vec<_>>();
    assert_eq!(footing("alice"), [Footing::Closed, Footing::Closed]);
    assert_eq!(footing("bob"), [Footing::Closed, Footing::Open]);
    assert_eq!(footing("carol"), [Footing::Closed, Footing::Closed]);
    // What a blocked question leaves out of the history changes the next prompt, and no other.
    let changed = |turn: &&TurnResult| turn.baseline.request != turn.candidate.request;
    let changed: Vec<_> = turns.iter().filter(changed).map(|turn| turn.question.clone().unwrap()).collect();
    assert_eq!(changed, ["a casino for me", "thanks", "a casino too"]);
    assert_eq!((tally.kept, tally.same_content), (5, 4), "{tally:?}");
}

#[test]
fn the_same_rules_under_another_hash_differ_in_nothing_but_their_bytes() {
    for app in ["", "merge_window = \"3s\""] {
        let scene = scene(app);
        let spare = "[[target]]\nname = \"spare\"\nprovider = \"local\"\nmodel = \"spare\"\nregion = \"cn\"";
        let (tally, written) = replay(&scene, &bundle(app, spare));
        assert_eq!((tally.kept, tally.kept), (tally.same_content, tally.requests), "{tally:?}");
        assert_eq!((tally.not_recorded, tally.joined.cold), (0, 0));
        for turn in turns(&written) {
            assert_ne!(turn.baseline.decision, turn.candidate.decision);
            let side = crate::results::Side { decision: turn.baseline.decision.clone(), ..turn.candidate };
            assert_eq!(turn.baseline, side);
        }
    }
}

#[test]
fn a_question_that_the_line_never_asked_ends_without_a_record() {
    // Production waits for three seconds and merges; the candidate asks at once, one by one.
    let scene = Scene::play(
        &bundle("merge_window = \"3s\"", ""),
        &[Says(0, "alice", "one"), Says(1_000, "alice", "two"), Says(200_000, "alice", "three")],
    );
    let (tally, written) = replay(&scene, &bundle("", ""));
    let turns = turns(&written);
    // "two" was never asked by itself.
    assert_eq!(tally.not_recorded, 1, "{tally:?}");
    let two = turns.iter().find(|turn| turn.question.as_deref() == Some("two")).unwrap();
    assert_eq!(two.candidate.error.as_deref(), Some("not_recorded"));
    assert!(turns.iter().any(|turn| turn.question.as_deref() == Some("three")), "{turns:?}");
}

#[test]
fn a_timer_that_the_line_never_had_is_fired_by_a_clock_that_is_made() {
    // Production asks at once, so that nothing in the log wakes the candidate's merge window.
    let scene = Scene::play(
        &bundle("", ""),
        &[Says(0, "alice", "one"), Says(120_000, "bob", "two"), Says(300_000, "bob", "three")],
    );
    let (tally, written) = replay(&scene, &bundle("merge_window = \"3s\"", ""));
    let turns = turns(&written);
    assert!(tally.joined.turns >= 2, "{tally:?}");
    for turn in &turns {
        assert!(turn.candidate.request.is_some(), "{turn:?}");
    }
}

#[test]
fn what_was_used_costs_what_the_candidate_says_and_nothing_else_differs() {
    let price = "[[price]]\nprovider = \"local\"\nmodel = \"m\"\ncurrency = \"CNY\"\nfrom = \"1970-01-01\"\n\
                 input = \"2\"\noutput = \"8\"";
    let (tally, written) = replay(&scene(""), &bundle("", price));
    let turns = turns(&written);
    assert!(turns.len() > 6, "{turns:?}");
    let pico = |side: &Side| side.cost.as_ref().map(|cost| cost.pico);
    let (mut baseline, mut candidate) = (0, 0);
    for turn in &turns {
        assert_eq!(turn.candidate.answer, turn.baseline.answer);
        assert_eq!(turn.candidate.tokens, turn.baseline.tokens);
        assert_eq!(pico(&turn.baseline), Some(1_000));
        assert_eq!(pico(&turn.candidate), Some((10 * 2 + 5 * 8) * 1_000_000), "ten tokens in, five out");
        baseline += pico(&turn.baseline).unwrap_or_default();
        candidate += pico(&turn.candidate).unwrap_or_default();
    }
    assert_eq!(tally.joined.baseline.one().map(|cost| cost.pico), Some(baseline));
    assert_eq!(tally.joined.candidate.one().map(|cost| cost.pico), Some(candidate));
}
