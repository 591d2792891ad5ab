//! How a datum is hidden: by what it is replaced.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::kind::Kind;
use super::recogniser::Recognised;
use super::value::normalised;

/// What a datum is replaced by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Nothing: it stays as it is.
    Off,
    /// Its ends, with asterisks between: `138****1234`.
    KeepEnds,
    /// Asterisks, one for each character.
    Stars,
    /// A typed placeholder that is the same throughout the conversation: `[PHONE_1]`.
    #[default]
    Placeholder,
    /// A keyed hash that is the same everywhere under one key, so that records can be joined: `[PHONE#fkdo…]`.
    Hash,
}

/// The style of each kind, in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct Styles {
    /// The style of kinds without one of their own.
    #[serde(default)]
    pub default: Style,
    /// Kinds with a style of their own.
    #[serde(default)]
    pub kinds: BTreeMap<Kind, Style>,
}

impl Styles {
    /// The style of a kind.
    pub fn of(&self, kind: Kind) -> Style {
        self.kinds.get(&kind).copied().unwrap_or(self.default)
    }

    /// Whether data of a kind are replaced.
    pub fn hides(&self, kind: Kind) -> bool {
        self.of(kind) != Style::Off
    }
}

/// The text with each datum replaced by what `replace` makes of its kind and text; none leaves it as it is.
pub fn replaced(
    text: &str,
    found: &[Recognised],
    mut replace: impl FnMut(Kind, &str) -> Option<String>,
) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for Recognised { kind, span } in found {
        let (Some(before), Some(datum)) = (text.get(at..span.start), text.get(span.clone())) else {
            continue;
        };
        result.push_str(before);
        match replace(*kind, datum) {
            Some(replacement) => result.push_str(&replacement),
            None => result.push_str(datum),
        }
        at = span.end;
    }
    result.push_str(text.get(at..).unwrap_or_default());
    result
}

/// An asterisk for each character.
pub fn stars(datum: &str) -> String {
    datum.chars().map(|_| '*').collect()
}

/// The ends of a datum, as far as they do not give it away, with asterisks between. Separators stay.
pub fn ends_kept(kind: Kind, datum: &str) -> String {
    if let (Kind::Email, Some((name, domain))) = (kind, datum.split_once(['@', '＠'])) {
        let first = name.chars().next().filter(|_| name.chars().count() > 1);
        return first.into_iter().chain("***@".chars()).chain(domain.chars()).collect();
    }
    let (head, tail) = kept(kind);
    let characters = datum.chars().filter(|c| c.is_alphanumeric()).count();
    let (head, tail) = if characters > head + tail { (head, tail) } else { (0, 0) };
    let mut seen = 0;
    let keep = |c: char| {
        let counts = c.is_alphanumeric();
        seen += usize::from(counts);
        if !counts || seen <= head || seen + tail > characters { c } else { '*' }
    };
    datum.chars().map(keep).collect()
}

/// How many letters and digits of a kind are shown at the beginning and at the end.
fn kept(kind: Kind) -> (usize, usize) {
    match kind {
        Kind::Mobile | Kind::ResidentId | Kind::PermanentResidentId => (3, 4),
        Kind::BankCard | Kind::Iban | Kind::SocialCreditCode => (4, 4),
        Kind::Landline | Kind::InternationalPhone => (4, 2),
        Kind::LicensePlate | Kind::HongKongId | Kind::Passport | Kind::TravelPermit => (2, 2),
        Kind::TaiwanId | Kind::Qq | Kind::WeChat => (2, 2),
        Kind::MacAddress | Kind::Ipv6 => (4, 0),
        Kind::Ipv4 => (2, 0),
        Kind::Address => (6, 0),
        Kind::BirthDate => (4, 0),
        Kind::Secret => (3, 0),
        Kind::Email => (1, 0),
    }
}

/// A name for a datum that only the holder of the key can compute, equal for every way of writing the datum. It has no digit, so that
/// nothing takes it for a number.
pub fn hashed(kind: Kind, datum: &str, key: &[u8]) -> String {
    let mut name = format!("[{}#", kind.placeholder());
    // A key of any length is accepted by HMAC.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(kind.label().as_bytes());
        mac.update(&[0]);
        mac.update(normalised(kind, datum).as_bytes());
        let digest = mac.finalize().into_bytes();
        let nibbles = digest.iter().take(8).flat_map(|byte| [byte >> 4, byte & 15]);
        name.extend(nibbles.map(|nibble| char::from(b'a' + nibble)));
    }
    name.push(']');
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_stay_and_the_middle_goes() {
        for (kind, datum, expected) in [
            (Kind::Mobile, "13800138000", "138****8000"),
            (Kind::Mobile, "138-0013-8000", "138-****-8000"),
            (Kind::BankCard, "6222 0212 3456 7890", "6222 **** **** 7890"),
            (Kind::Email, "zhang@example.com", "z***@example.com"),
            (Kind::Email, "z@example.com", "***@example.com"),
            (Kind::LicensePlate, "京A12345", "京A***45"),
            (Kind::Qq, "1234", "****"),
        ] {
            assert_eq!(ends_kept(kind, datum), expected);
        }
        assert_eq!(stars("京A1"), "***");
    }

    #[test]
    fn a_hash_is_of_the_number_and_not_of_how_it_is_written() {
        let one = hashed(Kind::Mobile, "13800138000", b"key");
        assert_eq!(one, hashed(Kind::Mobile, "+86 138-0013-8000", b"key"));
        assert_eq!(one, hashed(Kind::Mobile, "１３８００１３８０００", b"key"));
        assert_ne!(one, hashed(Kind::Mobile, "13800138001", b"key"));
        assert_ne!(one, hashed(Kind::Mobile, "13800138000", b"another"));
        assert_ne!(one, hashed(Kind::Qq, "13800138000", b"key"));
        assert!(one.starts_with("[PHONE#") && one.len() == 24, "{one}");
    }
}
