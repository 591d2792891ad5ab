//! How long judging takes: `cargo run --release -p safety --example speed`. Words and messages are made up, the same in every run.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and prints")]

use std::time::Instant;

use safety::{Border, Dictionary, Direction, Engine, Entry, RuleSet, View, Views, tab_separated};

const WORDS: usize = 64_000;
const MESSAGES: usize = 2_000;
const ROUNDS: usize = 50;

/// Numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn ideograph(&mut self) -> char {
        // Low numbers are commoner, as in texts.
        let place = self.below(3_500) * self.below(3_500) / 3_500;
        char::from_u32(0x4e00 + (place * 5) as u32).unwrap_or('字')
    }
}

fn main() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    // Two random ideographs sound like two others in nearly every message: so the views are measured on longer words.
    let shortest = 3;
    let word = |numbers: &mut Numbers| {
        (0..shortest + numbers.below(4)).map(|_| numbers.ideograph()).collect::<String>()
    };
    let mut words: Vec<String> = (0..WORDS * 2).map(|_| word(&mut numbers)).collect();
    words.sort();
    words.dedup();
    words.truncate(WORDS);
    let message = |numbers: &mut Numbers, length: usize| -> String {
        let sign = |numbers: &mut Numbers| ['，', '。', ' ', 'a', '1'][numbers.below(5)];
        (0..length).map(|at| if at % 12 == 11 { sign(numbers) } else { numbers.ideograph() }).collect()
    };
    let short: Vec<String> = (0..MESSAGES).map(|_| message(&mut numbers, 85)).collect();
    let long: Vec<String> = (0..MESSAGES / 20).map(|_| message(&mut numbers, 2_000)).collect();
    let default = [View::Separators, View::Repeats].into_iter().collect();
    for (name, views) in
        [("no views", Views::NONE), ("separators, repeats", default), ("all views", Views::ALL)]
    {
        let entry = |(line, word): (usize, &String)| Entry {
            word: word.clone(),
            category: "c".to_owned(),
            views,
            border: Border::Any,
            action: None,
            severity: None,
            line,
        };
        let entries = words.iter().enumerate().map(entry).collect();
        let began = Instant::now();
        let engine = RuleSet::builder("d").dictionary(&Dictionary::new("d", entries)).build();
        let built = began.elapsed();
        let Ok(engine) = engine else { continue };
        for (length, messages, rounds) in [(85, &short, ROUNDS), (2_000, &long, ROUNDS)] {
            let clean: Vec<&String> =
                messages.iter().filter(|m| engine.judge(Direction::Input, m).hits.is_empty()).collect();
            let time = |messages: &[&String]| {
                let began = Instant::now();
                let hits: usize = (0..rounds)
                    .flat_map(|_| messages)
                    .map(|message| engine.judge(Direction::Input, message).hits.len())
                    .sum();
                (began.elapsed().as_nanos() as usize / (messages.len() * rounds).max(1), hits / rounds)
            };
            let all: Vec<&String> = messages.iter().collect();
            let (per_all, hits) = time(&all);
            let (per_clean, _) = time(&clean);
            println!(
                "{name}: built in {built:?}; {length} characters: {per_all} ns a message ({hits} hits in {}), {per_clean} ns without hits ({})",
                all.len(),
                clean.len()
            );
        }
    }
    let lines: String = words.iter().map(|word| format!("{word}\tc\tseparators\t-\n")).collect();
    let began = Instant::now();
    let entries = tab_separated(&lines).map(|entries| entries.len());
    println!("read {entries:?} words in {:?}", began.elapsed());
}
