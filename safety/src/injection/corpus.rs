//! How well the detector does on a labelled corpus: one half to tune with, the other held out.

use std::collections::BTreeMap;

use super::Detector;

/// Score from which on a text counts as an injection.
const THRESHOLD: u16 = 500;

pub(super) const TUNING: &str = include_str!("corpus/tuning.tsv");
const HELD_OUT: &str = include_str!("corpus/held_out.tsv");
/// Written last, when patterns and weights were done.
const FRESH: &str = include_str!("corpus/fresh.tsv");

pub(super) struct Text {
    pub(super) is_injection: bool,
    kind: &'static str,
    pub(super) text: String,
}

pub(super) fn texts(corpus: &'static str) -> Vec<Text> {
    let lines = corpus.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut fields = line.splitn(3, '\t');
            let mut field = || fields.next().unwrap();
            Text {
                is_injection: match field() {
                    "injection" => true,
                    "innocent" => false,
                    label => panic!("{label}"),
                },
                kind: field(),
                text: unescaped(field()),
            }
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    text.replace("\\\\", "\u{0}").replace("\\n", "\n").replace('\u{0}', "\\")
}

/// Recall and share of false alarms in thousandths, with a line for each text that was judged wrongly.
fn measured(corpus: &'static str) -> (usize, usize, String) {
    let detector = Detector::new();
    let mut of_kind: BTreeMap<(bool, &str), (usize, usize)> = BTreeMap::new();
    let mut wrong = String::new();
    for Text { is_injection, kind, text } in texts(corpus) {
        let found = detector.assess(&text);
        let is_found = found.score() >= THRESHOLD;
        let (hits, all) = of_kind.entry((is_injection, kind)).or_default();
        *hits += usize::from(is_found);
        *all += 1;
        if is_found != is_injection {
            wrong.push_str(&format!("{kind} {} {:?}: {text:?}\n", found.score(), found.signals));
        }
    }
    let permille = |wanted: bool| {
        let counts = of_kind.iter().filter(|((is_injection, _), _)| *is_injection == wanted);
        let (hits, all) = counts.fold((0, 0), |(hits, all), (_, (h, a))| (hits + h, all + a));
        1000 * hits / all
    };
    wrong.push_str(&format!("{of_kind:#?}"));
    (permille(true), permille(false), wrong)
}

#[test]
fn most_injections_are_found_and_few_innocent_texts_of_the_tuning_half() {
    let (recall, false_alarms, report) = measured(TUNING);
    println!("recall {recall} ‰, false alarms {false_alarms} ‰\n{report}");
    assert!(
        recall >= 960 && false_alarms <= 20,
        "recall {recall} ‰, false alarms {false_alarms} ‰\n{report}"
    );
}

#[test]
fn most_injections_are_found_and_few_innocent_texts_of_the_held_out_half() {
    let (recall, false_alarms, _) = measured(HELD_OUT);
    println!("recall {recall} ‰, false alarms {false_alarms} ‰");
    assert!(recall >= 900 && false_alarms <= 50, "recall {recall} ‰, false alarms {false_alarms} ‰");
}

#[test]
fn most_injections_are_found_and_few_innocent_texts_of_a_set_that_nothing_was_made_with() {
    let (recall, false_alarms, _) = measured(FRESH);
    println!("recall {recall} ‰, false alarms {false_alarms} ‰");
    assert!(recall >= 900 && false_alarms <= 50, "recall {recall} ‰, false alarms {false_alarms} ‰");
}

#[test]
fn the_corpus_has_hundreds_of_texts_of_many_techniques_in_both_halves() {
    for corpus in [TUNING, HELD_OUT] {
        let texts = texts(corpus);
        let injections: Vec<&Text> = texts.iter().filter(|text| text.is_injection).collect();
        let kinds: std::collections::BTreeSet<&str> = injections.iter().map(|text| text.kind).collect();
        assert!(injections.len() >= 150 && texts.len() - injections.len() >= 150 && kinds.len() >= 12);
    }
}
