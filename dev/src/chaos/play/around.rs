//! What is done to everything around the line: brokers, ClickHouse, providers, Easemob.

use super::Play;
use crate::chaos::clock::now;
use crate::chaos::faults::{Fault, Kind};
use crate::chaos::schedule::{Led, Window};
use anyhow::{Context, Result};
use dev::stack::{Part, coordinator};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long Easemob takes to confirm what it has sent, so that sends are under way at every moment.
const CONFIRMED_AFTER: &str = "200ms";
/// Longest wait until every replica is in sync again.
const IN_SYNC_WITHIN: Duration = Duration::from_secs(60);

impl Play<'_> {
    /// Makes Easemob confirm each send late.
    pub(super) fn confirm_late(&self) -> Result<()> {
        self.stand_ins
            .easemob
            .plan(u32::MAX, &json!({ "kind": "slow_after_accept", "after": CONFIRMED_AFTER }))
    }

    pub(super) fn broker(&mut self, led: Led, away: Duration) -> Result<()> {
        let (id, why) = self.leading(led)?;
        let from = now();
        self.stack.kill(Part::Broker(id))?;
        self.tell(&format!("SIGKILL to broker {id}, {why}; away for {} s", away.as_secs()));
        self.rest(away)?;
        self.stack.start_again()?;
        let begun = Instant::now();
        let stack = self.stack;
        self.patience.until("every replica to be in sync", IN_SYNC_WITHIN, || {
            // A broker that has only just come may not answer yet.
            let cluster = stack.cluster().ok();
            Ok(cluster.filter(|cluster| cluster.brokers.len() == 3 && cluster.lagging() == 0).map(drop))
        })?;
        self.done.faults.0.push(Fault { kind: Kind::Broker, role: None, from, to: now() });
        let took = begun.elapsed().as_secs_f32();
        self.tell(&format!("broker {id} is back; every replica in sync {took:.1} s later"));
        Ok(())
    }

    fn leading(&self, led: Led) -> Result<(u16, &'static str)> {
        let cluster = self.stack.cluster()?;
        let coordinates = |topic: &str, id: &str| {
            let partitions = cluster.topics.get(topic).map_or(0, Vec::len);
            cluster.leader(topic, coordinator(id, partitions)?)
        };
        let name = &self.home.name;
        let (leader, why) = match led {
            Led::Events => {
                (cluster.leader_of_most(&format!("{name}.events")), "which leads most of `events`")
            }
            Led::Controllers => (Some(self.stack.controller()?), "which leads the controllers"),
            Led::Group => (
                coordinates("__consumer_offsets", &format!("{name}.decide")),
                "coordinator of decide's group",
            ),
            Led::Transactions => {
                let id = format!("{name}.call.0");
                (coordinates("__transaction_state", &id), "coordinator of call's transactions")
            }
        };
        let leader = leader.with_context(|| format!("no broker is found, {why}"))?;
        Ok((u16::try_from(leader)?, why))
    }

    pub(super) fn clickhouse_goes(&mut self) -> Result<()> {
        self.stack.kill(Part::ClickHouse)?;
        self.done.away_since = Some(Instant::now());
        self.tell("SIGKILL to ClickHouse");
        Ok(())
    }

    pub(super) fn clickhouse_comes(&mut self, after: Duration) -> Result<()> {
        let since = self.done.away_since.take().context("ClickHouse is not away")?;
        self.rest(after.saturating_sub(since.elapsed()))?;
        self.stack.start_again()?;
        self.tell(&format!("ClickHouse is back after {} s", since.elapsed().as_secs()));
        Ok(())
    }

    /// The slow app's provider takes calls and never answers.
    pub(super) fn hang(&mut self, long: Duration) -> Result<()> {
        let model = &self.stand_ins.model;
        model.plan(Some("acme-slow"), u32::MAX, &json!({ "kind": "hang" }))?;
        self.tell(&format!("the provider of acme#slow hangs for {} s", long.as_secs()));
        let watched = self.window(Window::Hang, |play| play.rest(long));
        let running = model.running()?;
        model.well()?;
        self.done.most_running = self.done.most_running.max(running);
        self.tell(&format!("the provider of acme#slow answers again; {running} calls are running"));
        watched
    }

    pub(super) fn storm(&mut self, rounds: u32) -> Result<()> {
        let faults = [
            (4, json!({ "kind": "rate_limited" })),
            (3, json!({ "kind": "rate_limited", "retry_after": "1s" })),
            (3, json!({ "kind": "server_error" })),
            (3, json!({ "kind": "overloaded", "retry_after_in_ms": "500ms" })),
            (2, json!({ "kind": "bad_gateway" })),
            (2, json!({ "kind": "reset" })),
            (2, json!({ "kind": "cut" })),
            (2, json!({ "kind": "reset_after_headers" })),
            (1, json!({ "kind": "malformed_json" })),
            (1, json!({ "kind": "hang" })),
        ];
        self.tell(&format!("a storm at both providers: {rounds} rounds of {}", kinds(&faults)));
        for (times, fault) in (0..rounds).flat_map(|_| &faults) {
            self.stand_ins.model.plan(None, *times, fault)?;
        }
        self.rest(Duration::from_secs(10))?;
        self.stand_ins.model.well()
    }

    pub(super) fn refuse(&mut self, rounds: u32) -> Result<()> {
        let faults = [
            (3, json!({ "kind": "message_limit" })),
            (3, json!({ "kind": "reach_limit" })),
            (2, json!({ "kind": "server_error" })),
            (2, json!({ "kind": "bad_gateway" })),
            (2, json!({ "kind": "reset" })),
            (2, json!({ "kind": "reset_after_accept" })),
        ];
        self.tell(&format!("Easemob refuses sends: {rounds} rounds of {}", kinds(&faults)));
        let easemob = &self.stand_ins.easemob;
        easemob.well()?;
        for (times, fault) in (0..rounds).flat_map(|_| &faults) {
            easemob.plan(*times, fault)?;
        }
        self.rest(Duration::from_secs(10))?;
        easemob.well()?;
        self.confirm_late()
    }
}

fn kinds(faults: &[(u32, Value)]) -> String {
    let one = |(times, fault): &(u32, Value)| {
        format!("{times} × {}", fault["kind"].as_str().unwrap_or_default().replace('_', " "))
    };
    faults.iter().map(one).collect::<Vec<_>>().join(", ")
}
