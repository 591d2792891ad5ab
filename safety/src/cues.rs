//! Cues: which of many lists of words, and of regular expressions, are in a text. Unlike rules they have no action and no place: all
//! that is asked is whether one of the list is there. Words are found in one pass however many lists there are, and each expression
//! when it is asked for.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::fold::Folded;
use crate::ruleset::foldable;
use crate::ruleset::pattern::Pattern;
use crate::words::plain::Plain;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Cue<'a> {
    /// One of these words, as they are after folding.
    Words(&'a [String]),
    /// A regular expression, on the folded text without regard to case.
    Pattern(&'a str),
}

/// Cues, each known by its place in the list that they were made of.
#[derive(Debug)]
pub struct Cues {
    plain: Plain,
    /// The cues that each word of `plain` belongs to.
    of_words: Vec<Vec<usize>>,
    patterns: BTreeMap<usize, Pattern>,
}

/// A text in which cues are looked for.
#[derive(Debug)]
pub struct Cued<'a> {
    cues: &'a Cues,
    folded: &'a Folded,
    /// Cues whose words are there, sorted.
    words: OnceCell<Vec<usize>>,
    string: OnceCell<String>,
}

impl Cues {
    /// Cues in their order. A word or an expression that cannot be looked for is never there; [`searchable`](crate::searchable) and
    /// [`Rule::check`](crate::Rule::check) tell that beforehand.
    pub fn new<'a>(cues: impl IntoIterator<Item = Cue<'a>>) -> Self {
        let mut words: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut patterns = BTreeMap::new();
        for (place, cue) in cues.into_iter().enumerate() {
            match cue {
                Cue::Words(list) => {
                    for word in list.iter().filter_map(|word| foldable(word).ok()) {
                        words.entry(word).or_default().push(place);
                    }
                }
                Cue::Pattern(expression) => {
                    patterns.extend(Pattern::new(expression, 0).ok().map(|pattern| (place, pattern)));
                }
            }
        }
        let (words, of_words): (Vec<String>, Vec<Vec<usize>>) = words.into_iter().unzip();
        Self { plain: Plain::new(&words), of_words, patterns }
    }

    /// Looks in a text.
    pub fn within<'a>(&'a self, folded: &'a Folded) -> Cued<'a> {
        Cued { cues: self, folded, words: OnceCell::new(), string: OnceCell::new() }
    }
}

impl Cued<'_> {
    /// Whether the cue of that place is there.
    pub fn has(&self, place: usize) -> bool {
        if let Some(pattern) = self.cues.patterns.get(&place) {
            return pattern.is_in(self.string.get_or_init(|| self.folded.chars().iter().collect()));
        }
        self.words.get_or_init(|| self.found()).binary_search(&place).is_ok()
    }

    fn found(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.cues.plain.find(self.folded.chars(), &mut found);
        let of = |word: u32| self.cues.of_words.get(word as usize).into_iter().flatten().copied();
        let mut places: Vec<usize> = found.iter().flat_map(|found| of(found.text)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_found_whose_words_are_there_however_they_overlap() {
        let lists = [vec!["退款".to_owned()], vec!["申请退款".into(), "Refund".into()], vec!["發票".into()]];
        let cues = Cues::new(lists.iter().map(|words| Cue::Words(words)).chain([Cue::Pattern("订单\\d+")]));
        let found = |text: &str| {
            let folded = Folded::of(text);
            let cued = cues.within(&folded);
            (0..5).filter(|place| cued.has(*place)).collect::<Vec<_>>()
        };
        assert_eq!(found("我要申请退款"), [0, 1]);
        assert_eq!(found("ＲＥＦＵＮＤ 发票"), [1, 2]);
        assert_eq!(found("订单１２３"), [3]);
        assert_eq!(found("你好"), [0; 0]);
    }

    #[test]
    fn what_cannot_be_looked_for_is_never_there() {
        let words = ["。".to_owned()];
        let cues = Cues::new([Cue::Words(&words), Cue::Pattern("("), Cue::Pattern(".*")]);
        let folded = Folded::of("。(");
        let cued = cues.within(&folded);
        assert!((0..3).all(|place| !cued.has(place)));
    }
}
