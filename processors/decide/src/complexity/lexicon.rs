//! The vocabulary: cues by group, and where they stand in a text.

mod slips;

use std::sync::LazyLock;

use super::folded::Folded;
use super::spelling::Spelling;

const WORDS: &str = include_str!("vocabulary.txt");

macro_rules! groups {
    ($($variant:ident $name:literal,)*) => {
        /// What the cues of a group say.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Group { $($variant,)* }

        impl Group {
            /// Every group, in the order in which signals are told.
            pub(super) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the vocabulary and of the signal.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

groups! {
    Filler "filler", Mute "mute", Ask "ask", Help "help",
    Greet "greet", Chat "chat", When "when", Where "where", Who "who", HowMuch "howmuch", Fact "fact", YesNo "yesno",
    What "what", Service "service", Translate "translate", Word "word", Convert "convert", Order "command", Extract "extract",
    Explain "explain", Compare "compare", Write "write", Rewrite "rewrite", Summarize "summarize",
    Recommend "recommend", HowTo "howto", Complaint "complaint", Advise "advise", FollowUp "followup",
    Code "code", Math "math", Plan "plan",
    Prove "prove", Design "design", Implement "implement", System "system", Quality "quality", Analyze "analyze",
    Reason "reason", Optimize "optimize", Theory "theory", Open "open", Expert "expert", Debug "debug",
    Constraint "constraint", Steps "steps", Big "big",
}

impl Group {
    /// Says that work is asked for.
    pub(super) fn task(self) -> bool {
        matches!(
            self,
            Self::Translate
                | Self::Order
                | Self::Extract
                | Self::Explain
                | Self::Compare
                | Self::Write
                | Self::Rewrite
                | Self::Summarize
                | Self::Recommend
                | Self::Math
                | Self::Plan
                | Self::Prove
                | Self::Design
                | Self::Implement
                | Self::Analyze
                | Self::Optimize
                | Self::Steps
                | Self::Debug
        )
    }

    /// Makes an answer harder wherever it stands.
    pub(super) fn heavy(self) -> bool {
        self as usize >= Self::Prove as usize
    }

    /// Says nothing about the work.
    pub(super) fn quiet(self) -> bool {
        matches!(self, Self::Filler | Self::Mute | Self::Ask | Self::Help)
    }

    /// Is done to a text that comes with it.
    pub(super) fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Translate | Self::Rewrite | Self::Summarize | Self::Extract | Self::Word | Self::Convert
        )
    }
}

/// A cue in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) group: Group,
}

#[derive(Default)]
struct Node {
    /// By character.
    next: Vec<(char, usize)>,
    ends: Option<Group>,
    /// The cue may be the beginning of a word.
    open: bool,
}

/// All cues, as a tree of characters.
pub(super) struct Vocabulary {
    nodes: Vec<Node>,
    pub(super) spelling: Spelling,
}

/// The vocabulary, built when it is first needed.
pub(super) fn vocabulary() -> &'static Vocabulary {
    static BUILT: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::read(WORDS));
    &BUILT
}

impl Vocabulary {
    fn read(words: &str) -> Self {
        let mut vocabulary = Self { nodes: vec![Node::default()], spelling: Spelling::default() };
        for line in words.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, cues)) = line.split_once(": ") else { continue };
            let Some(group) = Group::ALL.iter().find(|group| group.name() == name) else { continue };
            for cue in cues.split(" | ").map(str::trim) {
                vocabulary.add(cue, *group);
            }
        }
        vocabulary
    }

    fn add(&mut self, cue: &str, group: Group) {
        let (cue, open) = cue.strip_suffix('*').map_or((cue, false), |stem| (stem, true));
        let mut here = 0;
        let cue = Folded::new(cue).chars;
        self.spelling.learn(&cue);
        for c in cue {
            let fresh = self.nodes.len();
            let Some(node) = self.nodes.get_mut(here) else { return };
            match node.next.binary_search_by_key(&c, |(c, _)| *c) {
                Ok(place) => here = node.next.get(place).map_or(0, |(_, next)| *next),
                Err(place) => {
                    node.next.insert(place, (c, fresh));
                    self.nodes.push(Node::default());
                    here = fresh;
                }
            }
        }
        // A cue of two groups counts in the one that is named last.
        if let Some(node) = self.nodes.get_mut(here).filter(|_| here > 0) {
            node.ends = Some(group);
            node.open = open;
        }
    }

    /// The longest cues from left to right; none overlaps another.
    pub(super) fn hits(&self, text: &[char]) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut at = 0;
        let mut before = ' ';
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let found = self.longest(before, rest).or_else(|| slips::found(self, rest));
            let length = found.map_or(1, |(length, _)| length);
            if let Some((length, group)) = found {
                hits.push(Hit { at, end: at + length, group });
            }
            before = rest.get(length - 1).copied().unwrap_or(' ');
            at += length;
        }
        hits
    }

    /// Where the tree goes on with a character.
    fn next(&self, node: &Node, c: char) -> Option<&Node> {
        let place = node.next.binary_search_by_key(&c, |(c, _)| *c).ok()?;
        self.nodes.get(node.next.get(place)?.1)
    }

    /// The longest cue at the beginning of `rest`.
    fn longest(&self, before: char, rest: &[char]) -> Option<(usize, Group)> {
        if before.is_ascii_alphanumeric() && rest.first().is_some_and(char::is_ascii_alphanumeric) {
            return None;
        }
        let mut node = self.nodes.first()?;
        let mut found = None;
        for (n, c) in rest.iter().enumerate() {
            let Some(next) = self.next(node, *c) else { break };
            node = next;
            let inside =
                c.is_ascii_alphanumeric() && rest.get(n + 1).is_some_and(char::is_ascii_alphanumeric);
            if let Some(group) = node.ends.filter(|_| node.open || !inside) {
                found = Some((n + 1, group));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_line_of_the_vocabulary_names_a_group() {
        for line in WORDS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let name = line.split_once(": ").map(|(name, _)| name);
            assert!(Group::ALL.iter().any(|group| Some(group.name()) == name), "{line}");
        }
    }

    #[test]
    fn no_cue_is_in_two_groups() {
        let mut seen: BTreeMap<Vec<char>, &str> = BTreeMap::new();
        for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, cues)) = line.split_once(": ") else { continue };
            for cue in cues.split(" | ") {
                let folded = Folded::new(cue.trim()).chars;
                assert!(!folded.is_empty(), "{name} has an empty cue");
                let twice = seen.insert(folded, name);
                assert!(twice.is_none(), "{cue} is in {name} and in {twice:?}");
            }
        }
    }

    #[test]
    fn the_longest_cue_wins_and_words_are_whole() {
        let found = |text: &str| -> Vec<&str> {
            let text = Folded::new(text).chars;
            vocabulary().hits(&text).iter().map(|hit| hit.group.name()).collect()
        };
        assert_eq!(found("设计师"), ["mute"]);
        assert_eq!(found("設計"), ["design"]);
        assert_eq!(found("ＰＲＯＶＥ"), ["prove"]);
        assert!(found("improvement").is_empty());
    }
}
