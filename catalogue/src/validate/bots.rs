//! The bots of an app: no two of one id or one name, since a message could be for either.

use std::collections::BTreeMap;

use common::Problems;
use schemas::ids::UserId;

use crate::name;
use crate::raw::{RawApp, RawBot};

/// The bots, with the names that they are mentioned by.
pub(super) fn bots(raw: &RawApp, place: &str, problems: &mut Problems) -> BTreeMap<UserId, Vec<String>> {
    let mut bots = BTreeMap::new();
    // Whose a name is, an id being one: both are compared as mentions are.
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let mut ids: Vec<(&RawBot, UserId)> = Vec::new();
    for bot in &raw.bot {
        let id = bot.id.get_ref();
        let Some(user) = problems.take_at(place, &bot.id, UserId::new(id.clone())) else { continue };
        match owners.insert(name::key(id), id) {
            None => ids.push((bot, user)),
            Some(other) => {
                let what = match other == id {
                    true => format!("bot {id:?} is configured twice"),
                    false => format!(
                        "bot {id:?} is configured twice: Easemob takes it for {other:?}, ids know no case"
                    ),
                };
                problems.add_at(place, &bot.id, what);
            }
        }
    }
    for (bot, id) in ids {
        let mut names: Vec<String> = Vec::new();
        for written in &bot.names {
            let name = name::bare(written.get_ref()).to_owned();
            if name.is_empty() {
                problems.add_at(place, written, format!("a name of bot {:?} is empty", id.as_str()));
                continue;
            }
            let owner = *owners.entry(name::key(&name)).or_insert(bot.id.get_ref());
            if owner != bot.id.get_ref() {
                let what =
                    format!("the name {name:?} of bot {:?} is one of bot {owner:?} as well", id.as_str());
                problems.add_at(place, written, what);
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        bots.insert(id, names);
    }
    if raw.bot.is_empty() {
        problems.add_at(place, &raw.key, "it has no bot");
    }
    bots
}

#[cfg(test)]
mod tests;
