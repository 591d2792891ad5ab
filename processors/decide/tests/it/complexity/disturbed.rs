//! The same question in another script, width, spelling or mood keeps its class.

use super::{Prompt, class, test, tuning};

const PAIRS: &str = include_str!("../../../src/complexity/traditional.txt");

/// A fixed sequence of numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

fn chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// At most one prompt in twenty changes its class.
fn changed(name: &str, disturb: impl FnMut(&str, &mut Dice) -> String) {
    at_most_in(&[tuning(), test()].concat(), 1, (name, disturb));
}

/// At most one of these prompts in twenty changes its class, in so many rounds together.
fn at_most_in(
    prompts: &[Prompt],
    rounds: usize,
    (name, mut disturb): (&str, impl FnMut(&str, &mut Dice) -> String),
) {
    let mut dice = Dice(7);
    let flips: usize = (0..rounds)
        .map(|_| {
            let is_flip = |prompt: &&Prompt| class(&disturb(&prompt.text, &mut dice)) != class(&prompt.text);
            prompts.iter().filter(is_flip).count()
        })
        .sum();
    let all = prompts.len() * rounds;
    assert!(flips * 20 <= all, "{name}: {flips} of {all} changed their class");
    println!("{name}: {flips} of {all} changed their class");
}

fn traditional(text: &str) -> String {
    let pairs: Vec<(char, char)> = PAIRS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|pair| (pair.chars().nth(1).unwrap(), pair.chars().next().unwrap()))
        .collect();
    text.chars().map(|c| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to)).collect()
}

fn wide(text: &str) -> String {
    let wide = |c: char| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c };
    text.chars().map(wide).collect()
}

#[test]
fn traditional_characters_change_nothing() {
    changed("traditional", |text, _| traditional(text));
}

#[test]
fn full_width_letters_change_nothing() {
    changed("width", |text, _| wide(text));
    changed("case", |text, _| text.to_uppercase());
}

#[test]
fn punctuation_changes_little() {
    let marks = ['，', '。', '？', '！', '、', '；', '：', ',', '?', '!', ';', ':', '.'];
    changed("no punctuation", |text, _| text.chars().filter(|c| !marks.contains(c)).collect());
    changed("spaces for punctuation", |text, _| text.replace(marks, " "));
    changed("no last mark", |text, _| text.trim_end_matches(marks).to_owned());
    changed("loud", |text, _| format!("{text}！！！"));
    changed("half width", |text, _| {
        let half = |c| match c {
            '，' => ',',
            '。' => '.',
            '？' => '?',
            '！' => '!',
            '：' => ':',
            '；' => ';',
            other => other,
        };
        text.chars().map(half).collect()
    });
}

#[test]
fn fillers_change_little() {
    changed("fillers before", |text, dice| {
        let filler = if chinese(text) {
            dice.one(&["嗯，", "那个，", "请问一下，", "麻烦，", "呃，", "你好，"])
        } else {
            dice.one(&["um, ", "please ", "well, ", "hey, ", "so, ", "hello, "])
        };
        format!("{filler}{text}")
    });
    changed("fillers behind", |text, dice| {
        let filler = if chinese(text) {
            dice.one(&["吧", "哈", "谢谢", "呢", "啊"])
        } else {
            dice.one(&[" please", " thanks", ", um"])
        };
        format!("{text}{filler}")
    });
}

#[test]
fn greetings_thanks_and_apologies_change_little() {
    let chinese_ones = [
        "你好！",
        "不好意思打扰一下，",
        "我有个问题想问一下。",
        "谢谢刚才的回答。",
        "在吗，请教一下，",
        "您好，辛苦了，再麻烦您一下。",
    ];
    let english_ones = [
        "Hi there, ",
        "Sorry to bother you, ",
        "Thanks for the last answer. ",
        "Good morning! I have a quick question. ",
        "Hello again, ",
        "Excuse me, one more question: ",
    ];
    changed("courtesies before", |text, dice| {
        format!("{}{text}", dice.one(if chinese(text) { &chinese_ones } else { &english_ones }))
    });
    changed("courtesies behind", |text, dice| {
        let behind = if chinese(text) {
            ["，谢谢啦", "。辛苦了！", "，麻烦您了", "，在线等"]
        } else {
            [", thank you!", ". Many thanks in advance!", ". Best regards", ", thanks a lot"]
        };
        format!("{text}{}", dice.one(&behind))
    });
}

#[test]
fn emoji_change_nothing() {
    changed("emoji", |text, dice| {
        format!("{}{text}{}", dice.one(&["😀", "🙏🏻", "❤️"]), dice.one(&["🎉", "😭😭", "👍"]))
    });
}

/// One character is left out, replaced, or changes places with its neighbour.
fn slipped(text: &str, dice: &mut Dice) -> String {
    const WRONG: [char; 16] =
        ['的', '一', '是', '了', '我', '在', '人', '有', '他', '这', '得', '地', '做', '作', '再', '里'];
    let mut chars: Vec<char> = text.chars().collect();
    let places: Vec<usize> = (0..chars.len()).filter(|n| chars[*n].is_alphanumeric()).collect();
    if places.is_empty() {
        return text.to_owned();
    }
    let place = places[dice.below(places.len())];
    match dice.below(3) {
        0 => drop(chars.remove(place)),
        1 if place + 1 < chars.len() => chars.swap(place, place + 1),
        _ if chars[place].is_ascii() => {
            chars[place] = "abcdefghijklmnopqrstuvwxyz".chars().nth(dice.below(26)).unwrap()
        }
        _ => chars[place] = WRONG[dice.below(WRONG.len())],
    }
    chars.into_iter().collect()
}

#[test]
fn a_slip_of_the_finger_changes_little() {
    for (name, prompts) in [("tuning", tuning()), ("test", test())] {
        at_most_in(&prompts, 20, (name, slipped));
    }
}
