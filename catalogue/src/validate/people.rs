//! The policy on messages among people.

use common::Problems;
use safety::is_blank;
use toml::Spanned;

use crate::labels::Language;
use crate::people::{Judge, Otherwise, People, PeopleRecord, Texts, TooLong};
use crate::raw::{RawApp, RawPeople, RawPeopleTexts};
use crate::reviewer::ReviewPolicy;

/// Most characters of a text: Easemob takes replies of 1,000, and there is more in them.
const LONGEST: usize = 200;

/// The policy of an app; the default where it has none. A message that is held is treated as the app treats what nobody reviewed.
pub(super) fn people(
    raw: &RawApp,
    review: Option<&ReviewPolicy>,
    place: &str,
    problems: &mut Problems,
) -> People {
    let hold = match review {
        Some(review) if review.lets_on(None, None) => Otherwise::Pass,
        _ => Otherwise::Block,
    };
    let Some(said) = &raw.people else { return People { hold, ..People::default() } };
    let blocked = texts("blocked", said.blocked.as_ref(), &said.blocked_texts, place, problems);
    let replacement =
        texts("replacement", said.replacement.as_ref(), &said.replacement_texts, place, problems);
    let policy = words(said, place, problems);
    let hold = said.hold.as_ref().map_or(hold, |_| policy.hold);
    if policy.too_long == TooLong::Replace && replacement.text.is_empty() {
        let what = "people.too_long replaces texts, and people.replacement is missing";
        problems.add_at(place, &said.too_long, what);
    }
    if policy.judge == Judge::Bots && raw.record.get_ref() == "all" {
        let what =
            "record is all, and with people.judge = \"bots\" nothing of messages among people is recorded";
        problems.add_at(place, &raw.record, what);
    }
    People { blocked, replacement, hold, ..policy }
}

/// What the policy says in words.
fn words(raw: &RawPeople, place: &str, problems: &mut Problems) -> People {
    let otherwise = [("block", Otherwise::Block), ("pass", Otherwise::Pass)];
    let judge = [("everyone", Judge::Everyone), ("bots", Judge::Bots)];
    let record = [("fact", PeopleRecord::Fact), ("message", PeopleRecord::Message)];
    let too_long = [("block", TooLong::Block), ("pass", TooLong::Pass), ("replace", TooLong::Replace)];
    People {
        judge: problems.word(place, &raw.judge, &judge).unwrap_or_default(),
        record: problems.word(place, &raw.record, &record).unwrap_or_default(),
        unchangeable: problems.word(place, &raw.unchangeable, &otherwise).unwrap_or_default(),
        too_long: problems.word(place, &raw.too_long, &too_long).unwrap_or_default(),
        hold: raw.hold.as_ref().and_then(|hold| problems.word(place, hold, &otherwise)).unwrap_or_default(),
        ..People::default()
    }
}

fn texts(
    key: &str,
    general: Option<&Spanned<String>>,
    raw: &RawPeopleTexts,
    place: &str,
    problems: &mut Problems,
) -> Texts {
    let own = [(Language::ZhHans, &raw.zh_hans), (Language::ZhHant, &raw.zh_hant), (Language::En, &raw.en)];
    let own: Vec<_> =
        own.into_iter().filter_map(|(language, text)| Some((language, text.as_ref()?))).collect();
    for text in general.into_iter().chain(own.iter().map(|(_, text)| *text)) {
        if is_blank(text.get_ref()) {
            problems.add_at(place, text, format!("people.{key}: nobody would see it"));
        } else if text.get_ref().chars().count() > LONGEST {
            problems.add_at(place, text, format!("people.{key} may have at most {LONGEST} characters"));
        }
    }
    if let (None, Some((_, text))) = (general, own.first()) {
        problems.add_at(place, text, format!("people.{key}_texts: other languages need people.{key}"));
    }
    Texts {
        text: general.map(|text| text.get_ref().clone()).unwrap_or_default(),
        by_language: own.into_iter().map(|(language, text)| (language, text.get_ref().clone())).collect(),
    }
}
