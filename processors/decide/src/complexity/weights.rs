//! What each signal is worth. The figures were fitted on the tuning part of the labelled set.

use super::Signal;
use super::lexicon::Group;
use super::shape::Shape;

mod table;

use table::{BASE, GROUPS, KINDS, SHAPES};

/// Further cues of a group that count.
const MORE: i32 = 3;

/// What a follow-up is worth that leans on earlier turns: its answer needs them all.
const LEANS: i32 = 60;

/// What was found in a text.
#[derive(Debug)]
pub(super) struct Counts {
    groups: [i32; Group::ALL.len()],
    /// Cues of hard matters outside what is asked.
    pub(super) context: i32,
    /// The group of the first cue that is asked.
    lead: Option<Group>,
    pub(super) shape: Shape,
    pub(super) history_turns: u32,
}

impl Counts {
    pub(super) fn new(shape: Shape, history_turns: u32) -> Self {
        Self { groups: [0; Group::ALL.len()], context: 0, lead: None, shape, history_turns }
    }

    pub(super) fn add(&mut self, group: Group) {
        if let Some(count) = self.groups.get_mut(group as usize) {
            *count += 1;
        }
        if !group.quiet() && group != Group::Greet {
            self.lead.get_or_insert(group);
        }
    }

    fn of(&self, group: Group) -> i32 {
        self.groups.get(group as usize).copied().unwrap_or_default()
    }

    fn leans(&self) -> i32 {
        let follows = self.of(Group::FollowUp) > 0 || self.shape.tiny > 0 && self.of(Group::Greet) == 0;
        if self.history_turns > 0 && follows { LEANS } else { 0 }
    }

    /// How many groups of a range were found.
    fn kinds(&self, first: Group, last: Group) -> i32 {
        let found = self.groups.get(first as usize..=last as usize).unwrap_or_default();
        i32::try_from(found.iter().filter(|count| **count > 0).count()).unwrap_or_default()
    }

    /// Values beside the groups: kinds of cues, pairs of them, and what comes first.
    fn mixed(&self) -> [(&'static str, i32); 16] {
        // A greeting before a question says nothing of the question.
        let easy = self.kinds(Group::Chat, Group::Extract);
        let usual = self.kinds(Group::Explain, Group::Plan);
        let heavy = self.kinds(Group::Prove, Group::Debug);
        let load = self.kinds(Group::Constraint, Group::Big);
        let has = |group: Group| self.of(group) > 0;
        let sum = has(Group::HowMuch) || has(Group::When) || has(Group::What);
        let makes = has(Group::Design) || has(Group::Implement);
        let lead = self.lead.map_or(0, |group| group as usize);
        let leads = |first: Group, last: Group| i32::from((first as usize..=last as usize).contains(&lead));
        [
            ("easy kinds", easy.min(3)),
            ("usual kinds", usual.min(4)),
            ("heavy kinds", heavy.min(6)),
            ("heavy mix", (heavy - 2).clamp(0, 4)),
            ("load kinds", load),
            ("heavy under load", i32::from(heavy > 0) * load),
            ("only easy", i32::from((easy > 0 || has(Group::Greet)) && usual + heavy == 0)),
            ("only usual", i32::from(usual > 0 && heavy == 0)),
            ("made system", i32::from(makes && (has(Group::System) || has(Group::Quality)))),
            ("proven theory", i32::from(has(Group::Prove) && has(Group::Theory))),
            ("service step", i32::from(has(Group::Service) && has(Group::HowTo) && !has(Group::Complaint))),
            ("easy lead", leads(Group::Chat, Group::Extract)),
            ("proof lead", leads(Group::Prove, Group::Prove)),
            ("word problem", i32::from(self.shape.figures > 1 && sum && !has(Group::Service))),
            (
                "long translation",
                i32::from(
                    has(Group::Translate)
                        && !has(Group::Extract)
                        && usual + heavy == 0
                        && self.shape.is_passage,
                ),
            ),
            ("making lead", leads(Group::Design, Group::Implement)),
        ]
    }

    fn shapes(&self) -> [(&'static str, i32); 15] {
        let shape = &self.shape;
        [
            ("length", shape.length),
            ("tiny", shape.tiny),
            ("numbers", shape.numbers),
            ("questions", shape.questions),
            ("clauses", shape.clauses),
            ("code marks", shape.marks),
            ("stack trace", shape.trace),
            ("signs", shape.signs),
            ("items", shape.items),
            ("material", shape.material),
            ("nothing asked", shape.nothing),
            ("no cue", shape.unknown),
            ("yes or no", shape.polar),
            ("figures", shape.figures),
            ("context", self.context.min(6)),
        ]
    }
}

/// The signals of a text that are worth something.
pub(super) fn signals(counts: &Counts) -> Vec<Signal> {
    let groups = GROUPS.iter().map(|(group, first, more)| {
        let count = counts.of(*group);
        let points = if count == 0 { 0 } else { first + more * (count - 1).min(MORE) };
        Signal { name: group.name(), points }
    });
    let worth = |(name, value): (&'static str, i32), points: &i32| Signal { name, points: points * value };
    let kinds = counts.mixed().into_iter().zip(&KINDS).map(|(found, points)| worth(found, points));
    let shapes = counts.shapes().into_iter().zip(&SHAPES).map(|(found, points)| worth(found, points));
    std::iter::once(Signal { name: "base", points: BASE })
        .chain(std::iter::once(Signal { name: "history", points: counts.leans() }))
        .chain(groups)
        .chain(kinds)
        .chain(shapes)
        .filter(|signal| signal.points != 0)
        .collect()
}
