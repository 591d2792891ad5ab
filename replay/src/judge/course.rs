//! Which conversations are judged, in which order, and when it is enough.
//!
//! Conversations are judged whole and in random order, so that those that are judged speak for all when judging ends early: because the money is spent, or
//! because what was asked has become clear.

use std::collections::BTreeMap;

use super::compare::{compare, texts};
use super::rubric::Rubric;
use super::{Asker, Unasked};
use crate::results::TurnResult;
use crate::statistics::Seed;
use crate::statistics::sequential::Watch;

/// When judging ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// When everything is judged.
    All,
    /// When it is known on which side of this win rate the candidate is (`--stop-when-clear`; 0.5 is: better or worse).
    Clear {
        /// The win rate.
        of: f64,
    },
}

/// How judging ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything is judged.
    All,
    /// What was asked is clear.
    Clear,
    /// The money is spent.
    Budget,
}

/// What judging came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// How it ended.
    pub ended: Ended,
    /// Conversations that were judged.
    pub conversations: usize,
    /// Turns without a word of the judge, because it failed; their ids with the reasons.
    pub failed: Vec<(String, &'static str)>,
    /// The win rate's interval, which may be looked at after every conversation.
    pub interval: (f64, f64),
}

/// Indices of the turns of each conversation that can be judged, in the order in which conversations are judged.
pub fn order(turns: &[TurnResult], seed: Seed) -> Vec<Vec<usize>> {
    let mut conversations: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, turn) in turns.iter().enumerate() {
        if !turn.cold_start && texts(turn).is_some() {
            conversations.entry(&turn.conversation).or_default().push(index);
        }
    }
    let mut order: Vec<Vec<usize>> = conversations.into_values().collect();
    let mut source = seed.of_part("judge").source();
    for last in (1..order.len()).rev() {
        order.swap(last, source.below(last as u64 + 1) as usize);
    }
    order
}

/// Judges turns one conversation after the other and writes down what was said. What was judged before stays and counts, so that judging
/// can go on where it was interrupted.
pub async fn run(
    turns: &mut [TurnResult],
    asker: &impl Asker,
    rubric: &Rubric,
    until: Until,
    seed: Seed,
) -> Course {
    let order = order(turns, seed);
    let sizes: Vec<u64> = order.iter().map(|conversation| conversation.len() as u64).collect();
    let mut watch = Watch::new(&sizes);
    let (mut ended, mut conversations, mut failed) = (Ended::All, 0, Vec::new());
    'conversations: for conversation in order {
        let (mut sum, mut judged) = (0.0, 0);
        for index in conversation {
            let Some(turn) = turns.get_mut(index) else { continue };
            let Some(texts) = texts(turn) else { continue };
            if turn.judged.is_none() {
                match compare(asker, rubric, texts).await {
                    Ok(said) => turn.judged = Some(said),
                    Err(Unasked::Failed(reason)) => failed.push((turn.turn.clone(), reason)),
                    Err(Unasked::Budget) => {
                        ended = Ended::Budget;
                        break 'conversations;
                    }
                }
            }
            if let Some(said) = &turn.judged {
                sum += said.win();
                judged += 1;
            }
        }
        watch.see(sum, judged);
        conversations += 1;
        if let Until::Clear { of } = until
            && watch.excludes(of)
        {
            ended = Ended::Clear;
            break;
        }
    }
    Course { ended, conversations, failed, interval: watch.interval() }
}
