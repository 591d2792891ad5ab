//! An engine as the judge of a stream.

use std::sync::Arc;

use super::judge::{Hit, Judge};
use crate::direction::Direction;
use crate::engine::Engine;

/// Judges a stream that goes one way by an engine.
#[derive(Debug)]
pub struct EngineJudge<E: Engine + ?Sized> {
    engine: Arc<E>,
    direction: Direction,
}

impl<E: Engine + ?Sized> EngineJudge<E> {
    /// A judge of texts that go this way.
    pub fn new(engine: Arc<E>, direction: Direction) -> Self {
        Self { engine, direction }
    }
}

impl<E: Engine + ?Sized> Clone for EngineJudge<E> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), direction: self.direction }
    }
}

impl<E: Engine + ?Sized> Judge for EngineJudge<E> {
    fn reach(&self) -> usize {
        self.engine.reach()
    }

    fn hits(&self, text: &str) -> Vec<Hit> {
        let found = self.engine.judge(self.direction, text);
        let counts = found.hits.into_iter().filter(|hit| !hit.shadow);
        counts.map(|hit| Hit { span: hit.span, action: hit.action }).collect()
    }
}

#[cfg(test)]
mod tests {
    use common::Action;
    use proptest::prelude::*;

    use super::*;
    use crate::personal::PersonalData;
    use crate::rule::{Border, Rule};
    use crate::ruleset::RuleSet;
    use crate::stream::HoldBack;
    use crate::view::Views;

    fn engine() -> Arc<RuleSet> {
        let rules = [
            Rule { views: Views::ALL, ..Rule::words("gambling", &["赌博", "开云体育"], Action::Block) },
            Rule { border: Border::Seg, ..Rule::words("drugs", &["大麻"], Action::Mask) },
            Rule { border: Border::Word, ..Rule::words("porn", &["sm"], Action::Mask) },
        ];
        let personal = PersonalData { input: Action::Mask, output: Action::Mask };
        let builder = RuleSet::builder("d").rules(&rules).allow(&["大麻烦".to_owned()]);
        Arc::new(builder.detector(Box::new(personal)).build().unwrap())
    }

    fn piecewise(engine: &Arc<RuleSet>, pieces: &[&str]) -> (String, Option<Action>) {
        let judge = EngineJudge::new(Arc::clone(engine), Direction::Output);
        let mut stream = HoldBack::new(judge).with_stride(1);
        let mut text = String::new();
        for piece in pieces {
            let passed = stream.push(piece);
            text.push_str(&passed.text);
            if passed.stop.is_some() {
                return (text, passed.stop);
            }
        }
        let passed = stream.finish();
        (text + &passed.text, passed.stop)
    }

    #[test]
    fn wherever_a_stream_is_cut_the_same_passes() {
        let engine = engine();
        for text in [
            "来玩赌-🎲-博吧",
            "电话13800138000，找我",
            "真是大麻烦，他卖大麻",
            "this is sm or small",
            "快来 du3 bo2 呀",
            "开 云\u{200b}体 育",
        ] {
            let whole = piecewise(&engine, &[text]);
            for (at, _) in text.char_indices() {
                assert_eq!(piecewise(&engine, &[&text[..at], &text[at..]]), whole, "{text} at {at}");
            }
            let single: Vec<String> = text.chars().map(String::from).collect();
            let single: Vec<&str> = single.iter().map(String::as_str).collect();
            assert_eq!(piecewise(&engine, &single), whole, "{text}");
        }
    }

    proptest! {
        #![proptest_config(mangle::cases(100))]

        #[test]
        fn any_text_in_any_pieces_passes_as_the_whole(
            pieces in prop::collection::vec("[赌博大麻烦sm 1-3.🎲duob]{0,30}", 0..12),
            filler in 0_usize..600,
        ) {
            let engine = engine();
            let filler = "好".repeat(filler) + &"今天天气不错，".repeat(filler / 4);
            let mut pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            pieces.insert(pieces.len() / 2, &filler);
            let whole = pieces.concat();
            prop_assert_eq!(piecewise(&engine, &pieces), piecewise(&engine, &[&whole]));
        }
    }
}
