//! `[[app.experiment]]`, and what else of an app its routes read: classes and time zone.

use std::collections::BTreeSet;

use common::Problems;

use crate::complexity::Thresholds;
use crate::experiment::{Arm, Experiment};
use crate::raw::{RawApp, RawExperiment};
use crate::zone::Zone;

/// Most experiments of an app: each is in every decision.
const MOST: usize = 16;
/// How many arms an experiment has.
const ARMS: std::ops::RangeInclusive<usize> = 2..=16;
/// Most characters of a name.
const LONGEST: usize = 64;
/// The largest weight.
const HEAVIEST: u32 = 1_000_000;

/// The experiments of an app.
pub(super) fn experiments(raw: &RawApp, place: &str, problems: &mut Problems) -> Vec<Experiment> {
    if let Some(more) = raw.experiment.get(MOST) {
        problems.add_at(place, &more.name, format!("an app has at most {MOST} experiments"));
    }
    let mut names = BTreeSet::new();
    for raw in &raw.experiment {
        if !names.insert(raw.name.get_ref()) {
            problems.add_at(
                place,
                &raw.name,
                format!("experiment {:?} is configured twice", raw.name.get_ref()),
            );
        }
    }
    raw.experiment.iter().map(|raw| experiment(raw, place, problems)).collect()
}

fn experiment(raw: &RawExperiment, place: &str, problems: &mut Problems) -> Experiment {
    let name = raw.name.get_ref();
    let mut wrong = |at: &toml::Spanned<String>, what: &str| {
        problems.add_at(place, at, format!("experiment {name:?}: {what}"));
    };
    let is_name = |name: &str| !name.is_empty() && name.chars().count() <= LONGEST;
    if !is_name(name) {
        wrong(&raw.name, "a name has 1 to 64 characters");
    }
    if !ARMS.contains(&raw.arms.len()) {
        wrong(&raw.name, "it has from 2 to 16 arms");
    }
    let mut names = BTreeSet::new();
    for arm in &raw.arms {
        if !is_name(arm.name.get_ref()) {
            wrong(&arm.name, "the name of an arm has 1 to 64 characters");
        }
        if !names.insert(arm.name.get_ref()) {
            wrong(&arm.name, "it has this arm twice");
        }
        if *arm.weight.get_ref() > HEAVIEST {
            wrong(&arm.name, "a weight may be at most 1000000");
        }
    }
    if raw.arms.iter().all(|arm| *arm.weight.get_ref() == 0) {
        wrong(&raw.name, "no arm has a weight");
    }
    let arms = raw.arms.iter();
    let arms = arms.map(|arm| Arm { name: arm.name.get_ref().clone(), weight: *arm.weight.get_ref() });
    Experiment { name: name.clone(), arms: arms.collect() }
}

/// Where classes begin; nothing where they begin as usual.
pub(super) fn thresholds(raw: &RawApp, place: &str, problems: &mut Problems) -> Option<Thresholds> {
    let (standard, hard) = (&raw.complexity.standard, &raw.complexity.hard);
    let found = Thresholds { standard: *standard.get_ref(), hard: *hard.get_ref() };
    if found.standard == 0 {
        problems.add_at(place, standard, "complexity.standard may not be zero");
    }
    if found.hard <= found.standard || found.hard > 1_000 {
        problems.add_at(
            place,
            hard,
            "complexity.hard must be more than complexity.standard, and at most 1000",
        );
    }
    Some(found).filter(|found| *found != Thresholds::default())
}

/// The time zone.
pub(super) fn zone(raw: &RawApp, place: &str, problems: &mut Problems) -> Option<Zone> {
    let at = raw.time_zone.as_ref()?;
    problems.take_at(place, at, Zone::read(at.get_ref()).map_err(|what| format!("time_zone: {what}")))
}
