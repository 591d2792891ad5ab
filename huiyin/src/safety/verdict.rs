//! What is judged of one line, by how its text came.

use std::ops::Range;
use std::sync::Arc;

use ::safety::injection;
use ::safety::personal::Recogniser;
use ::safety::stream::{EngineJudge, HoldBack};
use ::safety::{Action, Direction, Engine};
use serde_json::Value;

use super::line::{Asked, Carrier, Personal, Told};

/// Judges lines; built once for all of them.
pub(super) struct Judge {
    engine: Arc<dyn Engine>,
    injections: injection::Detector,
    personal_data: bool,
}

/// A word of a dictionary at its place, in bytes of all texts joined.
type Word = (Range<usize>, String);

/// The texts of one line, and the place of each in all of them joined.
struct Texts {
    carrier: Carrier,
    joined: String,
    places: Vec<Range<usize>>,
}

impl Texts {
    fn each(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = |place: &Range<usize>| self.joined.get(place.clone()).unwrap_or_default();
        self.places.iter().map(move |place| (place.start, text(place)))
    }
}

impl Judge {
    /// A judge by the words of this engine.
    pub(super) fn new(engine: Arc<dyn Engine>, personal_data: bool) -> Self {
        Self { engine, injections: injection::Detector::new(), personal_data }
    }

    /// Judges a line.
    pub(super) fn told(&self, mut asked: Asked) -> Result<Told, String> {
        let id = std::mem::replace(&mut asked.id, Value::Null);
        let (carrier, parts) = asked.texts()?;
        let mut texts = Texts { carrier, joined: String::new(), places: Vec::new() };
        for part in parts {
            let start = texts.joined.len();
            texts.joined.push_str(&part);
            texts.places.push(start..texts.joined.len());
        }
        let found = self.words(&texts);
        if carrier == Carrier::Stream && self.passes(&texts) != self.may_pass(&texts) {
            return Err("what the hold-back let through is not what the whole text gives".to_owned());
        }
        let at = Codepoints::of(&texts.joined);
        let mut words: Vec<String> = Vec::new();
        let mut spans: Vec<[usize; 2]> = Vec::new();
        for (span, word) in found {
            if !words.contains(&word) {
                words.push(word);
            }
            let (start, end) = (at.place(span.start), at.place(span.end));
            match spans.last_mut() {
                Some([_, last]) if start < *last => *last = end.max(*last),
                _ => spans.push([start, end]),
            }
        }
        let personal = if self.personal_data { personal(&texts, &at) } else { Vec::new() };
        let score = self.score(&texts);
        Ok(Told { id, hit: !words.is_empty(), words, spans, personal, score })
    }

    /// Words of every text; of messages and pieces also those that go from one into another.
    fn words(&self, texts: &Texts) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let hits = |start: usize, text: &str| -> Vec<Word> {
            let finding = self.engine.judge(Direction::Input, text);
            finding
                .hits
                .into_iter()
                .map(|hit| (hit.span.start + start..hit.span.end + start, hit.word))
                .collect()
        };
        if texts.carrier != Carrier::Stream {
            words.extend(texts.each().flat_map(|(start, text)| hits(start, text)));
        }
        let whole = match texts.carrier {
            Carrier::Stream => hits(0, &texts.joined),
            Carrier::Messages if texts.places.len() > 1 => {
                let within = |span: &Range<usize>| {
                    texts.places.iter().any(|place| place.start <= span.start && span.end <= place.end)
                };
                hits(0, &texts.joined).into_iter().filter(|(span, _)| !within(span)).collect()
            }
            Carrier::Message | Carrier::Messages | Carrier::Fields => Vec::new(),
        };
        words.extend(whole);
        words.sort_by_key(|(span, _)| (span.start, span.end));
        words
    }

    /// Whether the whole text may pass as it is.
    fn may_pass(&self, texts: &Texts) -> bool {
        self.engine.judge(Direction::Input, &texts.joined).action == Action::Pass
    }

    /// Whether the pieces pass the hold-back as they are.
    fn passes(&self, texts: &Texts) -> bool {
        let judge = EngineJudge::new(Arc::clone(&self.engine), Direction::Input);
        let mut stream = HoldBack::new(judge);
        let mut passed = String::new();
        for (_, piece) in texts.each() {
            let more = stream.push(piece);
            if more.stop.is_some() {
                return false;
            }
            passed.push_str(&more.text);
        }
        let rest = stream.finish();
        rest.stop.is_none() && passed + &rest.text == texts.joined
    }

    fn score(&self, texts: &Texts) -> f64 {
        let assess = |text: &str| self.injections.assess(text).score();
        let each = || texts.each().map(|(_, text)| assess(text)).max().unwrap_or_default();
        let score = match texts.carrier {
            Carrier::Message | Carrier::Fields => each(),
            Carrier::Stream => assess(&texts.joined),
            Carrier::Messages => assess(&texts.joined).max(each()),
        };
        f64::from(score) / 1000.0
    }
}

fn personal(texts: &Texts, at: &Codepoints) -> Vec<Personal> {
    let mut recogniser = Recogniser::default();
    let mut recognised = |start: usize, text: &str| -> Vec<Personal> {
        let told = |found: ::safety::personal::Recognised| Personal {
            start: at.place(found.span.start + start),
            end: at.place(found.span.end + start),
            kind: found.kind.label(),
        };
        recogniser.recognise(text).into_iter().map(told).collect()
    };
    if texts.carrier == Carrier::Stream {
        recognised(0, &texts.joined)
    } else {
        texts.each().flat_map(|(start, text)| recognised(start, text)).collect()
    }
}

/// Code points before each character, by its byte.
struct Codepoints(Vec<usize>);

impl Codepoints {
    fn of(text: &str) -> Self {
        Self(text.char_indices().map(|(byte, _)| byte).collect())
    }

    /// How many code points stand before a byte.
    fn place(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start < byte)
    }
}
