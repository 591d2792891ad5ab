//! Learns the weights of [`Wording`] from the tuning half of the corpus and from ordinary texts.
//!
//! `UPDATE_WORDING=1 cargo test -p safety wording` writes `wording.txt` anew, which is due when the tuning half has changed.

use std::collections::BTreeMap;

use super::corpus::{TUNING, texts};
use super::wording::pieces;
use crate::fold::Folded;

/// Texts of which none is an injection, every other of them to learn from.
const ORDINARY: &str = include_str!("../../tests/data/innocent.txt");
const ROUNDS: usize = 30;
const RATE: f64 = 0.3;
const RATE_OF_BASE: f64 = 0.05;
/// How strongly weights are kept small.
const DECAY: f64 = 0.0005;
/// A piece of fewer texts says nothing.
const FEWEST_TEXTS: usize = 2;

struct Example {
    pieces: Vec<usize>,
    is_injection: f64,
}

impl Example {
    /// What each of its pieces counts.
    fn share(&self) -> f64 {
        1.0 / (self.pieces.len() as f64 + 1.0).sqrt()
    }
}

#[derive(Default)]
struct Model {
    base: f64,
    weights: Vec<f64>,
    /// Sums of the squares of what each weight was changed by: the more often, the less each time.
    moved: Vec<f64>,
}

impl Model {
    fn learn(&mut self, example: &Example) {
        let share = example.share();
        let odds = self.base + share * example.pieces.iter().map(|piece| self.weights[*piece]).sum::<f64>();
        let error = 1.0 / (1.0 + (-odds).exp()) - example.is_injection;
        self.base -= RATE_OF_BASE * error;
        for &piece in &example.pieces {
            let slope = error * share + DECAY * self.weights[piece];
            self.moved[piece] += slope * slope;
            self.weights[piece] -= RATE * slope / self.moved[piece].sqrt();
        }
    }
}

/// The labelled texts that are learned from.
fn labelled() -> Vec<(String, bool)> {
    let ordinary = ORDINARY.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).step_by(2);
    let ordinary = ordinary.map(|line| (line.to_owned(), false));
    texts(TUNING).into_iter().map(|text| (text.text, text.is_injection)).chain(ordinary).collect()
}

fn learned() -> String {
    let texts = labelled();
    let split: Vec<(Vec<String>, bool)> = texts
        .iter()
        .map(|(text, is_injection)| (pieces(Folded::of(text).chars()).into_iter().collect(), *is_injection))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for piece in split.iter().flat_map(|(pieces, _)| pieces) {
        *counts.entry(piece).or_default() += 1;
    }
    let mut names: Vec<&str> =
        counts.into_iter().filter(|(_, count)| *count >= FEWEST_TEXTS).map(|(name, _)| name).collect();
    names.sort_unstable();
    let numbers: BTreeMap<&str, usize> =
        names.iter().enumerate().map(|(number, name)| (*name, number)).collect();
    let mut examples: Vec<Example> = split
        .iter()
        .map(|(pieces, is_injection)| Example {
            pieces: pieces.iter().filter_map(|piece| numbers.get(piece.as_str()).copied()).collect(),
            is_injection: f64::from(u8::from(*is_injection)),
        })
        .collect();
    let mut model = Model { base: 0.0, weights: vec![0.0; names.len()], moved: vec![1e-6; names.len()] };
    let mut random = 1_u64;
    for _ in 0..ROUNDS {
        for last in (1..examples.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            examples.swap(last, (random >> 33) as usize % (last + 1));
        }
        examples.iter().for_each(|example| model.learn(example));
    }
    let thousandths = |weight: f64| (weight * 1000.0).round() as i32;
    let lines = names.iter().zip(&model.weights);
    let lines = lines.map(|(name, weight)| format!("{}\t{name}\n", thousandths(*weight)));
    format!("{}\t\n", thousandths(model.base)) + &lines.collect::<String>()
}

#[test]
fn the_weights_of_the_wording_are_those_that_the_tuning_half_teaches() {
    let learned = learned();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/injection/wording.txt");
    if std::env::var_os("UPDATE_WORDING").is_some() {
        std::fs::write(path, &learned).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    let weights = |file: &str| -> Vec<(String, i32)> {
        let lines = file.lines().map(|line| line.split_once('\t').unwrap());
        lines.map(|(weight, piece)| (piece.to_owned(), weight.parse().unwrap())).collect()
    };
    let (learned, kept) = (weights(&learned), weights(&kept));
    assert_eq!(learned.len(), kept.len(), "UPDATE_WORDING=1 cargo test -p safety wording");
    // Another machine may round another way.
    for (learned, kept) in learned.iter().zip(&kept) {
        assert!(learned.0 == kept.0 && (learned.1 - kept.1).abs() <= 20, "{learned:?} {kept:?}");
    }
}
