//! How model-made answers are marked: checked, so that no answer goes out unmarked by mistake.

use std::collections::BTreeMap;

use common::Problems;
use safety::is_blank;
use schemas::aigc::LONGEST_PROVIDER;
use toml::Spanned;

use super::json_size;
use crate::labels::{LabelPlace, Labels, Language};
use crate::raw::RawApp;

/// Most bytes of a label, as JSON: every part has it.
const LONGEST_LABEL: usize = 512;

/// The labels of an app.
pub(super) fn labels(raw: &RawApp, place: &str, problems: &mut Problems) -> Labels {
    let places = [("start", LabelPlace::Start), ("end", LabelPlace::End)];
    let at = problems.word(place, &raw.label_at, &places).unwrap_or_default();
    let by_language = [
        (Language::ZhHans, &raw.label_texts.zh_hans),
        (Language::ZhHant, &raw.label_texts.zh_hant),
        (Language::En, &raw.label_texts.en),
    ];
    let by_language = by_language.into_iter().filter_map(|(language, text)| Some((language, text.as_ref()?)));
    let texts: BTreeMap<_, _> = by_language.collect();
    let is_labelled = !raw.label.get_ref().is_empty();
    check_consent(raw, place, problems);
    for text in texts.values().copied().chain(is_labelled.then_some(&raw.label)) {
        check_text(text, place, problems);
        check_size(raw, text, place, problems);
    }
    if !is_labelled && let Some(text) = texts.values().next() {
        problems.add_at(place, text, "label_texts: answers in other languages need label");
    }
    let producer = provider(raw.aigc.producer.as_ref(), place, problems);
    let producer = producer.unwrap_or_else(|| raw.key.get_ref().clone());
    let propagator = provider(raw.aigc.propagator.as_ref(), place, problems);
    Labels {
        at,
        texts: texts.into_iter().map(|(language, text)| (language, text.get_ref().clone())).collect(),
        consent: raw.consent.as_ref().map(|consent| consent.get_ref().clone()),
        propagator: propagator.unwrap_or_else(|| producer.clone()),
        producer,
    }
}

/// An answer has a label, or people agreed to have none.
fn check_consent(raw: &RawApp, place: &str, problems: &mut Problems) {
    let is_labelled = !raw.label.get_ref().is_empty();
    match &raw.consent {
        None if !is_labelled => problems.add_at(
            place,
            &raw.label,
            "label is empty: answers that are not labelled need consent, a text that says where it is recorded \
             that people agreed to that",
        ),
        Some(consent) if is_blank(consent.get_ref()) => {
            problems.add_at(place, consent, "consent says nothing: it tells where the consent is recorded");
        }
        Some(consent) if is_labelled => {
            problems.add_at(place, consent, "consent is for answers without a label, and label has a text");
        }
        _ => {}
    }
}

/// One line that is seen, and that opens or closes no block of code.
fn check_text(text: &Spanned<String>, place: &str, problems: &mut Problems) {
    let label = text.get_ref();
    if is_blank(label) {
        problems.add_at(place, text, "label: nobody would see it");
    } else if label.chars().any(char::is_control) || *label != label.trim() {
        problems.add_at(place, text, "label: it is one line, without spaces around it");
    } else if label.contains("```") || label.contains("~~~") {
        problems.add_at(place, text, "label: it may not hold ``` or ~~~");
    }
}

/// Every part has room for it.
fn check_size(raw: &RawApp, text: &Spanned<String>, place: &str, problems: &mut Problems) {
    let size = json_size(text.get_ref());
    if size > LONGEST_LABEL {
        problems.add_at(place, text, format!("label: it may have at most {LONGEST_LABEL} bytes"));
    }
    if size + json_size(&raw.canned.cut) >= raw.part_bytes as usize / 2 {
        problems.add_at(place, text, "label and canned.cut must be shorter than half of part_bytes");
    }
}

fn provider(raw: Option<&Spanned<String>>, place: &str, problems: &mut Problems) -> Option<String> {
    let raw = raw?;
    let name = raw.get_ref();
    if is_blank(name) || name.len() > LONGEST_PROVIDER || name.chars().any(char::is_control) {
        let what = format!("aigc: a provider's name or code has from 1 to {LONGEST_PROVIDER} bytes");
        problems.add_at(place, raw, what);
    }
    Some(name.clone())
}
