//! How much the judge prefers what stands first.

use common::Rate;
use serde::Serialize;

use crate::results::{Judged, Preference};

/// What the judge's replies say of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bias {
    /// Turns that it was asked about, in both orders.
    pub asked: u32,
    /// Turns about which it said the same in both orders.
    pub consistent: Option<Rate>,
    /// Replies that prefer what stood first, of those that prefer either. A half is no bias.
    pub first: Option<Rate>,
}

/// Of all turns that the judge was asked about.
pub fn of<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> Bias {
    let (mut asked, mut consistent, mut first, mut either) = (0, 0, 0, 0);
    for judged in judged.into_iter().filter(|judged| !judged.equal) {
        asked += 1;
        consistent += u32::from(judged.is_consistent());
        let stood_first = [
            (judged.baseline_first.better, Preference::Baseline),
            (judged.candidate_first.better, Preference::Candidate),
        ];
        for (better, first_place) in stood_first {
            either += u32::from(better != Preference::Tie);
            first += u32::from(better == first_place);
        }
    }
    Bias { asked, consistent: Rate::of(consistent, asked), first: Rate::of(first, either) }
}
