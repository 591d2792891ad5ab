use common::secret::Secret;
use schemas::money::Money;

use super::row::ReplayRow;
use super::{ReplayHead, ReplayJudged, ReplaySide, ReplayTurn};
use crate::pseudonym::Pseudonyms;

fn turn() -> ReplayTurn {
    let side = ReplaySide {
        verdict: "pass",
        target: "main".to_owned(),
        cost: Some(Money { currency: "CNY".to_owned(), pico: 5 }),
        ..ReplaySide::default()
    };
    ReplayTurn {
        app: "acme#support".to_owned(),
        conversation: "acme#support/chat/bot/alice".to_owned(),
        turn: "t1".to_owned(),
        footing: "closed",
        judged: Some(ReplayJudged { better: "candidate", score: 1.5, equal: false }),
        candidate: ReplaySide { cost: None, ..side.clone() },
        baseline: side,
        ..ReplayTurn::default()
    }
}

fn row(turn: &ReplayTurn, now: i64) -> serde_json::Value {
    let head =
        ReplayHead { name: "cheaper".to_owned(), from: Some(-1), to: Some(7), ..ReplayHead::default() };
    let names = Pseudonyms::new(&Secret::new("key")).unwrap();
    serde_json::to_value(ReplayRow::of(&head, turn, &names, now)).unwrap()
}

#[test]
fn a_row_has_figures_and_pseudonyms_and_is_known_again_by_its_content() {
    let first = row(&turn(), 5);
    let names = Pseudonyms::new(&Secret::new("key")).unwrap();
    let conversation = names.of_conversation(&"acme#support/chat/bot/alice".parse().unwrap());
    assert_eq!(first["conversation"], conversation, "as other tables name it");
    assert_eq!((&first["baseline_cost"], &first["baseline_currency"]), (&5.into(), &"CNY".into()));
    assert_eq!(
        (&first["candidate_cost"], &first["candidate_currency"]),
        (&serde_json::Value::Null, &"".into())
    );
    assert_eq!(
        (&first["range_from"], &first["range_to"]),
        (&serde_json::Value::Null, &7.into()),
        "no such time"
    );
    assert!(!first.to_string().contains("alice"), "{first}");
    let later = row(&turn(), 6);
    assert_eq!((first["content"].clone(), &later["at"]), (later["content"].clone(), &6.into()));
    let other = row(&ReplayTurn { cold_start: true, ..turn() }, 5);
    assert_ne!(first["content"], other["content"]);
    let pseudonymous = row(&ReplayTurn { conversation: "c-17".to_owned(), ..turn() }, 5);
    assert_eq!(pseudonymous["conversation"].as_str().unwrap().len(), 32);
}
