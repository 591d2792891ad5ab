//! The figures of a replay as rows of the table `replay_results`: without a word of what was said.

use account::{ReplayHead, ReplayJudged, ReplaySide, ReplayStored, ReplayTurn};
use anyhow::Context;
use replay::results::{Footing, Head, Judged, Preference, Results, Side, Source, TurnResult};

use crate::config::Config;

/// Makes the rows of a replay those of these turns; what is there already stays as it is. It may be called again as the replay goes on, once it
/// was judged, and after a failure.
///
/// # Errors
/// When the configuration has no section `[account]`, or the store does not answer.
pub(crate) async fn store(
    config: &Config,
    head: &Head,
    turns: &[TurnResult],
) -> anyhow::Result<ReplayStored> {
    let store = account::Store::new(&config.account()?);
    let rows: Vec<ReplayTurn> = turns.iter().map(row).collect();
    let stored = store.store_replay(&of_head(head), &rows, crate::check::now()).await;
    stored.with_context(|| format!("store the figures of replay {:?} in ClickHouse", head.name))
}

/// Makes rows of results, where the deployment has a ClickHouse. What hinders it, as a line.
pub(crate) async fn told(config: &Config, results: &Results) -> String {
    if config.account.is_none() {
        return String::new();
    }
    let stored = store(config, &results.head, &results.turns).await;
    stored.map_or_else(|error| unstored(&error), |_| String::new())
}

/// The line that tells why there are no rows.
pub(crate) fn unstored(error: &anyhow::Error) -> String {
    format!("rows          not in ClickHouse: {error:#}\n")
}

/// Takes the rows of a replay away; there may be none.
///
/// # Errors
/// When the configuration has no section `[account]`, or the store does not answer.
pub(crate) async fn forget(config: &Config, name: &str) -> anyhow::Result<()> {
    let store = account::Store::new(&config.account()?);
    store
        .forget_replay(name)
        .await
        .with_context(|| format!("take the figures of replay {name:?} out of ClickHouse"))
}

fn of_head(head: &Head) -> ReplayHead {
    ReplayHead {
        name: head.name.clone(),
        manifest: head.manifest.clone(),
        from: head.from,
        to: head.to,
        models: head.models.label(),
        fork_at: head.fork_at,
        baseline: head.baseline.name.clone(),
        candidate: head.candidate.name.clone(),
    }
}

fn row(turn: &TurnResult) -> ReplayTurn {
    ReplayTurn {
        app: turn.app.clone(),
        conversation: turn.conversation.clone(),
        turn: turn.turn.clone(),
        class: turn.class.clone().unwrap_or_default(),
        tier: turn.tier.clone().unwrap_or_default(),
        footing: match turn.footing {
            Footing::Closed => "closed",
            Footing::Open => "open",
        },
        cold_start: turn.cold_start,
        drift: turn.drift.map(replay::results::DriftCause::label).unwrap_or_default(),
        judged: turn.judged.as_ref().map(judged),
        baseline: side(&turn.baseline),
        candidate: side(&turn.candidate),
    }
}

fn judged(judged: &Judged) -> ReplayJudged {
    let better = match judged.better() {
        Preference::Baseline => "baseline",
        Preference::Tie => "tie",
        Preference::Candidate => "candidate",
    };
    ReplayJudged { better, score: judged.score(), equal: judged.equal }
}

fn side(side: &Side) -> ReplaySide {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let characters = |text: &String| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    ReplaySide {
        verdict: side.verdict.map(common::Action::label).unwrap_or_default(),
        answer_verdict: side.answer_verdict.map(common::Action::label).unwrap_or_default(),
        rules: side.rules.clone(),
        decision: text(&side.decision),
        request: text(&side.request),
        route: text(&side.route),
        target: text(&side.target),
        characters: side.answer.as_ref().map(characters),
        tokens_input: side.tokens.map(|tokens| tokens.input),
        tokens_cached: side.tokens.map(|tokens| tokens.cached),
        tokens_output: side.tokens.map(|tokens| tokens.output),
        cost: side.cost.clone(),
        latency_ms: side.latency_ms,
        first_token_ms: side.first_token_ms,
        source: match side.source {
            Some(Source::Recorded) => "recorded",
            Some(Source::Live) => "live",
            None => "",
        },
        error: text(&side.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../replay/examples/results.jsonl");

    #[test]
    fn a_turn_has_its_figures_and_none_of_its_words() {
        let results = replay::results::read(EXAMPLE).unwrap();
        let head = of_head(&results.head);
        assert_eq!((&head.name, &head.manifest), (&results.head.name, &results.head.manifest));
        let rows: Vec<ReplayTurn> = results.turns.iter().map(row).collect();
        let told = format!("{rows:?}");
        let mut judged = 0;
        for (turn, row) in results.turns.iter().zip(&rows) {
            assert_eq!((&turn.turn, &turn.baseline.cost), (&row.turn, &row.baseline.cost));
            assert_eq!(turn.candidate.answer.is_some(), row.candidate.characters.is_some());
            judged += usize::from(row.judged.is_some());
            let texts = [&turn.question, &turn.baseline.answer, &turn.candidate.answer].into_iter().flatten();
            for text in texts.filter(|text| text.chars().count() > 8) {
                assert!(!told.contains(text.as_str()), "{text}");
            }
        }
        assert!(rows.len() > 10 && judged > 0, "{} turns, {judged} judged", rows.len());
    }
}
