//! `huiyin rebuild`: makes tables anew, facts from the log by the newest builders, rollups from facts. Account must not run. Without
//! `--execute` it only tells what it would do.

use std::collections::BTreeMap;
use std::time::Duration;

use account::rebuild::{Checksums, Rebuild as Running, Rebuilt, Scope};
use account::{AccountSink, Store};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use pipeline::kafka::{Group, Instance, Partition, Read, Reader};
use schemas::topic::Topic;
use tokio::runtime::Handle;

use crate::act::{self, Done, Who};
use crate::config::Config;
use crate::role::Role;

/// How long one answer of the brokers may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the log may give nothing before it counts as out of reach.
const SILENCE: Duration = Duration::from_secs(60);

/// What is made anew.
#[derive(Args)]
pub(crate) struct Rebuild {
    /// This table and the rollups that are made of it, or this rollup; all tables when none is named
    #[arg(long)]
    table: Vec<String>,
    #[command(flatten)]
    who: Who,
    /// Do it
    #[arg(long)]
    execute: bool,
}

/// What the log has of one partition for tables that are made anew.
struct Stretch {
    topic: Topic,
    partition: Partition,
    /// The first record that is still there.
    low: i64,
    /// What account has committed: it stores what is behind that itself.
    next: i64,
}

impl Stretch {
    /// As rows name their source.
    fn place(&self) -> String {
        format!("{}:{}", self.partition.topic, self.partition.index)
    }

    fn length(&self) -> i64 {
        (self.next - self.low).max(0)
    }
}

/// Tells what would be done; with `execute` also does it. Blocks.
pub(crate) fn run(config: &Config, ask: &Rebuild) -> anyhow::Result<String> {
    let scope = Scope::of(&ask.table).map_err(|what| anyhow!("read --table: {what}"))?;
    let section = config.account()?;
    let store = Store::new(&section);
    let group = Group::open(
        &config.kafka,
        &Instance::new(&config.deployment, Role::Account.label(), config.ordinal)?.group_id(),
    )
    .context("connect")?;
    let stretches = if scope.facts.is_empty() { Vec::new() } else { stretches(config, &group)? };
    let mut text = told(&scope, &stretches);
    if let Some(alive) = alive(&group)? {
        if ask.execute {
            bail!("{alive}; nothing was changed");
        }
        text.push_str(&format!("not possible now: {alive}\n"));
    }
    if !ask.execute {
        return Ok(text + "nothing was changed: --execute does it\n");
    }
    let sink = AccountSink::new(&section, &config.topics)?;
    let runtime = Handle::current();
    // Where a rollup is not whole, there is nothing to compare with.
    let before = runtime.block_on(store.checksums(&scope)).unwrap_or_default();
    let lows = stretches.iter().map(|stretch| (stretch.place(), stretch.low)).collect();
    let mut running = runtime.block_on(Running::begin(&store, &sink, scope.clone(), &lows))?;
    for stretch in stretches.iter().filter(|stretch| stretch.length() > 0) {
        read(config, stretch, |record| Ok(runtime.block_on(running.take(record))?))?;
    }
    if let Some(alive) = alive(&group)? {
        bail!("{alive}; run it again once it has ended");
    }
    let rebuilt = runtime.block_on(running.finish())?;
    runtime.block_on(store.check()).context("check the tables")?;
    let after = runtime.block_on(store.checksums(&scope))?;
    text.push_str(&outcome(&rebuilt, &before, &after));
    let details = rebuilt.rows.iter().map(|(table, rows)| ((*table).to_owned(), rows.to_string())).collect();
    let subject = if ask.table.is_empty() { "all tables".to_owned() } else { ask.table.join(", ") };
    act::write(config, &ask.who, Done { kind: "rebuild", app: None, subject, details })?;
    Ok(text)
}

/// Whether account runs.
fn alive(group: &Group) -> anyhow::Result<Option<String>> {
    let members = group.members().context("read the group's members")?;
    let hosts: Vec<&str> = members.iter().map(|member| member.host.as_str()).collect();
    Ok((!members.is_empty()).then(|| {
        format!(
            "account has {} members ({}): end every instance of the role first; one that ended without --leave counts until its \
             session of 10 s is over",
            members.len(),
            hosts.join(", ")
        )
    }))
}

/// What is to be read of each partition. Where account has committed nothing, it reads all of it itself.
fn stretches(config: &Config, group: &Group) -> anyhow::Result<Vec<Stretch>> {
    let mut stretches = Vec::new();
    for topic in account::TOPICS {
        let name = config.topics.of(topic);
        let partitions: Vec<Partition> =
            (0..config.partitions).map(|index| Partition { topic: name.as_str().into(), index }).collect();
        let committed = group.committed(&partitions).context("read committed offsets")?;
        let partitions: Vec<Partition> = committed.iter().map(|one| one.partition.clone()).collect();
        let bounds = group.bounds(&partitions, ANSWER).context("read the log's ends")?;
        for (committed, (low, _)) in committed.into_iter().zip(bounds) {
            let next = committed.next.unwrap_or(low);
            stretches.push(Stretch { topic, partition: committed.partition, low, next });
        }
    }
    Ok(stretches)
}

