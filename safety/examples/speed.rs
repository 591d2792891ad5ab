#![allow(clippy::unwrap_used, clippy::all, missing_docs, clippy::print_stdout, clippy::disallowed_methods, clippy::indexing_slicing, unreachable_pub)]
#[path = "../../bench/src/safety/scene.rs"]
mod scene;
#[path = "../../bench/src/safety/peer.rs"]
mod peer;
use std::time::Instant;
use safety::{Dictionary, Direction, Engine, RuleSet, tab_separated};
fn main() {
    let only = std::env::args().nth(1);
    let scene = scene::Scene::new(7, 64_000).unwrap();
    let (words, short, long) = (scene.words, scene.short, scene.long);
    if only.as_deref() == Some("show") { for m in &short[..8] { println!("{m}"); } for w in &words[..40] { print!("{w} "); } println!(); }
    let mut peer = peer::Peer::new(&words).unwrap();
    for (name, messages) in [("peer 85", &short), ("peer 2000", &long)] {
        let best = (0..3).map(|_| { let c = cpu(); let mut h = 0; for _ in 0..4 { for m in messages { h += peer.hits(m); } } ((cpu() - c) as usize / (4 * messages.len()), h) }).min().unwrap();
        println!("{name}: {best:?} {}", peer.memory());
    }
    for (name, views) in [("none", "-"), ("default", "separators,repeats"), ("all", "separators,repeats,pinyin,initials,homophone,split,lookalike,leet")] {
        if only.as_deref().is_some_and(|o| o != name) { continue; }
        let lines: String = words.iter().map(|word| format!("{word}\tc\t{views}\t-\n")).collect();
        let began = Instant::now(); let c = cpu();
        let entries = tab_separated(&lines).unwrap();
        let read = began.elapsed();
        let engine = RuleSet::builder("d").dictionary(&Dictionary::new("d", entries)).build().unwrap();
        let built = std::time::Duration::from_nanos(cpu() - c);
        let time = |messages: &[String], rounds: usize| {
            let began = cpu();
            let mut hits = 0;
            for _ in 0..rounds { for m in messages { hits += engine.judge(Direction::Input, m).hits.len(); } }
            ((cpu() - began) as usize / (messages.len() * rounds), hits / rounds)
        };
        let rounds = if name == "all" { 4 } else { 40 };
        let best = (0..5).map(|_| time(&short, rounds)).min().unwrap();
        let best_long = (0..3).map(|_| time(&long, rounds)).min().unwrap();
        println!("{name}: read {read:?}, built {built:?}; 85: {best:?}; 2000: {best_long:?}");
    }
}
fn cpu() -> u64 { std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse().unwrap() }
