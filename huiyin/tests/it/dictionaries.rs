//! A bundle whose dictionary is larger than a record may be.

use pipeline::kafka::read_all;

use crate::rig::Rig;
use crate::wait::{seconds, until};

/// More words than fit into one record, and one that is looked for through views.
fn words() -> String {
    let many = (0..90_000).map(|n| format!("forbidden word number {n}\tmany\n"));
    many.chain(["赌博\tgambling\tseparators,repeats,pinyin\n".to_owned()]).collect()
}

fn with_words(text: String) -> String {
    text + "\n[[filter.dictionary]]\nname = \"large\"\nfile = \"large.tsv\"\naction = \"block\"\n"
}

#[test]
fn a_dictionary_of_megabytes_reaches_every_role_with_its_bundle_and_stops_a_message() {
    let rig = Rig::new("words", |text| text);
    let words = words();
    assert!(words.len() > 2 << 20, "{}", words.len());
    let folder = rig.file(|text| text).0.parent().unwrap().to_owned();
    std::fs::write(folder.join("large.tsv"), &words).unwrap();
    rig.prepare();
    let _processes = rig.start_apart(&["ingest", "decide", "call", "deliver"]);
    let said = rig.stand_ins.say("before", "Shall we 赌-博? Or forbidden word number 777?");
    assert!(said.is_intercepted(), "{said:?}");
    until("an answer", seconds(30), || (!rig.stand_ins.heard("before").is_empty()).then_some(()));

    let applied = rig.edited(with_words, &["config", "apply"]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    until("ingest to block a word of the dictionary", seconds(20), || {
        rig.stand_ins.say("writer", "Shall we 赌-博?").is_blocked().then_some(())
    });
    // By somebody else: whoever asked again and again may have asked too often.
    let stopped = rig.stand_ins.say("reader", "It is forbidden word number 777");
    assert!(stopped.is_blocked(), "{stopped:?}");
    let passed = rig.stand_ins.say("reader", "It is a word that is fine");
    assert!(passed.is_intercepted(), "{passed:?}");

    let entries = read_all(&rig.access(), &rig.topic("configs"), 0, seconds(30)).unwrap();
    let pieces: Vec<usize> = entries
        .iter()
        .filter(|(key, _)| key.starts_with(b"@content/"))
        .map(|(_, entry)| entry.value.len())
        .collect();
    assert_eq!(pieces.iter().sum::<usize>(), words.len());
    assert!(pieces.len() > 4 && pieces.iter().all(|piece| *piece <= 1 << 19), "{pieces:?}");
    let holds_words = |value: &[u8]| value.windows(14).any(|window| window == b"forbidden word");
    let bundles = entries.iter().filter(|(key, _)| !key.starts_with(b"@"));
    assert!(bundles.clone().count() == 2 && bundles.clone().all(|(_, entry)| !holds_words(&entry.value)));

    // A process that starts later finds all of it, and the log folds again as it was decided.
    let later = rig.start_apart(&["decide"]);
    drop(later);
    let quiet =
        until("every turn to end", seconds(30), || Some(rig.books.log()).filter(|log| log.is_quiet()));
    let verdicts = quiet.decisions.iter().filter_map(|decision| decision.value.verdict.as_ref());
    assert!(verdicts.into_iter().any(|verdict| verdict.rules.contains(&"large/gambling".to_owned())));
    let folded = rig.done(&["refold"]);
    assert!(folded.contains(" 0 differ"), "{folded}");
    assert!(rig.edited(with_words, &["config", "apply"]).stdout.contains("is applied already"));
}
