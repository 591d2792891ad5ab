//! Turns for data sets, chosen by what the rows know of them. Each way to choose is one entry of [`CUTS`]: which turns, and which of them first.
//!
//! Rows say which turns; what was said is in the log.

use clickhouse::Row;
use serde::Deserialize;

use crate::{Store, StoreError};

const TURNS: &str = include_str!("turns.sql");

/// No turn comes before another.
const BY_CHANCE: &str = "tuple()";

/// A way to choose turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Its name on the command line; with `=` at its end it takes a value.
    pub name: &'static str,
    /// Which turns it chooses.
    pub meaning: &'static str,
    /// SQL of what holds of a turn.
    holds: &'static str,
    /// SQL of which come first. What is equal in it comes as chance has it.
    order: &'static str,
}

/// Every way.
pub const CUTS: &[Cut] = &[
    Cut { name: "random", meaning: "any", holds: "asked.what = 'turn'", order: BY_CHANCE },
    Cut {
        name: "expensive",
        meaning: "those that cost most; where several currencies are, the dearest of each in turn",
        holds: "notEmpty(of_calls.parts)",
        order: "row_number() OVER (PARTITION BY arraySort(arrayMap(part -> part.1, of_calls.parts)) ORDER BY of_calls.most DESC, asked.turn)",
    },
    Cut {
        name: "slow",
        meaning: "those that took longest",
        holds: "asked.what = 'turn' AND isNotNull(asked.latency_ms)",
        order: "asked.latency_ms DESC",
    },
    Cut {
        name: "blocked",
        meaning: "those whose question or answer the filter stopped",
        holds: "asked.what = 'blocked' OR of_filter.is_stopped = 1",
        order: BY_CHANCE,
    },
    Cut {
        name: "rated-low",
        meaning: "those that were rated 1 or 2, the worst first",
        holds: "ifNull(of_feedback.rating, 9) <= 2",
        order: "of_feedback.rating",
    },
    Cut {
        name: "failed",
        meaning: "those that ended without an answer of a model",
        holds: "asked.what = 'turn' AND asked.outcome NOT IN ('done', 'reviewed', 'cancelled')",
        order: BY_CHANCE,
    },
    Cut {
        name: "route=",
        meaning: "those that this rule of the routes chose the target of",
        holds: "if(asked.route = '', of_message.route, asked.route) = {value:String}",
        order: BY_CHANCE,
    },
    Cut {
        name: "target=",
        meaning: "those that this target answered",
        holds: "asked.target = {value:String}",
        order: BY_CHANCE,
    },
    Cut {
        name: "tier=",
        meaning: "those of people of this tier",
        holds: "if(asked.tier = '', of_message.tier, asked.tier) = {value:String}",
        order: BY_CHANCE,
    },
    Cut {
        name: "class=",
        meaning: "those of this class of complexity: simple, standard, hard",
        holds: "if(asked.class = '', of_message.class, asked.class) = {value:String}",
        order: BY_CHANCE,
    },
    Cut {
        name: "hit=",
        meaning: "those whose question or answer this rule of the filter hit",
        holds: "has(of_filter.rules, {value:String})",
        order: BY_CHANCE,
    },
];

/// A way to choose, with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    cut: &'static Cut,
    value: String,
}

impl Choice {
    /// Reads `expensive`, `route=hard`, …
    ///
    /// # Errors
    /// The names that there are.
    pub fn read(text: &str) -> Result<Self, String> {
        let found = CUTS.iter().find_map(|cut| {
            let value = if cut.name.ends_with('=') {
                text.strip_prefix(cut.name).filter(|value| !value.is_empty())
            } else {
                (text == cut.name).then_some("")
            };
            Some(Self { cut, value: value?.to_owned() })
        });
        found.ok_or_else(|| {
            let names: Vec<String> = CUTS
                .iter()
                .map(|cut| format!("{}{}", cut.name, if cut.name.ends_with('=') { "…" } else { "" }))
                .collect();
            format!("{text:?} is none of {}", names.join(", "))
        })
    }

    /// As it is written.
    pub fn told(&self) -> String {
        format!("{}{}", self.cut.name, self.value)
    }

    /// Which turns it chooses.
    pub fn meaning(&self) -> &'static str {
        self.cut.meaning
    }
}

/// Which turns are chosen, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// By what.
    pub choice: Choice,
    /// Only of this app, org#app; empty for all.
    pub app: String,
    /// Asked at this moment or later, in milliseconds since the epoch.
    pub from: i64,
    /// Asked before this moment.
    pub to: i64,
    /// At most so many.
    pub limit: u64,
    /// Seed of chance.
    pub seed: u64,
}

/// A turn that was chosen, with what rows say of it. What is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct ChosenTurn {
    /// The app, org#app.
    pub app: String,
    /// Pseudonym of its conversation.
    pub conversation: String,
    /// Its id; empty for a message that was stopped before it could open one.
    pub turn: String,
    /// The message that opened it, or was stopped.
    pub message: String,
    /// Partition of its conversation.
    pub partition: i32,
    /// When it was asked, or stopped, by the log, in milliseconds since the epoch: it answers messages up to then.
    pub at: i64,
    /// Rule of the route.
    pub route: String,
    /// Target that answered.
    pub target: String,
    /// Class of the complexity.
    pub class: String,
    /// Tier of the person.
    pub tier: String,
    /// What the filter said of the message.
    pub action: String,
    /// From the decision to ask to the end, in milliseconds.
    pub latency_ms: Option<i64>,
    /// Of all attempts, corrections included: currencies and decimal texts.
    pub cost: Vec<(String, String)>,
    /// 1 to 5.
    pub rating: Option<u8>,
}

impl Store {
    /// Chooses turns, the first ones first.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn choose_turns(&self, wanted: &Wanted) -> Result<Vec<ChosenTurn>, StoreError> {
        let Choice { cut, value } = &wanted.choice;
        let sql = TURNS.replace("{holds}", cut.holds).replace("{order}", cut.order);
        let asked = (self.database.query_raw(&sql).param("value", value))
            .param("app", &wanted.app)
            .param("from", wanted.from)
            .param("to", wanted.to)
            .param("limit", wanted.limit)
            .param("seed", wanted.seed)
            // What no row of the other side says is null where it can be, and empty elsewhere.
            .with_setting("readonly", "2");
        self.within("choose turns", asked.fetch_all()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_a_name_or_a_name_with_a_value() {
        for text in ["random", "rated-low", "route=hard", "tier=a=b"] {
            assert_eq!(Choice::read(text).unwrap().told(), text);
        }
        for wrong in ["", "route", "route=", "random=1", "Expensive", "dearest"] {
            let says = Choice::read(wrong).unwrap_err();
            assert!(says.contains("expensive, slow") && says.contains("route=…"), "{says}");
        }
    }

    #[test]
    fn names_are_told_apart_and_values_are_bound() {
        for cut in CUTS {
            let others = CUTS.iter().filter(|other| other.name == cut.name).count();
            assert_eq!(others, 1, "{}", cut.name);
            assert_eq!(cut.name.ends_with('='), cut.holds.contains("{value:String}"), "{}", cut.name);
        }
    }
}