/// Reads a stretch from its first record to what is committed.
fn read(
    config: &Config,
    stretch: &Stretch,
    mut take: impl FnMut(&pipeline::Record) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut reader = Reader::open(&config.kafka, &config.topics.of(stretch.topic))?;
    reader.add(stretch.partition.index, stretch.low)?;
    let mut last = std::time::Instant::now();
    while !reader.is_done() {
        match reader.poll(Duration::from_millis(100))? {
            Read::Record(record) if record.offset >= stretch.next => return Ok(()),
            Read::Record(record) => {
                take(&record)?;
                last = std::time::Instant::now();
            }
            Read::End(_) => {}
            Read::Nothing if last.elapsed() > SILENCE => {
                bail!("the log gives nothing of {}", stretch.place())
            }
            Read::Nothing => {}
        }
    }
    Ok(())
}

/// The plan in words.
fn told(scope: &Scope, stretches: &[Stretch]) -> String {
    let mut text = String::new();
    if !scope.facts.is_empty() {
        let mut by_topic: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for stretch in stretches {
            let (records, gone) = by_topic.entry(stretch.topic.name()).or_default();
            (*records, *gone) = (*records + stretch.length(), *gone + i64::from(stretch.low > 0));
        }
        let facts: Vec<&str> = scope.facts.iter().copied().collect();
        text.push_str(&format!("from the log: {}\n", facts.join(", ")));
        for (topic, (records, gone)) in by_topic {
            text.push_str(&format!(
                "{topic}: {records} offsets are read again, markers of transactions included"
            ));
            let kept = "whose beginning the log has no more: rows of it stay as they are";
            text.push_str(&if gone > 0 { format!("; {gone} partitions {kept}\n") } else { "\n".to_owned() });
        }
    }
    let rollups: Vec<&str> = scope.rollups.iter().copied().collect();
    text.push_str(&format!("from facts: {}\n", rollups.join(", ")));
    text
}

/// What came of it.
fn outcome(rebuilt: &Rebuilt, before: &Checksums, after: &Checksums) -> String {
    let mut text = String::new();
    for (table, rows) in &rebuilt.rows {
        text.push_str(&format!("{table}: {rows} rows from the log\n"));
    }
    if rebuilt.refused > 0 {
        text.push_str(&format!("{} records gave no rows, as their dead letters say\n", rebuilt.refused));
    }
    if rebuilt.rejected > 0 {
        text.push_str(&format!("{} rows were refused by the store\n", rebuilt.rejected));
    }
    for (rollup, sum) in after {
        let same = match before.get(rollup) {
            Some(other) if other == sum => "as before",
            Some(_) => "other than before",
            None => "there was none to compare with",
        };
        text.push_str(&format!("{rollup}: checksum {sum}, {same}\n"));
    }
    text + "done: start the role again\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(index: i32, low: i64, next: i64) -> Stretch {
        Stretch { topic: Topic::Events, partition: Partition { topic: "p-events".into(), index }, low, next }
    }

    #[test]
    fn the_plan_says_what_is_read_and_what_the_log_has_no_more() {
        let scope = Scope::of(&["model_calls".to_owned()]).unwrap();
        let text = told(&scope, &[stretch(0, 0, 10), stretch(1, 5, 8)]);
        let expected = "from the log: model_calls\n\
                        events: 13 offsets are read again, markers of transactions included; 1 partitions whose beginning the log has \
                        no more: rows of it stay as they are\n\
                        from facts: usage_hour, usage_minute, user_day\n";
        assert_eq!(text, expected);
        assert_eq!(stretch(1, 5, 8).place(), "p-events:1");
        let alone = told(&Scope::of(&["user_day".to_owned()]).unwrap(), &[]);
        assert_eq!(alone, "from facts: user_day\n");
    }

    #[test]
    fn checksums_are_compared_and_what_gave_no_rows_is_told() {
        let rebuilt = Rebuilt { rows: [("messages", 3)].into(), refused: 1, rejected: 2 };
        let before = [("user_day", "1:A".to_owned()), ("usage_hour", "1:B".to_owned())].into();
        let after = [
            ("user_day", "1:A".to_owned()),
            ("usage_hour", "2:C".to_owned()),
            ("whereabouts", "1:D".to_owned()),
        ];
        let text = outcome(&rebuilt, &before, &after.into());
        for line in [
            "messages: 3 rows from the log",
            "1 records gave no rows",
            "2 rows were refused",
            "user_day: checksum 1:A, as before",
            "usage_hour: checksum 2:C, other than before",
            "whereabouts: checksum 1:D, there was none to compare with",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
