//! Rows of the table of models, and what is probably not meant about the models of targets.

use common::{Problem, Problems};
use schemas::Millis;
use toml::Spanned;

use super::day::{day, shown};
use super::{output_cap, provider};
use crate::bundle::Bundle;
use crate::model_traits::{Caching, MilliRange, SystemRole, ThinkingSwitch};
use crate::models::{Model, Models, SAMPLING, Thinks};
use crate::raw::{RawCatalogue, RawModel};
use crate::target::Provider;

/// A retirement is told this long before it happens: 30 days.
const NOTICE: Millis = 30 * 86_400_000;

/// Reads a row.
pub(crate) fn model(raw: &RawModel, problems: &mut Problems) -> Option<Model> {
    let place = format!("model {:?}", raw.model.get_ref());
    let provider = provider(&place, &raw.provider, problems);
    let thinks = [("none", Thinks::Never), ("switchable", Thinks::Switchable), ("always", Thinks::Always)];
    let caching = [("none", Caching::None), ("automatic", Caching::Automatic), ("marked", Caching::Marked)];
    if raw.model.get_ref().trim_end_matches('*').is_empty() {
        problems.add_at(&place, &raw.model, "model may not be empty");
    }
    for (key, tokens) in
        [("context_tokens", raw.context_tokens), ("max_output_tokens", raw.max_output_tokens)]
    {
        if tokens == Some(0) {
            problems.add_at(&place, &raw.model, format!("{key} may not be zero"));
        }
    }
    let mut sampling = |words: &Vec<Spanned<String>>| -> Vec<&'static str> {
        let known = SAMPLING.map(|word| (word, word));
        words.iter().filter_map(|at| problems.word(&place, at, &known)).collect()
    };
    let sampling = raw.sampling.as_ref().map(&mut sampling);
    let temperature_milli = raw.temperature_milli.as_ref().and_then(|at| {
        let [least, most] = *at.get_ref();
        if least > most {
            problems.add_at(&place, at, "temperature_milli: the least temperature comes first");
        }
        (least <= most).then_some(MilliRange { least, most })
    });
    let thinking = raw.thinking.as_ref();
    let by = raw.thinking_by.as_ref();
    Some(Model {
        name: raw.model.get_ref().clone(),
        context_tokens: raw.context_tokens,
        max_output_tokens: raw.max_output_tokens,
        output_cap: raw.output_cap.as_ref().and_then(|at| output_cap(&place, at, problems)),
        sampling,
        temperature_milli,
        system: raw.system.as_ref().and_then(|at| system(&place, at, problems)),
        stream_only: raw.stream_only,
        thinks: thinking.and_then(|at| problems.word(&place, at, &thinks)),
        thinking_by: by.and_then(|at| problems.word(&place, at, &SWITCHES)),
        caching: raw.caching.as_ref().and_then(|at| problems.word(&place, at, &caching)),
        vision: raw.vision,
        retires: raw.retires.as_ref().and_then(|at| day(&place, at, problems)),
        provider: provider?,
    })
}

const SWITCHES: [(&str, ThinkingSwitch); 7] = [
    ("reasoning_effort", ThinkingSwitch::ReasoningEffort),
    ("enable_thinking", ThinkingSwitch::EnableThinking),
    ("thinking_type", ThinkingSwitch::ThinkingType),
    ("thinking_budget", ThinkingSwitch::ThinkingBudget),
    ("thinking_adaptive", ThinkingSwitch::ThinkingAdaptive),
    ("think", ThinkingSwitch::Think),
    ("chat_template", ThinkingSwitch::ChatTemplate),
];

/// Reads how a model is told the operator's instructions.
pub(super) fn system(place: &str, at: &Spanned<String>, problems: &mut Problems) -> Option<SystemRole> {
    let words = [
        ("system", SystemRole::System),
        ("developer", SystemRole::Developer),
        ("top_level", SystemRole::TopLevel),
        ("user", SystemRole::User),
    ];
    problems.word(place, at, &words)
}

/// Targets whose model is unknown, retired, or soon to be. Models of one's own servers are nobody else's to know.
pub(super) fn warnings(raw: &RawCatalogue, bundle: &Bundle, now: Millis) -> Vec<Problem> {
    let (models, mut found) = (Models::with(&raw.model), Problems::default());
    for target in &raw.target {
        let known = bundle.targets.iter().find(|(name, _)| name.as_str() == target.name.get_ref());
        let Some((name, of)) = known else { continue };
        let model = models.of(of.provider, &of.model);
        let retires = model.as_ref().and_then(|model| model.retires);
        let what = match (model, retires) {
            (None, _) if of.provider != Provider::Local => format!(
                "its model {:?} is in no table of models, so its window is taken as {} tokens and no retirement is known: a [[model]] row can say",
                of.model, of.context_tokens
            ),
            (_, Some(day)) if day <= now => format!(
                "its model {:?} was retired on {}: calls to it fail, or reach another model",
                of.model,
                shown(day)
            ),
            (_, Some(day)) if day - now <= NOTICE => {
                format!("its model {:?} retires on {}", of.model, shown(day))
            }
            _ => continue,
        };
        found.add_at(&format!("target {:?}", name.as_str()), &target.name, what);
    }
    found.into_vec()
}

#[cfg(test)]
mod tests;
