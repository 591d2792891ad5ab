//! `huiyin offsets reset`: looks first, tells what would happen, and commits the empty map when asked to.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context, bail};
use pipeline::kafka::{CommitOffset, Group, Partition};

use super::meaning::meaning;
use super::place::{Place, group, places};
use super::plan::{Effect, effect};
use super::{Reads, Reset, reads};
use crate::act::{self, Done};
use crate::config::Config;
use crate::timestamp::Timestamp;
use crate::topics;

/// Where a partition is to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// At the oldest record that is still there.
    Earliest,
    /// Behind every record that is committed or aborted.
    Latest,
    /// Where it stands.
    Committed,
    /// At this offset.
    Offset(i64),
    /// At the first record that was appended then or later.
    Time(Timestamp),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            "committed" => Ok(Self::Committed),
            number if number.bytes().all(|b| b.is_ascii_digit()) => {
                number.parse().map(Self::Offset).map_err(|error| format!("{number:?}: {error}"))
            }
            moment => moment.parse().map(Self::Time).map_err(|error: String| {
                format!("{error}, and none of earliest, latest, committed or an offset")
            }),
        }
    }
}

/// One partition and where it is to go on.
struct Move {
    place: Place,
    to: i64,
    effect: Effect,
}

/// Plans, checks and tells; with `execute` also commits.
pub(super) fn reset(config: &Config, ask: &Reset) -> anyhow::Result<String> {
    let reads = reads(ask.role)?;
    let incarnation = topics::incarnation(config)?;
    let group = group(config, ask.role)?;
    let chosen = chosen(config, ask, places(config, reads, &group, &incarnation)?)?;
    let moves = moves(&group, ask.to, chosen)?;
    let members = group.members().context("read the group's members")?;
    let mut text = told(reads, &moves);
    if !members.is_empty() {
        let hosts: Vec<&str> = members.iter().map(|member| member.host.as_str()).collect();
        let alive = format!(
            "{} has {} members ({}): end every instance of the role first; one that ended without --leave counts until its \
             session of 10 s is over",
            ask.role.label(),
            members.len(),
            hosts.join(", ")
        );
        if ask.execute {
            bail!("{alive}; nothing was changed");
        }
        text.push_str(&format!("not possible now: {alive}\n"));
    }
    if !ask.execute {
        return Ok(text + "nothing was changed: --execute does it\n");
    }
    commit(reads, &group, &incarnation, &moves)?;
    act::write(config, &ask.who, done(ask, &moves))?;
    text.push_str(&format!(
        "done: {} partitions committed with nothing done above their offsets. Start the role again: a partition that was \
         refused stays refused until it is assigned anew\n",
        moves.len()
    ));
    Ok(text)
}

/// What was done, for the log.
fn done(ask: &Reset, moves: &[Move]) -> Done {
    let mut details = BTreeMap::from([("partitions".to_owned(), moves.len().to_string())]);
    details.extend(ask.topic.clone().map(|topic| ("topic".to_owned(), topic)));
    let low = moves.iter().map(|one| one.to).min().unwrap_or_default();
    let high = moves.iter().map(|one| one.to).max().unwrap_or_default();
    details.insert("to".to_owned(), if low == high { low.to_string() } else { format!("{low} to {high}") });
    Done { kind: "offsets_reset", app: None, subject: ask.role.label().to_owned(), details }
}

/// The partitions that were asked for.
fn chosen(config: &Config, ask: &Reset, places: Vec<Place>) -> anyhow::Result<Vec<Place>> {
    if let Some(beyond) = ask.partition.iter().find(|index| !(0..config.partitions).contains(*index)) {
        bail!("there is no partition {beyond}: the deployment has {}", config.partitions);
    }
    let is_chosen = |place: &Place| {
        (ask.all || ask.partition.contains(&place.partition.index))
            && ask.topic.as_deref().is_none_or(|topic| topic == place.topic.name())
    };
    let chosen: Vec<Place> = places.into_iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        bail!("{} does not read topic {}", ask.role.label(), ask.topic.as_deref().unwrap_or_default());
    }
    Ok(chosen)
}

