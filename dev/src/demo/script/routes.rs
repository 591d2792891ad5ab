//! Questions go to a model by how much work their answer takes, and the decision says why.

use crate::demo::stage::{Stage, expect, note};
use anyhow::{Context, Result};
use dev::rig::easemob::To;
use schemas::decision::{Decision, Why};

const TUTOR: To<'_> = To::User("bot_tutor");
/// Signals that are shown; the heaviest come first.
const SHOWN: usize = 4;

pub(super) fn by_work(stage: &mut Stage) -> Result<()> {
    for (question, class, rule, model) in [
        ("When do you open?", "simple", "easy", "acme-small"),
        ("Prove that the square root of 2 is irrational.", "hard", "hard", "acme-large"),
    ] {
        let said = stage.say("uma", TUTOR, question)?;
        stage.answer("uma", TUTOR, &said)?;
        let decision = stage.decided(&said)?;
        let (route, why) = reasons(&decision)?;
        expect("the rule that was taken", rule, route)?;
        let complexity = why.complexity.as_ref().context("the decision tells no score")?;
        expect("how much work it is", class, complexity.class.as_str())?;
        let calls = stage.model.about(question)?;
        let models: Vec<&str> = calls.iter().map(|call| call.model.as_str()).collect();
        expect("models that were asked", vec![model], models)?;
        tell(route, why, model);
    }
    Ok(())
}

/// The rule that a decision took, and why.
fn reasons(decision: &Decision) -> Result<(&str, &Why)> {
    let route = decision.route.as_ref().context("the decision has no route")?;
    let why = route.why.as_deref().context("the decision tells no reasons")?;
    Ok((&route.rule, why))
}

/// Shows them.
fn tell(rule: &str, why: &Why, model: &str) {
    let Some(complexity) = &why.complexity else { return };
    let mut signals: Vec<_> = complexity.signals.iter().collect();
    signals.sort_by_key(|signal| -signal.points.abs());
    let signals = signals.iter().take(SHOWN).map(|signal| format!("{} {:+}", signal.name, signal.points));
    let signals: Vec<String> = signals.collect();
    let skipped = why.skipped.iter().map(|skipped| format!("{} because of its {}", skipped.rule, skipped.by));
    let skipped: Vec<String> = skipped.collect();
    let skipped = if skipped.is_empty() { "nothing".to_owned() } else { skipped.join(", ") };
    note(&format!("the decision: rule {rule}, so {model} is asked; skipped: {skipped}"));
    note(&format!("{}, score {}: {}", complexity.class, complexity.score, signals.join(", ")));
}
