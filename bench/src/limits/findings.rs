//! What the scenes found, by name, over all rounds.

use super::app::{Counting, Known};
use super::figures::Figures;
use super::floor::Floor;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Sends to users, more than the limit allows.
    Users,
    /// Sends to groups, more than the limit allows.
    Groups,
    /// The same with one refusal in between.
    OneRefusal,
    /// Private chats beside groups at their limit.
    Private,
    /// An app beside one at its limit.
    Quiet,
    /// Below the limit, some sends refused.
    FewRefusals,
    /// Calls of a model, more than its limit allows.
    Model(Known),
    /// Vendors that fail for a time.
    Failing,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) subject: Subject,
    pub(super) counting: Counting,
    /// Of the rounds.
    pub(super) figures: Vec<Figures>,
}

/// Single values that no row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// 99 percent of private chats beside groups at their limit, against the same chats alone.
    PrivateRatio,
    /// The same with one refusal of a group's send.
    PrivateRatioOfOneRefusal,
    /// Seconds of sending that are lost in the time after one refusal.
    OneRefusal,
    /// Who got nothing in time from a model that is asked too much.
    LateOfModel,
    /// Seconds from the end of an outage to the first send that is accepted.
    FirstAfterOutage,
    /// Seconds from the end of an outage until as much is accepted per second as people write.
    BackAfterOutage,
    /// Seconds from the first accepted send until then.
    BackAfterFirst,
    /// Calls during the outage, and most of them in one second.
    CallsOfOutage,
    MostOfOutage,
    /// Seconds from the last refusal of a token to the first send that is accepted.
    AfterToken,
    /// The longest time without an accepted send around it.
    SilenceOfToken,
}

/// Everything that was found.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) rows: Vec<Row>,
    pub(super) values: Vec<(Value, Vec<f64>)>,
    pub(super) floors: Vec<(String, Vec<Floor>)>,
}

impl Findings {
    /// Adds a round to the row of that name.
    pub(super) fn row(&mut self, name: String, subject: Subject, counting: Counting, figures: Figures) {
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.figures.push(figures),
            None => self.rows.push(Row { name, subject, counting, figures: vec![figures] }),
        }
    }

    /// Adds a round to a value.
    pub(super) fn value(&mut self, value: Value, measured: f64) {
        match self.values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, values)) => values.push(measured),
            None => self.values.push((value, vec![measured])),
        }
    }

    /// Adds a round to a floor.
    pub(super) fn floor(&mut self, name: String, floor: Floor) {
        match self.floors.iter_mut().find(|(known, _)| *known == name) {
            Some((_, floors)) => floors.push(floor),
            None => self.floors.push((name, vec![floor])),
        }
    }
}
