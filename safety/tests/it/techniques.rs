//! Ways to disguise a word, each with the views that see through it.

use safety::View::{self, Homophone, Initials, Leet, Lookalike, Pinyin, Repeats, Separators, Split};
use safety::tables::{components, lookalike, lookalikes, readings, word_readings};

/// A technique: its name, the views that it needs, and what it makes of a word; `None` when it does nothing to the word.
pub(crate) struct Technique {
    pub(crate) name: &'static str,
    pub(crate) views: &'static [View],
    pub(crate) disguise: fn(&[char]) -> Option<String>,
}

macro_rules! technique {
    ($name:literal, [$($view:ident),*], $disguise:expr) => {
        Technique { name: $name, views: &[$($view),*], disguise: $disguise }
    };
}

pub(crate) fn all() -> Vec<Technique> {
    [folded(), separated(), repeated(), spelled(), exchanged(), other_letters()]
        .into_iter()
        .flatten()
        .collect()
}

fn folded() -> Vec<Technique> {
    vec![
        technique!("as it is", [], |w| Some(w.iter().collect())),
        technique!("upper case", [], |w| Some(w.iter().collect::<String>().to_uppercase())),
        technique!("full width", [], |w| each(w, |c| shift(c, '!'..='~', 0xff01 - 0x21))),
        technique!("circled letters", [], |w| each(w, |c| shift(c, 'a'..='z', 0x24d0 - 0x61))),
        technique!("mathematical letters", [], |w| each(w, |c| shift(c, 'a'..='z', 0x1d41a - 0x61))),
        technique!("zero width", [], |w| Some(join(w, "\u{200b}"))),
        technique!("joiners and direction marks", [], |w| Some(join(w, "\u{200d}\u{202e}"))),
        technique!("combining marks", [], |w| Some(join(w, "\u{336}\u{20dd}"))),
        technique!("variation selectors", [], |w| Some(join(w, "\u{fe0f}\u{e0101}"))),
        technique!("soft hyphens", [], |w| Some(join(w, "\u{ad}"))),
        technique!("tags", [], |w| Some(join(w, "\u{e0041}"))),
        technique!("traditional", [], |w| each(w, |c| {
            let pair = "赌賭网網场場乐樂机機头頭药藥黄黃约約单單开開发發票票现現贷貸钱錢钞鈔办辦证證枪槍弹彈妈媽绿綠银銀援援"
                .chars()
                .collect::<Vec<_>>();
            pair.chunks(2).find(|two| two[0] == c && two[1] != c).map(|two| two[1])
        })),
        technique!("accents", [], |w| each(w, |c| match c {
            'a' => Some('á'),
            'e' => Some('è'),
            'i' => Some('ï'),
            'o' => Some('ö'),
            'u' => Some('û'),
            'n' => Some('ñ'),
            _ => None,
        })),
    ]
}

fn separated() -> Vec<Technique> {
    vec![
        technique!("hyphens", [Separators], |w| Some(join(w, "-"))),
        technique!("spaces", [Separators], |w| Some(join(w, " "))),
        technique!("three stars", [Separators], |w| Some(join(w, "***"))),
        technique!("an ellipsis", [Separators], |w| Some(join(w, "……"))),
        technique!("line breaks", [Separators], |w| Some(join(w, "\r\n"))),
        technique!("ideographic spaces", [Separators], |w| Some(join(w, "\u{3000}"))),
        technique!("Hangul fillers", [Separators], |w| Some(join(w, "\u{3164}"))),
        technique!("blank Braille", [Separators], |w| Some(join(w, "\u{2800}"))),
        technique!("an emoji", [Separators], |w| Some(join(w, "😀"))),
        technique!("a family", [Separators], |w| Some(join(w, "👩‍👩‍👧‍👦"))),
        technique!("flags", [Separators], |w| Some(join(w, "🇨🇳🇺🇸🇯🇵"))),
        technique!("keycaps", [Separators], |w| Some(join(w, "1\u{fe0f}\u{20e3}"))),
        technique!("skin tones", [Separators], |w| Some(join(w, "👍🏽👍🏿👍🏻"))),
        technique!("hearts", [Separators], |w| Some(join(w, "❤\u{fe0f}"))),
        technique!("signs", [Separators], |w| Some(join(w, "·★/"))),
        technique!("trade marks", [Separators], |w| Some(join(w, "™"))),
        technique!("one separator", [Separators], |w| Some(format!(
            "{}_{}",
            w[0],
            w[1..].iter().collect::<String>()
        ))),
        technique!("zero width beside separators", [Separators], |w| Some(join(w, "\u{200b}|\u{200b}"))),
        technique!("brackets", [Separators], |w| Some(w.iter().map(|c| format!("【{c}】")).collect())),
    ]
}

