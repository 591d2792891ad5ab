//! Damage to bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::Input;

/// Longest input that is made, so that a test stays fast.
const LONGEST: usize = 256 * 1_024;
/// What readers of text, JSON, TOML, HTTP and numbers stumble over.
const PIECES: [&[u8]; 28] = [
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"\\u0000",
    b"\\",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[",
    b",",
    b":",
    b"=",
    b"|",
    b"\r\n",
    b"null",
    b"-",
    b"1e999",
    b"99999999999999999999",
    b"-9223372036854775809",
    b"<html>",
    b"${",
];

/// One thing that happens to bytes.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index, usize),
    Repeat(Index, usize, usize),
    Insert(Index, &'static [u8]),
    Swap(Index, Index),
}

impl Damage {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            4 => (any::<Index>(), any::<u8>()).prop_map(|(at, with)| Self::Flip(at, with)),
            1 => any::<Index>().prop_map(Self::Cut),
            2 => (any::<Index>(), 1usize..64).prop_map(|(at, length)| Self::Drop(at, length)),
            2 => (any::<Index>(), 1usize..64, 1usize..200)
                .prop_map(|(at, length, times)| Self::Repeat(at, length, times)),
            6 => (any::<Index>(), select(&PIECES[..])).prop_map(|(at, piece)| Self::Insert(at, piece)),
            1 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Self::Swap(one, other)),
        ]
    }

    pub(crate) fn apply(&self, input: &mut Vec<u8>) {
        let end = |at: usize, length: usize, input: &[u8]| (at + length).min(input.len());
        match self {
            Self::Insert(at, piece) => {
                let at = at.index(input.len() + 1);
                input.splice(at..at, piece.iter().copied());
            }
            _ if input.is_empty() => {}
            Self::Flip(at, with) => {
                let at = at.index(input.len());
                input[at] ^= with;
            }
            Self::Cut(at) => input.truncate(at.index(input.len())),
            Self::Drop(at, length) => {
                let at = at.index(input.len());
                input.drain(at..end(at, *length, input));
            }
            Self::Repeat(at, length, times) => {
                let at = at.index(input.len());
                let piece = input[at..end(at, *length, input)].repeat(*times);
                input.splice(at..at, piece);
            }
            Self::Swap(one, other) => {
                let (one, other) = (one.index(input.len()), other.index(input.len()));
                input.swap(one, other);
            }
        }
        input.truncate(LONGEST);
    }
}

/// One of the examples after a few damages; now and then as it is.
pub fn bytes<T: Into<Vec<u8>>>(examples: impl IntoIterator<Item = T>) -> BoxedStrategy<Input> {
    let examples: Vec<Vec<u8>> = examples.into_iter().map(Into::into).collect();
    (select(examples), vec(Damage::any(), 0..5)).prop_map(damaged).boxed()
}

pub(crate) fn damaged((mut input, damages): (Vec<u8>, Vec<Damage>)) -> Input {
    damages.iter().for_each(|damage| damage.apply(&mut input));
    Input(input)
}
