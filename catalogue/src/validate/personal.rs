//! Personal data, injections and leaks of the system prompt: styles, scores and keys that fit together.

use std::collections::BTreeMap;

use common::{Carrier, Problems, Secret};
use safety::Action;
use safety::leak::PromptGuard;
use safety::personal::{Kind, Style, Styles};
use toml::Spanned;

use crate::hash_keys::fingerprint;
use crate::personal::{Injection, PersonalData, PromptLeak, Restore};
use crate::raw::{RawApp, RawCatalogue, RawStyles};

/// Fewest characters of a key.
const SHORTEST_KEY: usize = 32;
/// The highest score.
const HIGHEST_SCORE: u16 = 1_000;
const STYLES: [(&str, Style); 5] = [
    ("off", Style::Off),
    ("keep_ends", Style::KeepEnds),
    ("stars", Style::Stars),
    ("placeholder", Style::Placeholder),
    ("hash", Style::Hash),
];

/// The keys of hashes by their names.
pub(super) fn hash_keys(raw: &RawCatalogue, problems: &mut Problems) -> BTreeMap<String, Secret> {
    let mut keys = BTreeMap::new();
    for raw in &raw.hash_key {
        let place = format!("hash_key {:?}", raw.name.get_ref());
        if let Some(what) = raw.key.problem(Carrier::Text) {
            problems.add_at(&place, &raw.name, format!("key: {what}"));
        } else if raw.key.expose().chars().count() < SHORTEST_KEY {
            problems.add_at(&place, &raw.name, format!("key: it has fewer than {SHORTEST_KEY} characters"));
        }
        if keys.insert(raw.name.get_ref().clone(), raw.key.clone()).is_some() {
            problems.add_at(&place, &raw.name, "it is configured twice");
        }
    }
    keys
}

/// What an app does with personal data; `None` when that is nothing.
pub(super) fn personal_data(
    raw: &RawApp,
    keys: &BTreeMap<String, Secret>,
    place: &str,
    problems: &mut Problems,
) -> Option<PersonalData> {
    let raw = &raw.personal_data;
    let restore = [("chats", Restore::Chats), ("everywhere", Restore::Everywhere), ("never", Restore::Never)];
    let mut direction = Direction { has_key: raw.hash_key.is_some(), place, problems };
    let model = direction.styles(&raw.model, &STYLES);
    let elsewhere = STYLES.into_iter().filter(|(_, style)| *style != Style::Placeholder);
    let elsewhere: Vec<_> = elsewhere.collect();
    let people = direction.styles(&raw.people, &elsewhere);
    let said = direction.styles(&raw.said, &elsewhere);
    let restore = problems.word(place, &raw.restore, &restore).unwrap_or_default();
    let hash_key = raw.hash_key.as_ref().and_then(|name| {
        let key = keys.get(name.get_ref());
        if key.is_none() {
            problems.add_at(place, name, format!("no [[hash_key]] is called {:?}", name.get_ref()));
        }
        key.map(fingerprint)
    });
    let personal = PersonalData { people, model, said, restore, hash_key };
    let is_off = [&personal.people, &personal.model, &personal.said].into_iter().all(Styles::is_off);
    if is_off { None } else { Some(personal) }
}

/// Reads the styles of a direction.
struct Direction<'a> {
    has_key: bool,
    place: &'a str,
    problems: &'a mut Problems,
}

impl Direction<'_> {
    fn styles(&mut self, raw: &RawStyles, known: &[(&str, Style)]) -> Styles {
        let default = self.style(&raw.style, known);
        let mut kinds = BTreeMap::new();
        for (name, style) in &raw.kinds {
            let style_read = self.style(style, known);
            match Kind::ALL.into_iter().find(|kind| kind.label() == name) {
                Some(kind) => drop(kinds.insert(kind, style_read)),
                None => {
                    let names = Kind::ALL.map(Kind::label).join(", ");
                    self.problems.add_at(self.place, style, format!("{name:?} is none of {names}"));
                }
            }
        }
        Styles { default, kinds }
    }

    fn style(&mut self, at: &Spanned<String>, known: &[(&str, Style)]) -> Style {
        let style = self.problems.word(self.place, at, known).unwrap_or(Style::Off);
        if style == Style::Hash && !self.has_key {
            self.problems.add_at(self.place, at, "style \"hash\" needs personal_data.hash_key");
        }
        style
    }
}

/// What follows from which score.
pub(super) fn injection(raw: &RawApp, place: &str, problems: &mut Problems) -> Injection {
    let raw = &raw.injection;
    let steps = [
        (Action::Pass, &raw.pass),
        (Action::Mask, &raw.mask),
        (Action::Replace, &raw.replace),
        (Action::Hold, &raw.hold),
        (Action::Block, &raw.block),
    ];
    let mut injection = Injection::new();
    let mut below = 0;
    for (action, at) in steps.into_iter().filter_map(|(action, at)| Some((action, at.as_ref()?))) {
        let score = *at.get_ref();
        if score == 0 || score > HIGHEST_SCORE {
            let what = format!("injection.{}: a score is from 1 to {HIGHEST_SCORE}", action.label());
            problems.add_at(place, at, what);
        } else if score <= below {
            let what = format!(
                "injection.{}: a stricter action needs a higher score than {below}, or the milder one never follows",
                action.label()
            );
            problems.add_at(place, at, what);
        }
        below = below.max(score);
        injection.insert(action, score);
    }
    injection
}

/// What follows from a leak of the system prompt.
pub(super) fn prompt_leak(raw: &RawApp, place: &str, problems: &mut Problems) -> Option<PromptLeak> {
    let actions = [
        ("mask", Action::Mask),
        ("replace", Action::Replace),
        ("hold", Action::Hold),
        ("block", Action::Block),
    ];
    let marker = raw.prompt_leak.marker.as_ref();
    let Some(action) = &raw.prompt_leak.action else {
        if let Some(marker) = marker {
            problems.add_at(place, marker, "prompt_leak.marker needs prompt_leak.action");
        }
        return None;
    };
    let action = problems.word(place, action, &actions);
    if let Some(marker) = marker {
        if !raw.system_prompt.contains(marker.get_ref().as_str()) {
            problems.add_at(place, marker, "prompt_leak.marker does not stand in system_prompt");
        } else if PromptGuard::new("").with_canary(marker.get_ref()).is_err() {
            problems.add_at(place, marker, "prompt_leak.marker has fewer than eight letters and digits");
        }
    }
    Some(PromptLeak { action: action?, marker: marker.map(|marker| marker.get_ref().clone()) })
}
