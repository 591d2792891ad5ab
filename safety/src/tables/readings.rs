//! How ideographs and words are read.

use std::sync::LazyLock;

use super::pages::Lists;
use super::syllable::Syllable;

/// `READING[,READING…] CHARACTERS`, commonest reading first.
pub(super) const READINGS: &str = include_str!("../../tables/readings.txt");
/// `PHRASE` and one letter for each of its characters that has several readings; sorted.
const PHRASES: &str = include_str!("../../tables/phrases.txt");
/// Most readings of one word.
const MOST: usize = 64;

static TABLE: LazyLock<Lists<Syllable>> = LazyLock::new(|| {
    let mut table = Lists::new();
    for (sounds, chars) in READINGS.lines().filter_map(|line| line.split_once(' ')) {
        table.set(chars.chars(), sounds.split(',').filter_map(Syllable::of).collect());
    }
    table
});

static LINES: LazyLock<Vec<&'static str>> = LazyLock::new(|| PHRASES.lines().collect());

/// The readings of a folded ideograph without tones, the commonest first: its first reading in the dictionary and those that occur
/// in words. Empty for what is no ideograph.
pub fn readings(c: char) -> &'static [Syllable] {
    TABLE.get(c)
}

/// The readings of a folded word. A phrase of the dictionary is read as the dictionary says; another word in every way in which its
/// characters are read in words, those of its commonest readings first, at most 64. Empty when a character has no reading.
pub fn word_readings(word: &[char]) -> Vec<Vec<Syllable>> {
    let found = phrase(word);
    if !found.is_empty() {
        return found;
    }
    let mut all: Vec<Vec<Syllable>> = vec![Vec::with_capacity(word.len())];
    for c in word {
        let sounds = readings(*c);
        // The last characters keep their commonest reading alone when there are too many ways.
        let taken = if all.len() * sounds.len() > MOST { 1 } else { sounds.len() };
        let longer = |way: &Vec<Syllable>, s: &Syllable| way.iter().copied().chain([*s]).collect();
        all = sounds.iter().take(taken).flat_map(|s| all.iter().map(move |way| longer(way, s))).collect();
    }
    if word.is_empty() { Vec::new() } else { all }
}

/// What the dictionary of phrases says, if it has the word.
fn phrase(word: &[char]) -> Vec<Vec<Syllable>> {
    let text: String = word.iter().collect();
    let start = LINES.partition_point(|line| **line < *text);
    LINES
        .iter()
        .skip(start)
        .map_while(|line| line.strip_prefix(&*text))
        .take_while(|ways| ways.bytes().all(|b| b.is_ascii_lowercase()))
        .filter_map(|ways| read(word, ways))
        .collect()
}

fn read(word: &[char], ways: &str) -> Option<Vec<Syllable>> {
    let mut ways = ways.bytes();
    let read = |c: &char| match readings(*c) {
        [] => None,
        [only] => Some(*only),
        several => several.get(usize::from(ways.next()?.checked_sub(b'a')?)).copied(),
    };
    word.iter().map(read).collect()
}
