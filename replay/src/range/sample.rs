//! Which conversations a replay takes.

use std::str::FromStr;

/// A whole, in parts per million.
const WHOLE: u32 = 1_000_000;

/// A share of all conversations, in steps of 0.0001 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample(u32);

/// What is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no share such as 5%: above 0% and at most 100%")]
pub struct BadSample(String);

impl Sample {
    /// All of them.
    pub const ALL: Self = Self(WHOLE);

    /// Whether it takes the conversation of this key. The same for ever for a seed and a key.
    pub fn takes(self, seed: &str, key: &[u8]) -> bool {
        self == Self::ALL || place(seed.as_bytes(), key) % u64::from(WHOLE) < u64::from(self.0)
    }
}

impl FromStr for Sample {
    type Err = BadSample;

    fn from_str(text: &str) -> Result<Self, BadSample> {
        let bad = || BadSample(text.to_owned());
        let (whole, part) = {
            let number = text.strip_suffix('%').ok_or_else(bad)?;
            number.split_once('.').unwrap_or((number, ""))
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || part.len() > 4 || !digits(whole) || !digits(part) {
            return Err(bad());
        }
        let parts: u32 = format!("{whole}{part:0<4}").parse().map_err(|_| bad())?;
        if (1..=WHOLE).contains(&parts) { Ok(Self(parts)) } else { Err(bad()) }
    }
}

/// FNV-1a over seed and key, mixed as SplitMix64 mixes, so that keys which differ in their last byte lie apart.
fn place(seed: &[u8], key: &[u8]) -> u64 {
    let bytes = seed.iter().chain([&0]).chain(key);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    common::random::SplitMix64::new(hash).number()
}
