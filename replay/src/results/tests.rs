use serde_json::json;

use super::*;
use crate::sample;

#[test]
fn a_file_that_is_written_reads_as_it_was() {
    let results = sample::results(20, 7);
    let text = results.to_lines().unwrap();
    assert_eq!(text.lines().count(), results.turns.len() + 2);
    assert_eq!(read(&text).unwrap(), results);
}

#[test]
fn fields_that_are_not_known_are_ignored_and_a_newer_format_is_refused() {
    let head = |format: u32| {
        json!({"record": "head", "format": format, "name": "n", "manifest": "m", "later": 1,
            "baseline": {"name": "production"}, "candidate": {"name": "c.toml"}, "models": "live"})
        .to_string()
    };
    let read_head = read(&head(1)).unwrap().head;
    assert_eq!((read_head.name.as_str(), read_head.models), ("n", Models::Live));
    let newer = read(&head(2)).unwrap_err();
    assert_eq!(newer.label(), "newer");
    assert!(newer.to_string().contains("format 2"), "{newer}");
}

#[test]
fn what_is_no_file_of_results_is_told_with_its_line() {
    let good = sample::results(2, 1).to_lines().unwrap();
    let lines: Vec<&str> = good.lines().collect();
    for (text, label, told) in [
        (String::new(), "no_head", "first line"),
        ("{}\n".to_owned(), "no_head", "first line"),
        (lines[1].to_owned(), "no_head", "first line"),
        (format!("{}\n{}\n", lines[0], lines[0]), "place", "line 2: it is a second head"),
        (format!("{}\n{}\n{}\n", lines[0], lines[1], lines[1]), "place", "is there twice"),
        (format!("{good}{}\n", lines[1]), "place", "behind the end"),
        (format!("{}\n{{\"record\":\"turn\"}}\n", lines[0]), "line", "line 2: missing field"),
        (format!("{}\nnonsense\n{}\n", lines[0], lines[1]), "line", "line 2: "),
        ("{\"record\":\"head\",\"format\":1}".to_owned(), "line", "line 1: missing field"),
    ] {
        let error = read(&text).unwrap_err();
        assert_eq!(error.label(), label, "{text}");
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn a_line_that_is_being_written_is_left_out_and_the_replay_has_no_end() {
    let good = sample::results(3, 1).to_lines().unwrap();
    let cut = good.len() - good.lines().last().unwrap().len() - 1;
    let results = read(&good[..cut - 10]).unwrap();
    assert_eq!(results.end, None);
    assert_eq!(results.turns.len() + 1, sample::results(3, 1).turns.len());
}

#[test]
fn orders_that_disagree_are_a_tie() {
    let opinion = |better, by| Opinion { better, by: Strength::new(by), why: String::new() };
    let judged = |baseline_first, candidate_first| Judged {
        baseline_first,
        candidate_first,
        equal: false,
        cost: vec![],
    };
    let both = judged(opinion(Preference::Candidate, 3), opinion(Preference::Candidate, 2));
    assert_eq!((both.better(), both.win(), both.score()), (Preference::Candidate, 1.0, 2.5));
    let worse = judged(opinion(Preference::Baseline, 9), opinion(Preference::Baseline, 3));
    assert_eq!((worse.win(), worse.score()), (0.0, -3.0));
    let torn = judged(opinion(Preference::Candidate, 3), opinion(Preference::Baseline, 3));
    assert_eq!(
        (torn.better(), torn.win(), torn.score(), torn.is_consistent()),
        (Preference::Tie, 0.5, 0.0, false)
    );
    let half = judged(opinion(Preference::Candidate, 3), Opinion::tie());
    assert_eq!((half.win(), half.score()), (0.5, 0.0));
}

#[test]
fn two_replays_are_joined_by_turn_and_the_judge_s_word_of_another_baseline_falls_away() {
    let (mut one, mut two) = (sample::results(10, 1), sample::results(10, 1));
    two.head.candidate.name = "other.toml".into();
    two.turns.iter_mut().for_each(|turn| turn.candidate.target = Some("other".into()));
    one.turns.remove(0);
    one.turns[0].footing = Footing::Closed;
    let joined = one.against(&two);
    assert_eq!(joined.turns.len(), one.turns.len());
    for (turn, ours) in joined.turns.iter().zip(&one.turns) {
        let theirs = two.turns.iter().find(|theirs| theirs.turn == turn.turn).unwrap();
        assert_eq!((&turn.candidate, &turn.baseline), (&ours.candidate, &theirs.candidate));
        assert_eq!(turn.footing, ours.footing.max(theirs.footing));
        assert!(turn.judged.is_none());
    }
    assert_eq!(joined.head.baseline, two.head.candidate);
}
