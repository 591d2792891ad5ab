//! Chinese cues that are one slip of the finger away from what stands in a text: two neighbours that changed places, a character that is
//! wrong, one that is missing, one too many.
//!
//! A cue of two characters has too many neighbours that mean something else, so that only its two characters may have changed places. The
//! first character of a longer one must be right. Where an exact cue begins within, that one is meant.

use super::super::folded::chinese;
use super::{Group, Node, Vocabulary};

/// Shorter cues have too many neighbours.
const LEAST: usize = 3;

/// The cue that the beginning of `rest` stands for, with the characters that it takes of it.
pub(super) fn found(vocabulary: &Vocabulary, rest: &[char]) -> Option<(usize, Group)> {
    let (first, second) = (*rest.first()?, *rest.get(1)?);
    if !chinese(first) || !chinese(second) {
        return None;
    }
    let root = vocabulary.nodes.first()?;
    let swapped = vocabulary.next(root, second).and_then(|node| vocabulary.next(node, first));
    let swapped = swapped.and_then(|node| whole(vocabulary, node, rest, 2));
    let within = || vocabulary.next(root, first).and_then(|node| one_slip(vocabulary, node, rest));
    let (length, group) = swapped.or_else(within)?;
    let is_free = (1..length).all(|at| {
        let inner = rest.get(at..).and_then(|rest| vocabulary.longest(' ', rest));
        inner.is_none_or(|(inner, group)| inner < 2 || group.quiet())
    });
    is_free.then_some((length, group))
}

/// A cue whose first character is right, of at least [`LEAST`] characters.
fn one_slip(vocabulary: &Vocabulary, first: &Node, rest: &[char]) -> Option<(usize, Group)> {
    let (mut node, mut at) = (first, 1);
    loop {
        let c = rest.get(at).copied().filter(|c| chinese(*c))?;
        let slip = Slip { vocabulary, node, rest, at, c };
        if let Some(found) = slip.found() {
            return Some(found);
        }
        node = vocabulary.next(node, c)?;
        at += 1;
    }
}

/// A place behind which a cue may go on by a slip.
struct Slip<'a> {
    vocabulary: &'a Vocabulary,
    /// Where the cue stands so far.
    node: &'a Node,
    rest: &'a [char],
    at: usize,
    /// What stands at `at`.
    c: char,
}

impl Slip<'_> {
    fn found(&self) -> Option<(usize, Group)> {
        self.moved().or_else(|| self.replaced())
    }

    /// Two characters changed places, or there is one too many.
    fn moved(&self) -> Option<(usize, Group)> {
        let Self { vocabulary, node, rest, at, c } = *self;
        let next = rest.get(at + 1).copied().filter(|c| chinese(*c))?;
        let node = vocabulary.next(node, next)?;
        let swapped = vocabulary.next(node, c).and_then(|node| whole(vocabulary, node, rest, at + 2));
        let one_more = || whole(vocabulary, node, rest, at + 2).filter(|(length, _)| *length > LEAST);
        swapped.or_else(one_more)
    }

    /// Another character is meant, or one is missing here.
    fn replaced(&self) -> Option<(usize, Group)> {
        let Self { vocabulary, node, rest, at, c } = *self;
        let others = node.next.iter().filter(|(meant, _)| chinese(*meant) && *meant != c);
        others.filter_map(|(_, place)| vocabulary.nodes.get(*place)).find_map(|meant| {
            // Of a cue of three the last character must be right as well, none may be missing, and it must ask for work.
            let is_sure = |(length, group): &(usize, Group)| {
                *length > LEAST || (*length == LEAST && *length > at + 1 && (group.task() || group.heavy()))
            };
            let wrong = whole(vocabulary, meant, rest, at + 1).filter(is_sure);
            let missing = || whole(vocabulary, meant, rest, at);
            wrong.or_else(|| missing().filter(|(length, _)| *length > at && *length >= LEAST))
        })
    }
}

/// The longest cue below a node that goes on with `rest` behind `at`, with its end there.
fn whole(vocabulary: &Vocabulary, from: &Node, rest: &[char], at: usize) -> Option<(usize, Group)> {
    let mut node = from;
    let mut found = node.ends.map(|group| (at, group));
    for (n, c) in rest.iter().enumerate().skip(at) {
        let Some(next) = vocabulary.next(node, *c).filter(|_| chinese(*c)) else { break };
        node = next;
        found = node.ends.map(|group| (n + 1, group)).or(found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::folded::Folded;
    use super::super::vocabulary;

    fn groups(text: &str) -> Vec<&'static str> {
        vocabulary().hits(&Folded::new(text).chars).iter().map(|hit| hit.group.name()).collect()
    }

    #[test]
    fn a_cue_with_one_slip_is_found() {
        for (meant, slipped) in [
            ("设计", "计设"),
            ("解释", "释解"),
            ("为什么", "为么什"),
            ("为什么", "为这么"),
            ("营业时间", "营业是间"),
            ("营业时间", "营时间"),
            ("营业时间", "营业的时间"),
        ] {
            assert_eq!(groups(slipped), groups(meant), "{slipped} is read as {meant}");
        }
    }

    #[test]
    fn what_may_mean_something_else_stays() {
        for (other, group) in [
            ("社计", "design"),
            ("设机", "design"),
            // Two of three characters are a word of their own here.
            ("美元", "expert"),
            ("牛顿是哪国人", "theory"),
            // An exact cue begins within.
            ("我要预约你们的设计师", "design"),
        ] {
            assert!(!groups(other).contains(&group), "{other}: {:?}", groups(other));
        }
    }
}
