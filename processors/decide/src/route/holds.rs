//! When a condition holds.

use catalogue::route::{Condition, Findings, NO_TIER};
use safety::Cued;
use schemas::state::Marks;

use super::facts::Facts;

/// A condition, and where its words or expression are among the cues.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) condition: &'a Condition,
    pub(super) cue: usize,
}

impl Asked<'_> {
    /// Whether it holds of a turn.
    pub(super) fn holds(&self, facts: &Facts<'_>, cued: &Cued<'_>) -> bool {
        let conversation = &facts.lane.conversation;
        match self.condition {
            Condition::Chat(kinds) => kinds.contains(&conversation.kind()),
            Condition::Message(kinds) => facts.asked.iter().any(|message| kinds.contains(&message.kind)),
            Condition::Bot(bots) => facts.bot().is_some_and(|bot| bots.contains(bot)),
            Condition::Group(groups) => conversation.group_id().is_some_and(|id| groups.contains(id)),
            Condition::Tier(tiers) => tiers.contains(facts.tier().map_or(NO_TIER, |tier| tier.name.as_str())),
            Condition::Ext(tags) => any_marked(facts, |marks| {
                tags.iter().all(|(name, values)| {
                    marks.tags.get(name).is_some_and(|value| values.is_empty() || values.contains(value))
                })
            }),
            Condition::Hours(hours) => {
                facts.local().is_some_and(|local| hours.iter().any(|hours| hours.hold(local.millis)))
            }
            Condition::Weekdays(days) => facts.local().is_some_and(|local| days.contains(&local.weekday())),
            Condition::Arm(named) => named
                .iter()
                .all(|(experiment, arms)| facts.arms().get(experiment).is_some_and(|arm| arms.contains(arm))),
            // What Easemob's clock has ahead of ours is no age.
            Condition::Age(span) => span.has(u64::try_from(facts.now - facts.sent_at()).unwrap_or(0)),
            Condition::Safety(findings) => any_marked(facts, |marks| found(findings, marks)),
            Condition::HistoryTurns(span) => span.has(facts.past().turns),
            Condition::HistoryTokens(span) => span.has(facts.past().tokens),
            Condition::Language(languages) => languages.contains(&facts.language()),
            Condition::Keywords(_) | Condition::Regex(_) => cued.has(self.cue),
            Condition::Asked(again) => facts.asked_before(again.within_ms) >= again.times as usize,
            Condition::Complexity(classes) => classes.contains(&facts.score().class),
            Condition::Score(span) => span.has(u64::from(facts.score().score)),
            Condition::Targets(asked) => asked.hold(|name| facts.condition(name)),
        }
    }
}

fn any_marked(facts: &Facts<'_>, is_it: impl Fn(&Marks) -> bool) -> bool {
    facts.asked.iter().filter_map(|message| message.marks.as_deref()).any(is_it)
}

fn found(named: &Findings, marks: &Marks) -> bool {
    !named.rules.is_disjoint(&marks.rules) || !named.categories.is_disjoint(&marks.categories)
}
