//! What people are told of the way to a route beyond what the log keeps: what a turn has of everything that rules ask.

use catalogue::route::Condition;
use schemas::decision::Why;

use super::facts::Facts;

/// How much decisions tell of the way to a route.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Telling {
    /// What the log keeps: the first rules that were skipped, each with its first condition that did not hold.
    #[default]
    Bounded,
    /// Every condition of every rule as well, and the score in any case.
    All,
}

/// Why the chain of an app without rules is asked.
pub(super) fn without_rules(facts: &Facts<'_>) -> Why {
    facts.score();
    Why { complexity: facts.complexity_told(), ..Why::default() }
}

impl Facts<'_> {
    /// What the turn has of what a condition asks; nothing where that is a text in which something is looked for.
    pub(super) fn told(&self, condition: &Condition) -> Option<String> {
        let conversation = &self.lane.conversation;
        Some(match condition {
            Condition::Chat(_) => conversation.kind().label().to_owned(),
            Condition::Message(_) => listed(self.asked.iter().map(|message| message.kind.label().to_owned())),
            Condition::Bot(_) => self.bot().map(ToString::to_string).unwrap_or_default(),
            Condition::Group(_) => listed(conversation.group_id().map(ToString::to_string)),
            Condition::Tier(_) => listed(self.tier().map(|tier| tier.name.to_string())),
            Condition::Ext(_) => listed(self.marks().flat_map(|marks| &marks.tags).map(pair)),
            Condition::Hours(_) => {
                let minutes = self.local()?.millis.div_euclid(60_000);
                format!("{:02}:{:02}", minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60))
            }
            Condition::Weekdays(_) => self.local()?.weekday().label().to_owned(),
            Condition::Arm(_) => listed(self.arms().iter().map(pair)),
            Condition::Age(_) => match (self.now - self.sent_at()).max(0) {
                short @ ..1_000 => format!("{short}ms"),
                long => format!("{}s", long / 1_000),
            },
            Condition::Safety(_) => {
                listed(self.marks().flat_map(|marks| marks.rules.iter().chain(&marks.categories)).cloned())
            }
            Condition::HistoryTurns(_) => self.past().turns.to_string(),
            Condition::HistoryTokens(_) => self.past().tokens.to_string(),
            Condition::Language(_) => self.language().label().to_owned(),
            Condition::Asked(again) => self.asked_before(again.within_ms).to_string(),
            Condition::Complexity(_) => self.score().class.label().to_owned(),
            Condition::Score(_) => self.score().score.to_string(),
            Condition::Targets(asked) => listed(asked.names().map(|name| {
                let condition = self.condition(name);
                format!("{name} {} ({} ms)", condition.state.label(), condition.waiting_ms)
            })),
            Condition::Keywords(_) | Condition::Regex(_) => return None,
        })
    }

    fn marks(&self) -> impl Iterator<Item = &schemas::state::Marks> {
        self.asked.iter().filter_map(|message| message.marks.as_deref())
    }
}

fn pair((name, value): (&String, &String)) -> String {
    format!("{name}={value}")
}

/// Several things in one text; `none` where there is nothing.
fn listed(things: impl IntoIterator<Item = String>) -> String {
    let things: Vec<String> = things.into_iter().collect();
    if things.is_empty() { "none".to_owned() } else { things.join(", ") }
}
