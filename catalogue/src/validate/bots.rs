//! The bots of an app: no two of one id or one name, since a message could be for either.

use std::collections::BTreeMap;

use schemas::ids::UserId;

use super::Problems;
use crate::raw::{RawApp, RawBot};

/// The bots, with the names that they are mentioned by.
pub(super) fn bots(raw: &RawApp, place: &str, problems: &mut Problems) -> BTreeMap<UserId, Vec<String>> {
    let mut bots = BTreeMap::new();
    // Whose a name is, an id being one: neither is told apart by case when somebody is mentioned.
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let mut ids: Vec<(&RawBot, UserId)> = Vec::new();
    for bot in &raw.bot {
        let id = bot.id.get_ref();
        let Some(user) = problems.take(place, &bot.id, UserId::new(id.clone())) else { continue };
        match owners.insert(id.to_lowercase(), id) {
            None => ids.push((bot, user)),
            Some(other) => {
                let what = match other == id {
                    true => format!("bot {id:?} is configured twice"),
                    false => format!(
                        "bot {id:?} is configured twice: Easemob takes it for {other:?}, ids know no case"
                    ),
                };
                problems.add(place, Some(bot.id.span()), what);
            }
        }
    }
    for (bot, id) in ids {
        let mut names: Vec<String> = Vec::new();
        for written in &bot.names {
            let name = without_sign(written.get_ref());
            if name.is_empty() {
                problems.add(
                    place,
                    Some(written.span()),
                    format!("a name of bot {:?} is empty", id.as_str()),
                );
                continue;
            }
            let owner = *owners.entry(name.to_lowercase()).or_insert(bot.id.get_ref());
            if owner != bot.id.get_ref() {
                let what =
                    format!("the name {name:?} of bot {:?} is one of bot {owner:?} as well", id.as_str());
                problems.add(place, Some(written.span()), what);
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        bots.insert(id, names);
    }
    if raw.bot.is_empty() {
        problems.add(place, Some(raw.key.span()), "it has no bot");
    }
    bots
}

/// A name as it stands behind the sign of a mention; many write the sign with it, and clients put spaces behind.
fn without_sign(written: &str) -> String {
    let is_edge = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '@' | '＠' | '﹫' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let name = written.trim_start_matches(is_edge);
    name.trim_end_matches(|c| is_edge(c) && !matches!(c, '@' | '＠' | '﹫')).to_owned()
}

#[cfg(test)]
mod tests;
