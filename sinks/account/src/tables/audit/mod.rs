//! `audit`: one row per record of an act: a bundle applied, answers taken back, a conversation taken over, and what commands tell of
//! themselves.

use clickhouse::Row;
use pipeline::Refused;
use schemas::act::Act;
use schemas::event::{ConfigSwitch, Event, Takeover};
use schemas::ids::AppKey;
use schemas::retract::RetractOrder;
use schemas::wire::Record;
use serde::Serialize;

use super::{AT, Counts, Definition, Migration, Table};
use crate::fact::{Fact, Unread};
use crate::pseudonym::Pseudonyms;
use crate::source::Source;
use crate::value::timestamp;

/// Kinds of events that are acts.
const ACTS: [&str; 4] = ["config", "retract", "takeover", "act"];

pub(super) struct Audit;

impl Table for Audit {
    const DEFINITION: &'static Definition = &Definition {
        name: "audit",
        row: "one act of an operator; of an applied bundle, one for each partition",
        retention_days: 1_825,
        moment: AT,
        migrations: &[Migration { number: 17, name: "0017_audit", template: include_str!("0017_audit.sql") }],
        counts: Some(Counts { label: "kind", ordinal: "0" }),
    };
    const SINCE: u8 = 6;

    type Row<'a> = AuditRow;
    type Rows<'a> = Option<AuditRow>;

    fn takes(unread: Unread<'_>) -> bool {
        ACTS.iter().any(|kind| unread.may_be_event(kind))
    }

    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, names: &Pseudonyms) -> Result<Self::Rows<'a>, Refused> {
        let Fact::Event(event) = fact else { return Ok(None) };
        let row = match event {
            Event::Config(switch) => AuditRow::of_switch(switch, event, source),
            Event::Retract(order) => AuditRow::of_order(order, source, names),
            Event::Takeover(takeover) => AuditRow::of_takeover(takeover, event, (source, names)),
            Event::Act(act) => AuditRow::of_act(act, source),
            _ => return Ok(None),
        };
        row.map(Some)
    }
}

/// One act; the columns are described in the table's definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize)]
pub(crate) struct AuditRow {
    app: String,
    at: i64,
    id: String,
    kind: String,
    operator: String,
    subject: String,
    why: String,
    details: Vec<(String, String)>,
    source_topic: String,
    source_partition: i32,
    source_offset: i64,
    builder: u8,
}

/// A detail of an act.
fn detail(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

impl AuditRow {
    fn new(app: Option<&AppKey>, at: i64, source: Source<'_>) -> Result<Self, Refused> {
        Ok(Self {
            app: app.map(ToString::to_string).unwrap_or_default(),
            at: timestamp(at)?,
            source_topic: source.topic.to_owned(),
            source_partition: source.partition,
            source_offset: source.offset,
            builder: source.builder,
            ..Self::default()
        })
    }

    fn of_switch(switch: &ConfigSwitch, event: &Event, source: Source<'_>) -> Result<Self, Refused> {
        Ok(Self {
            id: event.id(),
            kind: event.kind().to_owned(),
            subject: switch.bundle.to_string(),
            ..Self::new(None, switch.at, source)?
        })
    }

    fn of_order(order: &RetractOrder, source: Source<'_>, names: &Pseudonyms) -> Result<Self, Refused> {
        Ok(Self {
            id: order.id.to_string(),
            kind: "retract".to_owned(),
            operator: order.by.clone(),
            subject: names.of_conversation(&order.conversation),
            why: order.why.clone(),
            details: vec![detail("answers", order.answers.len()), detail("scope", order.scope.label())],
            ..Self::new(Some(order.conversation.app()), order.at, source)?
        })
    }

    fn of_takeover(
        takeover: &Takeover,
        event: &Event,
        (source, names): (Source<'_>, &Pseudonyms),
    ) -> Result<Self, Refused> {
        let app = takeover.conversation.app();
        let conversation = names.of_conversation(&takeover.conversation);
        Ok(Self {
            // The event's own id names the conversation.
            id: format!("{conversation}:{}:{}", event.kind(), takeover.at),
            kind: if takeover.person.is_some() { "takeover" } else { "handback" }.to_owned(),
            operator: takeover.person.as_ref().map(|person| names.of_user(app, person)).unwrap_or_default(),
            subject: conversation,
            ..Self::new(Some(app), takeover.at, source)?
        })
    }

    fn of_act(act: &Act, source: Source<'_>) -> Result<Self, Refused> {
        Ok(Self {
            id: act.id.to_string(),
            kind: act.kind.clone(),
            operator: act.by.clone(),
            subject: act.subject.clone(),
            why: act.why.clone().unwrap_or_default(),
            details: act.details.iter().map(|(name, value)| detail(name, value)).collect(),
            ..Self::new(act.app.as_ref(), act.at, source)?
        })
    }
}

#[cfg(test)]
mod tests;
