//! What ideographs are made of.

use std::sync::LazyLock;

use super::pages::Pages;

/// Three characters a line: the whole, its left part, its right part; all folded and sorted by the whole.
const PARTS: &str = include_str!("../../tables/components.txt");

/// Forms of one radical: as it stands within a character, and as one writes it alone.
const FORMS: [(char, &[char]); 24] = [
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
    ('牜', &['牛']),
    ('⻊', &['足']),
    ('𧾷', &['足']),
    ('𤣩', &['王', '玉']),
    ('王', &['玉']),
    ('阝', &['阜', '邑', '耳']),
    ('攵', &['文']),
    ('辶', &['辵']),
    ('彡', &['三']),
    ('罒', &['四']),
    ('爫', &['爪']),
];

static TABLE: LazyLock<(Pages<u16>, Vec<Vec<(char, char)>>)> = LazyLock::new(|| {
    let (mut pages, mut all) = (Pages::new(0_u16), vec![Vec::new()]);
    for line in PARTS.lines() {
        let mut chars = line.chars();
        let (Some(whole), Some(left), Some(right)) = (chars.next(), chars.next(), chars.next()) else {
            continue;
        };
        let place = pages.get(whole);
        let place = if place == 0 {
            all.push(Vec::new());
            u16::try_from(all.len() - 1).unwrap_or(0)
        } else {
            place
        };
        pages.update(whole as u32, |_| place);
        if let Some(pairs) = all.get_mut(usize::from(place)) {
            for left in forms(left) {
                pairs.extend(forms(right).map(|right| (left, right)));
            }
            pairs.sort_unstable();
            pairs.dedup();
        }
    }
    (pages, all)
});

/// A part and the other forms of it.
fn forms(part: char) -> impl Iterator<Item = char> {
    let same = |(radical, others): &'static (char, &'static [char])| {
        (*radical == part || others.first() == Some(&part))
            .then(|| std::iter::once(*radical).chain(others.iter().copied()))
    };
    let mut all: Vec<char> = FORMS.iter().filter_map(same).flatten().chain([part]).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

/// The left and the right part of a folded ideograph, as folded characters: 赌 is 贝 and 者. A radical is listed in the form it has
/// within the character and in those that one writes alone (法: 氵 and 去, 水 and 去). A part that runs along the left and the bottom
/// counts as the left one (超: 走 and 召). Empty for what has no such parts.
pub fn components(c: char) -> &'static [(char, char)] {
    TABLE.1.get(usize::from(TABLE.0.get(c))).map_or(&[], Vec::as_slice)
}
