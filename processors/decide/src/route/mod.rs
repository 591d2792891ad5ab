//! The route of a turn: which targets are asked, with which parameters, and how much a prompt for them may hold.

mod budget;

use std::collections::BTreeMap;

use catalogue::App;
use schemas::Millis;
use schemas::decision;
use schemas::ids::TargetName;

pub(crate) use budget::PromptBudget;

/// Context windows of the bundle's targets, in tokens.
pub(crate) type Windows = BTreeMap<TargetName, u32>;

/// How a turn is to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    /// The rule that chose it.
    pub(crate) rule: &'a str,
    /// Targets in the order in which they are tried.
    pub(crate) chain: &'a [TargetName],
    /// First line of the prompt; may be empty.
    pub(crate) system_prompt: &'a str,
    /// Most turns of history in the prompt.
    pub(crate) history_turns: usize,
    /// Most tokens of the answer.
    pub(crate) max_output_tokens: u32,
    /// Sampling temperature, in thousandths; the provider's default if absent.
    pub(crate) temperature_milli: Option<u32>,
    /// No attempt starts later than this after the decision, in milliseconds.
    pub(crate) answer_within_ms: Millis,
}

/// Chooses the route of a turn: every app has one chain.
pub(crate) fn choose(app: &App) -> Route<'_> {
    Route {
        rule: "chain",
        chain: &app.chain,
        system_prompt: &app.system_prompt,
        history_turns: app.history_turns as usize,
        max_output_tokens: app.max_output_tokens,
        temperature_milli: app.temperature_milli,
        answer_within_ms: app.answer_within_ms,
    }
}

impl Route<'_> {
    /// What a prompt for the smallest window of the chain may hold besides its first line; `None` when that line alone does not fit.
    pub(crate) fn budget(&self, windows: &Windows) -> Option<PromptBudget> {
        let smallest = self.chain.iter().filter_map(|target| windows.get(target)).min().copied();
        let budget = PromptBudget::of_window(smallest.unwrap_or(0).saturating_sub(self.max_output_tokens));
        if self.system_prompt.is_empty() { Some(budget) } else { budget.less(self.system_prompt) }
    }

    /// As decisions tell of it.
    pub(crate) fn record(&self) -> decision::Route {
        decision::Route { chain: self.chain.to_vec(), rule: self.rule.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str) -> TargetName {
        TargetName::new(name).unwrap()
    }

    #[test]
    fn the_budget_is_that_of_the_smallest_window_of_the_chain_that_was_chosen() {
        let windows = Windows::from([(target("wide"), 8_000), (target("narrow"), 1_000)]);
        let (wide, both) = ([target("wide")], [target("wide"), target("narrow")]);
        let route = |chain| Route {
            rule: "test",
            chain,
            system_prompt: "",
            history_turns: 1,
            max_output_tokens: 400,
            temperature_milli: None,
            answer_within_ms: 1,
        };
        assert_eq!(route(&wide).budget(&windows), Some(PromptBudget::of_window(7_600)));
        assert_eq!(route(&both).budget(&windows), Some(PromptBudget::of_window(600)));
        let long = "很长的话。".repeat(200);
        assert_eq!(Route { system_prompt: &long, ..route(&both) }.budget(&windows), None);
        assert_eq!(route(&both).budget(&Windows::new()), Some(PromptBudget::of_window(0)));
    }
}
