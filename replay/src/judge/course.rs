//! Which conversations are judged, in which order, and when it is enough.
//!
//! Conversations are judged whole and in random order, so that those that are judged speak for all when judging ends early: because the money is spent, or
//! because what was asked has become clear.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use super::compare::{compare, texts};
use super::prompt::Texts;
use super::rubric::Rubric;
use super::{Asker, Keep, Unasked, Unkept};
use crate::results::{Judged, TurnResult};
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

/// How turns are judged.
#[derive(Debug)]
pub struct Judging<'a, A> {
    /// Who asks the judge.
    pub asker: &'a A,
    /// By what it compares.
    pub rubric: &'a Rubric,
    /// When judging ends.
    pub until: Until,
    /// Where the order of conversations comes from.
    pub seed: Seed,
    /// Most turns that it is asked about at a time.
    pub at_once: NonZeroUsize,
}

/// What came of the turns of some conversations.
#[derive(Default)]
struct Asked {
    judged: BTreeMap<usize, Judged>,
    failed: BTreeMap<usize, &'static str>,
    /// Turns for which there was no money.
    unpaid: BTreeSet<usize>,
}

/// Judges turns and writes down what was said. What was judged before stays and counts, so that judging can go on where it was interrupted.
///
/// Where it may end early, one conversation is judged after the other; the turns of one are asked about at a time, and it is looked at the interval
/// behind each conversation. Otherwise all are asked about in their order, many at a time.
///
/// # Errors
/// [`Unkept`] when what was said cannot be kept; what was kept before is in the turns.
pub async fn run<A: Asker>(
    turns: &mut [TurnResult],
    judging: &Judging<'_, A>,
    keep: &mut impl Keep,
) -> Result<Course, Unkept> {
    let order = order(turns, judging.seed);
    let sizes: Vec<u64> = order.iter().map(|conversation| conversation.len() as u64).collect();
    let mut watch = Watch::new(&sizes);
    let mut course =
        Course { ended: Ended::All, conversations: 0, failed: Vec::new(), interval: watch.interval() };
    let together = if judging.until == Until::All { order.len() } else { 1 };
    'together: for conversations in order.chunks(together.max(1)) {
        let mut asked = Asked::default();
        let kept = asked.ask(turns, conversations, judging, keep).await;
        asked.write(turns, &mut course);
        kept?;
        for conversation in conversations {
            if conversation.iter().any(|index| asked.unpaid.contains(index)) {
                course.ended = Ended::Budget;
                break 'together;
            }
            let said = conversation.iter().filter_map(|index| turns.get(*index)?.judged.as_ref());
            let (sum, judged) = said.fold((0.0, 0), |(sum, judged), said| (sum + said.win(), judged + 1));
            watch.see(sum, judged);
            course.conversations += 1;
        }
        if let Until::Clear { of } = judging.until
            && watch.excludes(of)
        {
            course.ended = Ended::Clear;
            break;
        }
    }
    course.interval = watch.interval();
    Ok(course)
}

impl Asked {
    /// Asks about the turns of conversations that were not judged yet. Once there was no money for one, none is begun any more.
    async fn ask<A: Asker>(
        &mut self,
        turns: &[TurnResult],
        conversations: &[Vec<usize>],
        judging: &Judging<'_, A>,
        keep: &mut impl Keep,
    ) -> Result<(), Unkept> {
        let is_spent = AtomicBool::new(false);
        let open = conversations.iter().flatten().filter_map(|index| {
            let turn = turns.get(*index).filter(|turn| turn.judged.is_none())?;
            Some((*index, turn, texts(turn)?))
        });
        let ask = |(index, turn, texts)| {
            let is_spent = &is_spent;
            async move {
                if is_spent.load(Ordering::Relaxed) {
                    return (index, turn, Err(Unasked::Budget));
                }
                let said = compare(judging.asker, judging.rubric, texts).await;
                is_spent.fetch_or(said == Err(Unasked::Budget), Ordering::Relaxed);
                (index, turn, said)
            }
        };
        let open: Vec<(usize, &TurnResult, Texts<'_>)> = open.collect();
        let mut asked = stream::iter(open).map(ask).buffer_unordered(judging.at_once.get());
        while let Some((index, turn, said)) = asked.next().await {
            match said {
                Ok(said) => {
                    keep.keep(&turn.turn, &said).await?;
                    self.judged.insert(index, said);
                }
                Err(Unasked::Failed(reason)) => drop(self.failed.insert(index, reason)),
                Err(Unasked::Budget) => drop(self.unpaid.insert(index)),
            }
        }
        Ok(())
    }

    fn write(&mut self, turns: &mut [TurnResult], course: &mut Course) {
        for (index, said) in std::mem::take(&mut self.judged) {
            if let Some(turn) = turns.get_mut(index) {
                turn.judged = Some(said);
            }
        }
        for (index, reason) in &self.failed {
            course.failed.extend(turns.get(*index).map(|turn| (turn.turn.clone(), *reason)));
        }
    }
}
