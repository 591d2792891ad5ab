//! The conversations that lost most.

use std::collections::BTreeMap;

use common::Action;
use safety::personal::starred;
use serde::Serialize;

use super::case::Case;
use crate::measure::Pair;
use crate::results::{Preference, Side};
use crate::statistics::Seed;

/// Conversations that are shown.
pub const MOST: usize = 10;
/// Turns of a conversation that are shown: those that lost most, in the order in which they were said. Those that lost nothing are not.
const MOST_TURNS: usize = 4;
/// Characters of a text that are shown.
const MOST_CHARACTERS: usize = 1_200;

/// A conversation that lost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worst {
    /// A hash of its key: names of people stay out of reports.
    pub conversation: String,
    /// The app.
    pub app: String,
    /// How much it lost: see [`loss`].
    pub loss: f64,
    /// Turns that are compared.
    pub turns: u64,
    /// Some of them.
    pub shown: Vec<Shown>,
}

/// A turn side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// The turn.
    pub turn: String,
    /// What was asked.
    pub question: String,
    /// Both answers.
    pub sides: Pair<ShownSide>,
    /// Which is better, where it was judged.
    pub better: Option<Preference>,
    /// From -3, the baseline by far, to 3, the candidate by far.
    pub score: Option<f64>,
    /// Why, in the judge's words.
    pub why: String,
}

/// One side of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownSide {
    /// What was said; empty where nothing was.
    pub answer: String,
    /// Who said it.
    pub target: Option<String>,
    /// The stricter verdict on question and answer.
    pub verdict: Option<Action>,
    /// Why nothing was said.
    pub error: Option<String>,
}

/// What a turn lost: what the judge's score is below 0, 3 for an answer that is missing or stopped on the candidate's side alone, and 2 for one that
/// refuses on the candidate's side alone.
pub fn loss(case: &Case<'_>) -> f64 {
    let (baseline, candidate) = (&case.turn.baseline, &case.turn.candidate);
    let judged = case.turn.judged.as_ref().map_or(0.0, |judged| (-judged.score()).max(0.0));
    let missing = baseline.is_complete() && !candidate.is_complete();
    let stopped = !baseline.stops() && candidate.stops();
    let refuses =
        case.measures.is_some_and(|measures| measures.refuses.candidate && !measures.refuses.baseline);
    judged + 3.0 * f64::from(missing || stopped) + 2.0 * f64::from(refuses)
}

/// The worst conversations, the worst first, all texts masked once more.
pub fn of(cases: &[Case<'_>]) -> Vec<Worst> {
    let mut conversations: BTreeMap<&str, Vec<&Case<'_>>> = BTreeMap::new();
    for case in cases {
        conversations.entry(&case.turn.conversation).or_default().push(case);
    }
    let lost = |cases: &[&Case<'_>]| cases.iter().map(|case| loss(case)).sum::<f64>();
    let mut worst: Vec<(f64, &str, Vec<&Case<'_>>)> = conversations
        .into_iter()
        .map(|(conversation, cases)| (lost(&cases), conversation, cases))
        .filter(|(loss, ..)| *loss > 0.0)
        .collect();
    worst.sort_by(|one, other| other.0.total_cmp(&one.0));
    worst.truncate(MOST);
    worst
        .into_iter()
        .map(|(loss, conversation, cases)| Worst {
            conversation: name(conversation),
            app: cases.first().map(|case| case.turn.app.clone()).unwrap_or_default(),
            loss,
            turns: cases.len() as u64,
            shown: shown(&cases),
        })
        .collect()
}

/// What stands for a conversation in reports.
pub fn name(conversation: &str) -> String {
    Seed::of(conversation).hex().chars().take(12).collect()
}

fn shown(cases: &[&Case<'_>]) -> Vec<Shown> {
    let mut places: Vec<usize> = (0..cases.len()).filter(|place| loss(cases[*place]) > 0.0).collect();
    places.sort_by(|one, other| loss(cases[*other]).total_cmp(&loss(cases[*one])));
    places.truncate(MOST_TURNS);
    places.sort_unstable();
    places.into_iter().map(|place| turn(cases[place])).collect()
}

fn turn(case: &Case<'_>) -> Shown {
    let turn = case.turn;
    let judged = turn.judged.as_ref();
    // The reason of the order that spoke for the side that is better.
    let why = judged.map_or("", |judged| {
        let first = &judged.baseline_first;
        if first.better == judged.better() { &first.why } else { &judged.candidate_first.why }
    });
    Shown {
        turn: turn.turn.clone(),
        question: masked(turn.question.as_deref().unwrap_or_default()),
        sides: Pair { baseline: side(&turn.baseline), candidate: side(&turn.candidate) },
        better: judged.map(|judged| judged.better()),
        score: judged.map(|judged| judged.score()),
        why: masked(why),
    }
}

fn side(side: &Side) -> ShownSide {
    ShownSide {
        answer: masked(side.answer.as_deref().unwrap_or_default()),
        target: side.target.clone(),
        verdict: side.strictest(),
        error: side.error.clone(),
    }
}

/// Whoever wrote the results has masked them; a report goes to more people, so what is still recognised is hidden here.
fn masked(text: &str) -> String {
    let text = starred(text);
    let mut shown: String = text.chars().take(MOST_CHARACTERS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
