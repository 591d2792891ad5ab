//! `huiyin offsets show`.

use std::collections::BTreeMap;

use anyhow::Context;
use pipeline::call::{Progress, Ran};
use pipeline::kafka::Group;
use pipeline::offsets::Said;
use pipeline::{Clock, WallClock};
use serde_json::{Value, json};

use super::place::{Place, frontiers, group, places};
use super::reads;
use crate::config::Config;
use crate::role::Role;
use crate::timestamp::lasted;
use crate::{table, topics};

/// Where each role, or one, stands: as text or as JSON.
pub(super) fn show(config: &Config, role: Option<Role>, json: bool) -> anyhow::Result<String> {
    let incarnation = topics::incarnation(config)?;
    let roles: Vec<Role> = match role {
        Some(role) => vec![role],
        None => Role::LINE.into_iter().filter(|role| *role != Role::Ingest).collect(),
    };
    let (mut values, mut rows, mut members) = (Vec::new(), Vec::new(), BTreeMap::new());
    for role in roles {
        let group = group(config, role)?;
        members.insert(role.label(), hosts(&group)?);
        let places = places(config, reads(role)?, &group, &incarnation)?;
        let frontiers = frontiers(config, &places)?;
        for place in places {
            let frontier = frontiers.get(&(place.topic, place.partition.index)).copied();
            let age = frontier.flatten().map(|time| WallClock.now().saturating_sub(time).max(0));
            // A step commits behind its last record; what is left there then is no work.
            let lag = if frontier == Some(None) { Some(0) } else { place.lag() };
            values.push(value(role, &place, (lag, age)));
            rows.push(row(role, &place, (lag, age)));
        }
    }
    if json {
        let shown = json!({ "incarnation": incarnation, "members": members, "partitions": values });
        return Ok(serde_json::to_string(&shown)? + "\n");
    }
    let header = ["ROLE", "PARTITION", "COMMITTED", "LOG", "OPEN", "LAG", "AGE", "AHEAD", "STATE"];
    let mut text = format!("incarnation {incarnation}\n");
    for (role, hosts) in members {
        text.push_str(&format!("{role}: {} members", hosts.len()));
        hosts.iter().for_each(|host| text.push_str(&format!(" {host}")));
        text.push('\n');
    }
    Ok(text + &table::aligned(header, &rows))
}

/// Where each member of a group runs, and the id that the broker gave it.
fn hosts(group: &Group) -> anyhow::Result<Vec<String>> {
    let members = group.members().context("read the group's members")?;
    Ok(members.into_iter().map(|member| format!("{}{}", member.id, member.host)).collect())
}

fn ahead(place: &Place) -> Option<i64> {
    match &place.said {
        Ok(Some(Said::Call(progress))) => {
            let incomplete = i64::try_from(progress.incomplete.len()).unwrap_or(i64::MAX);
            Some(progress.high - progress.base - incomplete)
        }
        Ok(_) | Err(_) => None,
    }
}

fn value(role: Role, place: &Place, (lag, age): (Option<i64>, Option<i64>)) -> Value {
    let mut value = json!({
        "role": role.label(),
        "topic": place.topic.name(),
        "partition": place.partition.index,
        "committed": place.committed,
        "log_start": place.log.0,
        "log_end": place.log.1,
        "unsettled": place.unsettled,
        "lag": lag,
        "frontier_age_ms": age,
        "finished_ahead": ahead(place),
        "incarnation": place.incarnation,
        "refused": place.said.as_ref().err().map(|why| json!({ "reason": why.label(), "why": why.to_string() })),
    });
    let progress = match &place.said {
        Ok(Some(Said::Fold { running, attempts, window })) => {
            json!({ "running": running, "attempts": attempts, "window": window })
        }
        Ok(Some(Said::Call(progress))) => json!({
            "clean": progress.clean, "high": progress.high, "incomplete": progress.incomplete.len(),
            "unclean_ends": ends(progress),
            "quarantined": progress.incomplete.values().filter(|mark| mark.ran == Ran::Quarantined).count(),
        }),
        Ok(Some(Said::Batch { pending, builder })) => {
            json!({ "pending": pending.map(|(first, last)| [first, last]), "builder": builder })
        }
        Ok(None) | Err(_) => Value::Null,
    };
    value["progress"] = progress;
    value
}

fn row(role: Role, place: &Place, (lag, age): (Option<i64>, Option<i64>)) -> [String; 9] {
    let or_none = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    [
        role.label().to_owned(),
        format!("{}/{}", place.topic.name(), place.partition.index),
        or_none(place.committed),
        format!("{}..{}", place.log.0, place.log.1),
        place.unsettled.to_string(),
        or_none(lag),
        age.map_or_else(|| "-".to_owned(), lasted),
        or_none(ahead(place)),
        state(place),
    ]
}

/// Unclean ends in a row whose suspects are not all done.
fn ends(progress: &Progress) -> u8 {
    progress.history.as_ref().map_or(0, |history| history.ends)
}

/// What the metadata says, in words.
fn state(place: &Place) -> String {
    match &place.said {
        Err(why) => format!("refused {}: {why}", why.label()),
        Ok(None) => "never committed".to_owned(),
        Ok(Some(Said::Fold { running, attempts, .. })) => {
            let mark = if *running { "running" } else { "ended in order" };
            if *attempts == 0 { mark.to_owned() } else { format!("{mark}, attempt {attempts} at one record") }
        }
        Ok(Some(Said::Call(progress))) => {
            let mark = if progress.clean { "ended in order" } else { "running" };
            let after = match ends(progress) {
                0 => String::new(),
                1 => " after an unclean end".to_owned(),
                ends => format!(" after {ends} unclean ends in a row"),
            };
            format!("{mark}{after}, {} incomplete below {}", progress.incomplete.len(), progress.high)
        }
        Ok(Some(Said::Batch { pending: Some((first, last)), builder })) => {
            format!("pending {first}-{last} of row builder {builder}")
        }
        Ok(Some(Said::Batch { pending: None, .. })) => "nothing pending".to_owned(),
    }
}
