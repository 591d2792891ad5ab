//! Topics that were deleted and made anew under the offsets that their readers had committed: a small deployment, which
//! must refuse them. Otherwise it would skip what is new, or answer what was answered.

use super::check::Found;
use super::crowd::{BOT, Line, STEADY};
use super::line::Site;
use super::load::order;
use crate::proof::Clause;
use crate::rig::easemob::Sent;
use crate::rig::instance::{Instance, run};
use crate::rig::net::Net;
use crate::rig::patience::Patience;
use crate::rig::topics::{self, Topics};
use anyhow::Result;
use schemas::topic::Topic;
use std::thread::sleep;
use std::time::Duration;

const ROLES: &str = "ingest,decide,call,deliver,account";
const PEOPLE: usize = 12;
const WITHIN: Duration = Duration::from_secs(60);
/// What would be answered wrongly is answered within this time.
const IDLE: Duration = Duration::from_secs(6);

/// Plays it on the ports of the line, which has ended by now.
///
/// # Errors
/// When something does not start or answer.
pub(crate) fn recreated(site: &Site, net: &Net, patience: &Patience) -> Result<Found> {
    let file = format!("{}.toml", site.name);
    let (config, admin) = site.configure(0, 0, &file)?;
    site.prepare(&config)?;
    let start = || Instance::start(site.home, (&site.name, ROLES), (config.clone(), admin));
    let mut first = start()?;
    first.wait_ready(net, patience)?;
    let easemob = &site.stand_ins.easemob;
    let before = easemob.sends()?.len();
    say_all(site, net, "before")?;
    patience.until("an answer for everybody", WITHIN, || {
        Ok((easemob.sends()?.len() >= before + PEOPLE).then_some(()))
    })?;
    // The first commits of everything that follows the answers.
    sleep(Duration::from_secs(2));
    drop(first);

    let prefix = site.prefix();
    topics::delete(&site.stack.kafka(), std::slice::from_ref(&prefix))?;
    patience.until("the topics to be made anew", WITHIN, || Ok(run(&config, &["topics", "create"]).ok()))?;
    run(&config, &["config", "apply"])?;
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
    let clause = Clause { name: "recreated", figure, source: "/ready, topic answers, Easemob's REST log", problems };
    Ok(Found { clause, sums: Vec::new() })
}

fn say_all(site: &Site, net: &Net, when: &str) -> Result<()> {
    for person in 0..PEOPLE {
        let from = format!("again{person}");
        let line = Line { app: STEADY, from, group: None, text: format!("{when} {person}, {BOT}?") };
        net.post::<Sent>(&site.stand_ins.easemob.url("send"), &order(&line))?;
    }
    Ok(())
}
