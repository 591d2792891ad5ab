//! Targets, each with what the table of models knows of its model.

use std::collections::BTreeMap;

use common::Problems;
use schemas::ids::TargetName;

use super::models::system;
use super::{output_cap, provider};
use crate::model_traits::{ModelTraits, Thinking, ThinkingSwitch};
use crate::models::{Model, Models, Thinks};
use crate::raw::RawTarget;
use crate::target::{Provider, Target};

/// The window of a model of which nothing is known, in tokens.
const UNKNOWN_WINDOW: u32 = 32_768;

pub(super) fn targets(
    raw: &[RawTarget],
    models: &Models,
    problems: &mut Problems,
) -> BTreeMap<TargetName, Target> {
    let mut targets = BTreeMap::new();
    for raw in raw {
        let place = format!("target {:?}", raw.name.get_ref());
        let name = problems.take_at(&place, &raw.name, TargetName::new(raw.name.get_ref().clone()));
        let target = target(raw, models, &place, problems);
        if name.is_some_and(|name| targets.insert(name, target).is_some()) {
            problems.add_at(&place, &raw.name, "it is configured twice");
        }
    }
    targets
}

fn target(raw: &RawTarget, models: &Models, place: &str, problems: &mut Problems) -> Target {
    let provider = provider(place, &raw.provider, problems).unwrap_or(Provider::Local);
    let model = models.of(provider, &raw.model);
    let model = model.as_ref();
    let cap = raw.output_cap.as_ref().and_then(|cap| output_cap(place, cap, problems));
    let mut rule = |holds: bool, what: &str| {
        if !holds {
            problems.add(place, what);
        }
    };
    rule(!raw.timeout.is_zero(), "timeout may not be zero");
    rule(raw.context_tokens != Some(0), "context_tokens may not be zero");
    rule(!raw.model.is_empty(), "model may not be empty");
    rule(!raw.region.is_empty(), "region may not be empty");
    let takes_temperature =
        model.and_then(|model| Some(model.sampling.as_ref()?.contains(&"temperature"))).unwrap_or(true);
    Target {
        provider,
        model: raw.model.clone(),
        region: raw.region.clone(),
        context_tokens: raw
            .context_tokens
            .or(model.and_then(|model| model.context_tokens))
            .unwrap_or(UNKNOWN_WINDOW),
        timeout_ms: u64::try_from(raw.timeout.as_millis()).unwrap_or(u64::MAX),
        output_cap: cap.or(model.and_then(|model| model.output_cap)).unwrap_or(provider.output_cap()),
        temperature: raw.temperature.unwrap_or(takes_temperature),
        traits: traits(raw, model, place, problems),
    }
}

fn traits(raw: &RawTarget, model: Option<&Model>, place: &str, problems: &mut Problems) -> ModelTraits {
    let system = raw.system.as_ref().and_then(|at| system(place, at, problems));
    let thinking = thinking(raw, model, place, problems);
    ModelTraits {
        max_output_tokens: model.and_then(|model| model.max_output_tokens),
        temperature_milli: model.and_then(|model| model.temperature_milli),
        system: system.or(model.and_then(|model| model.system)).unwrap_or_default(),
        stream_only: model.and_then(|model| model.stream_only).unwrap_or_default(),
        thinking,
        thinking_by: model.and_then(|model| model.thinking_by).filter(|_| thinking.is_switched()),
        caching: model.and_then(|model| model.caching).unwrap_or_default(),
    }
}

/// What calls say of thinking, as the target asks and the model can.
fn thinking(raw: &RawTarget, model: Option<&Model>, place: &str, problems: &mut Problems) -> Thinking {
    let words = [("on", Thinking::On), ("off", Thinking::Off)];
    let asked = raw.thinking.as_ref().and_then(|at| problems.word(place, at, &words));
    let mut refused = |what: &str| {
        if let Some(at) = &raw.thinking {
            problems.add_at(place, at, format!("thinking: {what}"));
        }
    };
    match (model.and_then(|model| model.thinks), asked) {
        (Some(Thinks::Always), asked) => {
            if asked == Some(Thinking::Off) {
                refused("its model always thinks");
            }
            Thinking::Always
        }
        (Some(Thinks::Never), asked) => {
            if asked == Some(Thinking::On) {
                refused("its model does not think");
            }
            Thinking::Unsaid
        }
        (_, Some(asked)) => asked,
        (Some(Thinks::Switchable), None) if model.is_some_and(thinks_unless_told) => Thinking::Off,
        (Some(Thinks::Switchable) | None, None) => Thinking::Unsaid,
    }
}

/// OpenAI's and Claude's models think as far as their vendor means it to be, or not unless asked; the others think unless told
/// otherwise.
fn thinks_unless_told(model: &Model) -> bool {
    match model.thinking_by {
        Some(
            ThinkingSwitch::ReasoningEffort
            | ThinkingSwitch::ThinkingBudget
            | ThinkingSwitch::ThinkingAdaptive,
        )
        | None => false,
        Some(
            ThinkingSwitch::EnableThinking
            | ThinkingSwitch::ThinkingType
            | ThinkingSwitch::Think
            | ThinkingSwitch::ChatTemplate,
        ) => true,
    }
}

#[cfg(test)]
mod tests;
