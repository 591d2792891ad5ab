//! `[[app.tier]]` and `tier_table`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use common::Problems;
use schemas::ids::{TargetName, UserId};
use toml::Spanned;

use super::filter::tell;
use super::millis;
use crate::filter::{Content, Contents};
use crate::raw::{Files, RawApp, RawCatalogue, RawTier};
use crate::target::Target;
use crate::tier::{HEAVIEST, Tier, TierTable};

/// Most tiers of an app.
const MOST: usize = 64;
/// Most persons that are listed: every bundle holds them.
const MOST_LISTED: usize = 10_000;

/// The tiers of an app.
pub(super) fn tiers(
    raw: &RawApp,
    targets: &BTreeMap<TargetName, Target>,
    place: &str,
    problems: &mut Problems,
) -> Vec<Tier> {
    if let Some(more) = raw.tier.get(MOST) {
        problems.add_at(place, &more.name, format!("an app has at most {MOST} tiers"));
    }
    if let Some(more) = raw.tier.iter().flat_map(|tier| &tier.users).nth(MOST_LISTED) {
        problems.add_at(
            place,
            more,
            format!("at most {MOST_LISTED} users are listed: the others are for tier_table"),
        );
    }
    let (mut names, mut listed) = (BTreeSet::new(), BTreeSet::new());
    let mut tiers = Vec::new();
    for raw_tier in &raw.tier {
        let name = raw_tier.name.get_ref();
        if !is_name(name) {
            problems.add_at(place, &raw_tier.name, "the name of a tier has 1 to 32 of a-z, 0-9, - and _");
        }
        if !names.insert(name) {
            problems.add_at(place, &raw_tier.name, format!("tier {name:?} is configured twice"));
        }
        let mut checking = Checking { raw, tier: name, place, problems };
        checking.numbers(raw_tier);
        checking.answer_within(raw_tier);
        checking.fits(raw_tier, targets);
        let users = checking.users(raw_tier, &mut listed);
        tiers.push(tier(raw_tier, users));
    }
    tiers
}

fn tier(raw: &RawTier, users: BTreeSet<UserId>) -> Tier {
    let number = |at: &Option<Spanned<u32>>| at.as_ref().map(|at| *at.get_ref());
    Tier {
        name: raw.name.get_ref().clone(),
        users,
        weight: number(&raw.weight).filter(|weight| *weight != 1),
        history_turns: number(&raw.history_turns),
        history_tokens: raw.history_tokens,
        max_output_tokens: number(&raw.max_output_tokens),
        answer_within_ms: raw.answer_within.as_ref().map(|at| millis(at.get_ref().0)),
        max_per_minute: number(&raw.max_per_minute),
    }
}

/// Checks one tier of an app. What it says of a problem begins with the tier's name.
struct Checking<'a, 'p> {
    raw: &'a RawApp,
    tier: &'a str,
    place: &'a str,
    problems: &'p mut Problems,
}

impl Checking<'_, '_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, what: impl std::fmt::Display) {
        self.problems.add_at(self.place, at, format!("tier {:?}: {what}", self.tier));
    }

    fn numbers(&mut self, raw: &RawTier) {
        if let Some(at) = raw.weight.as_ref().filter(|at| !(1..=HEAVIEST).contains(at.get_ref())) {
            self.wrong(at, format!("weight must be from 1 to {HEAVIEST}"));
        }
        if let Some(at) = raw.history_turns.as_ref().filter(|at| *at.get_ref() > 1_000) {
            self.wrong(at, "history_turns may be at most 1000");
        }
        for (key, at) in
            [("max_output_tokens", &raw.max_output_tokens), ("max_per_minute", &raw.max_per_minute)]
        {
            if let Some(at) = at.as_ref().filter(|at| *at.get_ref() == 0) {
                self.wrong(at, format!("{key} may not be zero"));
            }
        }
    }

    fn answer_within(&mut self, tier: &RawTier) {
        let Some(at) = &tier.answer_within else { return };
        let (app, within) = (self.raw, at.get_ref().0);
        let hedge = app.hedge_after.as_ref().map_or(Duration::ZERO, |after| after.get_ref().0);
        for (is_wrong, what) in [
            (within.is_zero(), "answer_within may not be zero"),
            (within <= app.merge_window, "answer_within must be longer than merge_window"),
            (within <= hedge && !hedge.is_zero(), "answer_within must be longer than hedge_after"),
            (
                app.lost_after < within.saturating_mul(2),
                "lost_after must be at least twice its answer_within",
            ),
        ] {
            if is_wrong {
                return self.wrong(at, what);
            }
        }
    }

    /// Whether its answers fit the windows of the app's chain.
    fn fits(&mut self, tier: &RawTier, targets: &BTreeMap<TargetName, Target>) {
        let Some(at) = &tier.max_output_tokens else { return };
        let chain = self
            .raw
            .chain
            .iter()
            .filter_map(|name| targets.iter().find(|(known, _)| known.as_str() == name.get_ref()));
        let narrow = chain.into_iter().find(|(_, target)| *at.get_ref() >= target.context_tokens);
        if let Some((name, _)) = narrow {
            self.wrong(at, format!("max_output_tokens leaves no room for a prompt in the window of {name}"));
        }
    }

    fn users(&mut self, tier: &RawTier, listed: &mut BTreeSet<UserId>) -> BTreeSet<UserId> {
        let mut users = BTreeSet::new();
        for at in &tier.users {
            match UserId::new(at.get_ref().clone()) {
                Err(bad) => self.wrong(at, bad),
                Ok(user) if !listed.insert(user.clone()) => {
                    self.wrong(at, format!("the user {:?} is listed twice", at.get_ref()));
                }
                Ok(user) => drop(users.insert(user.canonical())),
            }
        }
        users
    }
}

/// The table of an app, each line checked.
pub(super) fn table(raw: &RawApp, files: &Files, place: &str, problems: &mut Problems) -> Option<Content> {
    let at = raw.tier_table.as_ref()?;
    if raw.tier.is_empty() {
        problems.add_at(place, at, "tier_table: the app has no tier");
    }
    let text = files.text(at.get_ref()).map_err(|why| format!("read {:?}: {why}", at.get_ref()));
    let text: Arc<str> = problems.take_at(place, at, text)?;
    let names: BTreeSet<&str> = raw.tier.iter().map(|tier| tier.name.get_ref().as_str()).collect();
    let (table, found) = TierTable::read(&text, |name| names.contains(name));
    tell(place, Some(at), &found, problems);
    Some(Content::of(&text, table.len()))
}

/// Adds the texts of every table that apps name.
pub(crate) fn add_contents(raw: &RawCatalogue, contents: &mut Contents) {
    let named = raw.app.iter().filter_map(|app| app.tier_table.as_ref());
    for text in named.filter_map(|path| raw.files.text(path.get_ref()).ok()) {
        contents.insert(&Content::of(&text, 0), text);
    }
}

fn is_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    (1..=32).contains(&name.len()) && name.bytes().all(legal)
}
