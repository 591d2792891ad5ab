//! A small deployment whose topics are deleted and created anew while the committed offsets of their readers stay. It must
//! refuse the new topics. Otherwise it would skip new records, or answer again what was answered.

use super::check::Found;
use super::crowd::{BOT, Line, STEADY};
use super::line::Site;
use super::load::order;
use crate::proof::Clause;
use anyhow::Result;
use dev::rig::easemob::Sent;
use dev::rig::instance::{self, run};
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::rig::topics::{self, Topics, access};
use dev::stack::has_topics;
use pipeline::kafka::{CommitOffset, Consumer, Instance, Partition, Polled};
use schemas::topic::{Topic, TopicNames};
use std::thread::sleep;
use std::time::Duration;

const ROLES: &str = "ingest,decide,call,deliver,account";
/// Steps that answer people, with the topic that each reads.
const GROUPS: [(&str, Topic); 3] =
    [("decide", Topic::Events), ("call", Topic::Requests), ("deliver", Topic::Answers)];
const PEOPLE: usize = 12;
const WITHIN: Duration = Duration::from_secs(60);
/// A wrong answer would come within this time.
const IDLE: Duration = Duration::from_secs(6);

/// Plays it on the ports of the line, which has ended by now.
///
/// # Errors
/// When something does not start or answer.
pub(crate) fn recreated(site: &Site, net: &Net, patience: &Patience) -> Result<Found> {
    let file = format!("{}.toml", site.name);
    let (config, admin) = site.configure(0, 0, &file)?;
    site.prepare(&config)?;
    let start = || instance::Instance::start(site.home, &site.name, ROLES, config.clone(), admin);
    let mut first = start()?;
    first.wait_ready(net, patience)?;
    let easemob = &site.stand_ins.easemob;
    let before = easemob.sends()?.len();
    say_all(site, net, "before")?;
    patience.until("an answer for everybody", WITHIN, || {
        Ok((easemob.sends()?.len() >= before + PEOPLE).then_some(()))
    })?;
    // By then everything that follows the answers has committed once.
    sleep(Duration::from_secs(2));
    drop(first);

    let committed = committed(site, patience)?;
    let prefix = site.prefix();
    topics::delete(&site.stack.kafka(), std::slice::from_ref(&prefix))?;
    patience.until("every broker to have deleted the topics", WITHIN, || {
        let left = site.stack.kafka().split(',').any(|broker| has_topics(broker, &prefix).unwrap_or(true));
        Ok((!left).then_some(()))
    })?;
    patience.until("the topics to be made anew", WITHIN, || Ok(run(&config, &["topics", "create"]).ok()))?;
    run(&config, &["config", "apply"])?;
    commit_again(site, &committed, patience)?;
    let sent = easemob.sends()?.len();
    let again = start()?;
    let mut problems = Vec::new();
    let refused = patience.until("the partitions to be refused", WITHIN, || {
        let said = again.readiness(net);
        Ok(said.contains("incarnation").then_some(said))
    });
    if let Err(error) = refused {
        patience.check()?;
        problems.push(format!("{error:#}; it says: {}", again.readiness(net)));
    }
    say_all(site, net, "after")?;
    sleep(IDLE);
    let topics = Topics::new(&site.stack.kafka(), &prefix, patience.clone())?;
    let (answers, sends) = (topics.count(Topic::Answers)?, easemob.sends()?.len() - sent);
    if (answers, sends) != (0, 0) {
        problems.push(format!("topics made anew met old offsets: {answers} answers, {sends} sends"));
    }
    let figure = format!(
        "{PEOPLE} answered, topics deleted and made anew under the old offsets: refused, {answers} answers, {sends} sends"
    );
    let clause =
        Clause { name: "recreated", figure, source: "/ready, topic answers, Easemob's REST log", problems };
    Ok(Found { clause, sums: Vec::new() })
}

/// What the groups of the three steps that answer people have committed.
fn committed(site: &Site, patience: &Patience) -> Result<Vec<(&'static str, Vec<CommitOffset>)>> {
    let mut all = Vec::new();
    for (role, topic) in GROUPS {
        let (member, partitions) = join(site, role, topic, patience)?;
        let committed = member.committed(&partitions, WITHIN)?.into_iter().filter_map(|committed| {
            Some(CommitOffset {
                partition: committed.partition,
                next: committed.next?,
                metadata: committed.metadata.unwrap_or_default(),
            })
        });
        all.push((role, committed.collect()));
        member.close();
    }
    Ok(all)
}

/// Commits the offsets again: brokers forget the offsets of deleted topics, but a restored backup or a mirror brings them back.
fn commit_again(
    site: &Site,
    committed: &[(&'static str, Vec<CommitOffset>)],
    patience: &Patience,
) -> Result<()> {
    for ((role, topic), (_, offsets)) in GROUPS.into_iter().zip(committed) {
        let (member, _) = join(site, role, topic, patience)?;
        member.commit(offsets)?;
        member.close();
    }
    Ok(())
}

/// Takes the place of an instance that has ended.
fn join(site: &Site, role: &str, topic: Topic, patience: &Patience) -> Result<(Consumer, Vec<Partition>)> {
    let topic = TopicNames::new(site.prefix()).of(topic);
    let mut member =
        Consumer::join(&access(&site.stack.kafka())?, &Instance::new(&site.name, role, 0)?, &[&topic])?;
    let partitions = patience.until("the place of an instance", WITHIN, || {
        Ok(match member.poll(Duration::from_millis(100)) {
            Polled::Assigned(partitions) => Some(partitions),
            _ => None,
        })
    })?;
    Ok((member, partitions))
}

fn say_all(site: &Site, net: &Net, when: &str) -> Result<()> {
    for person in 0..PEOPLE {
        let from = format!("again{person}");
        let line = Line { app: STEADY, from, group: None, text: format!("{when} {person}, {BOT}?") };
        net.post::<Sent>(&site.stand_ins.easemob.url("send"), &order(&line))?;
    }
    Ok(())
}