fn repeated() -> Vec<Technique> {
    vec![
        technique!("all doubled", [Repeats], |w| Some(w.iter().flat_map(|c| [*c, *c]).collect())),
        technique!("the first many times", [Repeats], |w| {
            Some(w[..1].repeat(9).iter().chain(&w[1..]).collect())
        }),
        technique!("all but the last", [Repeats], |w| {
            let (last, rest) = w.split_last()?;
            Some(rest.iter().flat_map(|c| [*c, *c, *c]).chain([*last]).collect())
        }),
        technique!("repeats and separators", [Repeats, Separators], |w| {
            let doubled: Vec<char> = w.iter().flat_map(|c| [*c, *c]).collect();
            Some(join(&doubled, "."))
        }),
        technique!("many repeats and separators in turns", [Repeats, Separators], |w| {
            let many: Vec<char> = w.iter().flat_map(|c| [*c; 9]).collect();
            Some(join(&many, "。"))
        }),
        technique!("runs and separators in turns", [Repeats, Separators], |w| {
            let runs: Vec<String> = w.iter().map(|c| format!("{c}{c}{c}-{c}..{c}{c} {c}")).collect();
            Some(runs.join(" - "))
        }),
    ]
}

fn spelled() -> Vec<Technique> {
    vec![
        technique!("joined", [Pinyin], |w| spell(w, |all| all.concat())),
        technique!("spaced", [Pinyin], |w| spell(w, |all| all.join(" "))),
        technique!("apostrophes", [Pinyin], |w| spell(w, |all| all.join("'"))),
        technique!("capitals", [Pinyin], |w| spell(w, |all| all.concat().to_uppercase())),
        technique!("tone numbers", [Pinyin], |w| spell(w, |all| all
            .iter()
            .map(|s| if s.len() > 1 { format!("{s}3") } else { s.clone() })
            .collect())),
        technique!("raised tone numbers", [Pinyin], |w| spell(w, |all| all.join("² "))),
        technique!("tone marks", [Pinyin], |w| spell(w, |all| {
            all.concat()
                .replace('a', "ǎ")
                .replace('u', "ù")
                .replace("nv", "nǚ")
                .replace("lv", "lǚ")
                .replace('o', "ō")
        })),
        technique!("ü", [Pinyin], |w| spell(w, |all| all.join(" ").replace("nv", "nü").replace("lv", "lü"))),
        technique!("u and a mark", [Pinyin], |w| spell(w, |all| all
            .join(" ")
            .replace("nv", "nu\u{308}\u{30c}")
            .replace("lv", "lu\u{308}\u{30c}"))),
        technique!("the first as it is", [Pinyin], |w| spell(w, |all| format!(
            "{}{}",
            w[0],
            all[1..].concat()
        ))),
        technique!("the last as it is", [Pinyin], |w| {
            let (last, rest) = w.split_last()?;
            spell(w, |all| format!("{}{last}", all[..rest.len()].concat()))
        }),
        technique!("separated syllables", [Pinyin, Separators], |w| spell(w, |all| all.join("*-*"))),
        technique!("separated letters", [Pinyin, Separators], |w| spell(w, |all| {
            join(&all.concat().chars().collect::<Vec<_>>(), ".")
        })),
        technique!("letters with blanks", [Pinyin, Separators], |w| spell(w, |all| {
            join(&all.concat().chars().collect::<Vec<_>>(), " ")
        })),
        technique!("initials", [Initials], |w| spell(w, |all| all
            .iter()
            .filter_map(|s| s.chars().next())
            .collect())),
        technique!("capital initials", [Initials], |w| {
            spell(w, |all| all.iter().filter_map(|s| s.chars().next()).collect::<String>().to_uppercase())
        }),
    ]
}

fn exchanged() -> Vec<Technique> {
    vec![
        technique!("one homophone", [Homophone], |w| Some(format!(
            "{}{}",
            sounds_like(w[0])?,
            w[1..].iter().collect::<String>()
        ))),
        technique!("all homophones", [Homophone], |w| w.iter().map(|c| sounds_like(*c)).collect()),
        technique!("homophones and separators", [Homophone, Separators], |w| {
            let all: Vec<char> = w.iter().map(|c| sounds_like(*c)).collect::<Option<_>>()?;
            Some(join(&all, "~"))
        }),
        technique!("homophones and repeats", [Homophone, Repeats], |w| {
            w.iter().map(|c| sounds_like(*c)).map(|c| c.map(|c| format!("{c}{c}"))).collect()
        }),
        technique!("homophones and pinyin", [Homophone, Pinyin], |w| {
            let first = sounds_like(w[0])?;
            spell(w, |all| format!("{first}{}", all[1..].concat()))
        }),
        technique!("the first split", [Split], |w| Some(format!(
            "{}{}",
            parts(w[0])?,
            w[1..].iter().collect::<String>()
        ))),
        technique!("all split that can be", [Split], |w| {
            w.iter()
                .any(|c| parts(*c).is_some())
                .then(|| w.iter().map(|c| parts(*c).unwrap_or(c.to_string())).collect())
        }),
        technique!("split and separated", [Split, Separators], |w| {
            let all: String = w.iter().map(|c| parts(*c).unwrap_or(c.to_string())).collect();
            (all.chars().count() > w.len()).then(|| join(&all.chars().collect::<Vec<_>>(), "-"))
        }),
    ]
}