/// Where each place goes on; all of them must be within their logs.
fn moves(group: &Group, target: Target, chosen: Vec<Place>) -> anyhow::Result<Vec<Move>> {
    let times: BTreeMap<Partition, Option<i64>> = match target {
        Target::Time(Timestamp(millis)) => {
            let partitions: Vec<Partition> = chosen.iter().map(|place| place.partition.clone()).collect();
            group
                .at_time(&partitions, millis)
                .context("find the offsets of that moment")?
                .into_iter()
                .collect()
        }
        Target::Earliest | Target::Latest | Target::Committed | Target::Offset(_) => BTreeMap::new(),
    };
    let mut moves = Vec::with_capacity(chosen.len());
    for place in chosen {
        let (low, end) = place.log;
        let to = match target {
            Target::Earliest => low,
            Target::Latest => end,
            Target::Committed => {
                place.committed.with_context(|| format!("{} has no committed offset", place.name()))?
            }
            Target::Offset(offset) => offset,
            Target::Time(_) => times.get(&place.partition).copied().flatten().unwrap_or(end).min(end),
        };
        if !(low..=end).contains(&to) {
            bail!("{} is not within the log of {}, {low}..{end}; nothing was changed", to, place.name());
        }
        let said = place.said.as_ref().ok().and_then(Option::as_ref);
        // Where nothing is committed, nothing is done.
        let effect = effect(place.committed.unwrap_or(low), said, to);
        moves.push(Move { place, to, effect });
    }
    Ok(moves)
}

/// The plan in words.
fn told(reads: Reads, moves: &[Move]) -> String {
    let mut text = String::new();
    let mut sum = Effect::default();
    for Move { place, to, effect } in moves {
        let from = place.committed.map_or_else(|| "none".to_owned(), |committed| committed.to_string());
        let Effect { again, perhaps, skipped } = effect;
        text.push_str(&format!(
            "{} {}: {from} -> {to} (log {}..{}): {again} again, {perhaps} perhaps again, {skipped} left out",
            reads.role.label(),
            place.name(),
            place.log.0,
            place.log.1
        ));
        if let Err(why) = &place.said {
            text.push_str(&format!("; was refused {}: {why}", why.label()));
        }
        text.push('\n');
        sum = sum.and(*effect);
    }
    text.push_str(&format!(
        "in all {} again, {} perhaps again, {} left out, by offsets, markers of transactions included\n",
        sum.again, sum.perhaps, sum.skipped
    ));
    let unreadable = moves.iter().filter(|one| one.place.said.is_err()).count();
    for line in meaning(reads.role, sum, unreadable) {
        text.push_str(&format!("- {line}\n"));
    }
    text
}

/// Commits all of them and reads them back.
fn commit(reads: Reads, group: &Group, incarnation: &str, moves: &[Move]) -> anyhow::Result<()> {
    let mut offsets = Vec::with_capacity(moves.len());
    for Move { place, to, .. } in moves {
        let metadata = reads.driver.empty(incarnation, *to).context("write the empty map")?;
        offsets.push(CommitOffset { partition: place.partition.clone(), next: *to, metadata });
    }
    group.commit(&offsets).context("commit, of which part may have been done: run the dry run again")?;
    let partitions: Vec<Partition> = offsets.iter().map(|offset| offset.partition.clone()).collect();
    for found in group.committed(&partitions).context("read back what was committed")? {
        let is_it = |offset: &CommitOffset| {
            offset.partition == found.partition
                && Some(offset.next) == found.next
                && Some(&offset.metadata) == found.metadata.as_ref()
        };
        if !offsets.iter().any(is_it) {
            bail!("{:?} has another offset than was committed: somebody else commits for this group", found);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_word_an_offset_or_a_moment() {
        assert_eq!("earliest".parse(), Ok(Target::Earliest));
        assert_eq!("committed".parse(), Ok(Target::Committed));
        assert_eq!("42".parse(), Ok(Target::Offset(42)));
        assert_eq!("1970-01-01T00:00:01Z".parse(), Ok(Target::Time(Timestamp(1_000))));
        for wrong in ["-1", "sometime", "", "99999999999999999999"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
