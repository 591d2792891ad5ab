//! What ideographs are made of.

use std::sync::LazyLock;

use super::pages::Lists;

/// Three characters a line: the whole, its left part, its right part; all folded and sorted by the whole.
const PARTS: &str = include_str!("../../tables/components.txt");

/// Forms of one radical: as it stands within a character, and as one writes it alone.
const FORMS: [(char, &[char]); 20] = [
    ('讠', &['言']),
    ('氵', &['水']),
    ('忄', &['心']),
    ('亻', &['人']),
    ('扌', &['手', '才']),
    ('钅', &['金']),
    ('饣', &['食']),
    ('犭', &['犬']),
    ('纟', &['糸', '丝']),
    ('礻', &['示']),
    ('衤', &['衣']),
    ('刂', &['刀']),
    ('冫', &['冰']),
    ('𧾷', &['足']),
    ('𤣩', &['王', '玉']),
    ('王', &['玉']),
    ('阝', &['阜', '邑', '耳']),
    ('攵', &['文']),
    ('彡', &['三']),
    ('罒', &['四']),
];

static TABLE: LazyLock<Lists<(char, char)>> = LazyLock::new(|| {
    let mut table = Lists::new();
    let lines: Vec<Vec<char>> = PARTS.lines().map(|line| line.chars().collect()).collect();
    for same in lines.chunk_by(|a, b| a.first() == b.first()) {
        let mut pairs: Vec<(char, char)> = same.iter().flat_map(|line| pairs(line)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        table.set(same.first().and_then(|line| line.first().copied()), pairs);
    }
    table
});

/// The parts of one line in all their forms. Where the right part is a variant of the whole (假: 亻 and 叚), the radical stands only as
/// within the character: 人 before 假 is a word of its own.
fn pairs(line: &[char]) -> Vec<(char, char)> {
    let &[whole, left, right] = line else { return Vec::new() };
    if right == whole {
        return vec![(left, right)];
    }
    let rights = forms(right);
    forms(left).into_iter().flat_map(|left| rights.iter().map(move |right| (left, *right))).collect()
}

/// A part and the other forms of it.
fn forms(part: char) -> Vec<char> {
    let same = |(radical, others): &'static (char, &'static [char])| {
        (*radical == part || others.first() == Some(&part))
            .then(|| std::iter::once(*radical).chain(others.iter().copied()))
    };
    let mut all: Vec<char> = FORMS.iter().filter_map(same).flatten().chain([part]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The left and the right part of a folded ideograph, as folded characters: 赌 is 贝 and 者. A radical is listed in the form it has
/// within the character and in those that one writes alone (法: 氵 and 去, 水 and 去). A part that runs along the left and the bottom
/// counts as the left one (超: 走 and 召). Empty for what has no such parts.
pub fn components(c: char) -> &'static [(char, char)] {
    TABLE.get(c)
}