fn other_letters() -> Vec<Technique> {
    vec![
        technique!("other scripts", [Lookalike], |w| each(w, |c| "аеорсухі"
            .chars()
            .find(|l| lookalike(*l) == Some(lookalike(c).unwrap_or(c))))),
        technique!("0 and 1", [Lookalike], |w| each(w, |c| match c {
            'o' => Some('0'),
            'i' | 'l' => Some('1'),
            _ => None,
        })),
        technique!("Cherokee", [Lookalike], |w| wholly(w, '\u{13a0}'..='\u{13f4}')),
        technique!("Lisu", [Lookalike], |w| wholly(w, '\u{a4d0}'..='\u{a4f7}')),
        technique!("Coptic", [Lookalike], |w| wholly(w, '\u{2c80}'..='\u{2cb1}')),
        technique!("Deseret", [Lookalike], |w| wholly(w, '\u{10400}'..='\u{1044f}')),
        technique!("syllabics", [Lookalike], |w| wholly(w, '\u{1400}'..='\u{167f}')),
        technique!("Warang Citi", [Lookalike], |w| wholly(w, '\u{118a0}'..='\u{118df}')),
        technique!("Lisu and separators", [Lookalike, Separators], |w| {
            Some(join(&wholly(w, '\u{a4d0}'..='\u{a4f7}')?.chars().collect::<Vec<_>>(), "-"))
        }),
        technique!("what is another letter when it is read", [Lookalike], |w| each(w, |c| match c {
            'f' => Some('ſ'),
            'u' => Some('ʋ'),
            'o' => Some('۵'),
            'v' => Some('۷'),
            'p' => Some('ƿ'),
            'y' => Some('ᶌ'),
            _ => None,
        })),
        technique!("look-alikes and separators", [Lookalike, Separators], |w| {
            let other = each(w, |c| (c == 'o').then_some('о').or((c == 'a').then_some('а')))?;
            Some(join(&other.chars().collect::<Vec<_>>(), "."))
        }),
        technique!("leet", [Leet], |w| each(w, leet)),
        technique!("leet and separators", [Leet, Separators], |w| {
            Some(join(&each(w, leet)?.chars().collect::<Vec<_>>(), "-"))
        }),
        technique!("leet and repeats", [Leet, Repeats], |w| {
            Some(each(w, leet)?.chars().flat_map(|c| [c, c]).collect())
        }),
    ]
}

fn leet(c: char) -> Option<char> {
    match c {
        'a' => Some('@'),
        'e' => Some('3'),
        'i' => Some('1'),
        'o' => Some('0'),
        's' => Some('$'),
        _ => None,
    }
}

fn join(chars: &[char], between: &str) -> String {
    chars.iter().map(char::to_string).collect::<Vec<_>>().join(between)
}

/// Exchanges characters; `None` when none is exchanged, or only digits are left.
fn each(word: &[char], exchange: impl Fn(char) -> Option<char>) -> Option<String> {
    let exchanged: String = word.iter().map(|c| exchange(*c).unwrap_or(*c)).collect();
    let letters = exchanged.chars().any(char::is_alphabetic);
    (letters && exchanged.chars().ne(word.iter().copied())).then_some(exchanged)
}

/// A word in letters of these alone, as far as they look like its own.
fn wholly(word: &[char], script: std::ops::RangeInclusive<char>) -> Option<String> {
    let looks = |other: &char, c: char| {
        let folded = safety::Folded::of(&other.to_string());
        matches!(folded.chars(), [one] if lookalikes(*one).contains(&c))
    };
    each(word, |c| script.clone().find(|other| looks(other, c)))
}

fn shift(c: char, range: std::ops::RangeInclusive<char>, by: u32) -> Option<char> {
    range.contains(&c).then(|| char::from_u32(c as u32 + by)).flatten()
}

/// A word of ideographs in its first reading; Latin letters stay.
fn spell(word: &[char], write: impl Fn(&[String]) -> String) -> Option<String> {
    if !word.iter().any(|c| !readings(*c).is_empty()) {
        return None;
    }
    let mut all = Vec::new();
    for run in word.chunk_by(|one, two| readings(*one).is_empty() == readings(*two).is_empty()) {
        match word_readings(run).first().filter(|way| way.len() == run.len()) {
            Some(way) => all.extend(way.iter().map(|syllable| syllable.as_str().to_owned())),
            None => all.extend(run.iter().map(|c| c.to_lowercase().collect::<String>())),
        }
    }
    Some(write(&all))
}

/// Another common ideograph that is read the same.
fn sounds_like(c: char) -> Option<char> {
    let sound = readings(c).first()?;
    ('\u{4e00}'..='\u{9fa5}').find(|other| *other != c && readings(*other) == [*sound])
}

fn parts(c: char) -> Option<String> {
    components(c).first().map(|(left, right)| format!("{left}{right}"))
}
