//! How a datum is hidden: by what it is replaced.

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::detector::with_recogniser;
use super::kind::Kind;
use super::recogniser::{Recognised, Recogniser};
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

    /// Styles that hide nothing.
    pub fn off() -> Self {
        Self { default: Style::Off, kinds: BTreeMap::new() }
    }

    /// Whether no kind is replaced.
    pub fn is_off(&self) -> bool {
        Kind::ALL.into_iter().all(|kind| !self.hides(kind))
    }

    /// Whether some kind has this style.
    pub fn have(&self, style: Style) -> bool {
        Kind::ALL.into_iter().any(|kind| self.of(kind) == style)
    }

    /// Whether data of a kind are replaced.
    pub fn hides(&self, kind: Kind) -> bool {
        self.of(kind) != Style::Off
    }
}

/// How data are hidden: the styles of a direction, and the key of hashes.
#[derive(Clone, Copy)]
pub struct Masking<'a> {
    /// The style of each kind.
    pub styles: &'a Styles,
    /// The key of [`Style::Hash`]. Under an empty one, which anybody could guess, there are asterisks instead.
    pub key: &'a [u8],
}

impl fmt::Debug for Masking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masking").field("styles", self.styles).finish_non_exhaustive()
    }
}

/// How often a text is looked through: hiding one datum can show that its neighbour is one.
const ROUNDS: usize = 4;

/// The text with its personal data hidden where no conversation remembers placeholders: that style shows asterisks. `None` when nothing
/// is to be hidden.
pub fn hidden(text: &str, masking: Masking<'_>) -> Option<String> {
    with_recogniser(|recogniser| hidden_with(recogniser, text, masking, |_, datum| stars(datum)))
}

/// As [`hidden`], with placeholders.
pub(super) fn hidden_with(
    recogniser: &mut Recogniser,
    text: &str,
    masking: Masking<'_>,
    mut placeholder: impl FnMut(Kind, &str) -> String,
) -> Option<String> {
    let mut hidden: Option<String> = None;
    for round in 0..ROUNDS {
        let now = hidden.as_deref().unwrap_or(text);
        let found = recogniser.recognise(now);
        if !found.iter().any(|datum| masking.styles.hides(datum.kind)) {
            break;
        }
        let last = round + 1 == ROUNDS;
        let next = replaced(now, &found, |kind, datum| match masking.styles.of(kind) {
            Style::Off => None,
            Style::Stars => Some(stars(datum)),
            Style::KeepEnds | Style::Hash | Style::Placeholder if last => Some(stars(datum)),
            Style::KeepEnds => Some(ends_kept(kind, datum)),
            Style::Hash if masking.key.is_empty() => Some(stars(datum)),
            Style::Hash => Some(hashed(kind, datum, masking.key)),
            Style::Placeholder => Some(placeholder(kind, datum)),
        });
        hidden = Some(next);
    }
    hidden
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
    fn where_nothing_is_remembered_a_placeholder_is_stars_and_so_is_a_hash_without_a_key() {
        let hide = |style, key| {
            let styles = Styles { default: style, ..Styles::off() };
            hidden("打13800138000", Masking { styles: &styles, key })
        };
        assert_eq!(hide(Style::Placeholder, b"key").as_deref(), Some("打***********"));
        assert_eq!(hide(Style::Hash, b"").as_deref(), Some("打***********"));
        assert_eq!(hide(Style::KeepEnds, b"").as_deref(), Some("打138****8000"));
        assert!(hide(Style::Hash, b"key").is_some_and(|hidden| hidden.starts_with("打[PHONE#")));
        assert_eq!(hide(Style::Off, b"key"), None);
    }

    #[test]
    fn styles_say_what_they_hide() {
        let only = Styles { kinds: [(Kind::Mobile, Style::Stars)].into(), ..Styles::off() };
        assert!(Styles::off().is_off() && !only.is_off() && !Styles::default().is_off());
        assert!(only.have(Style::Stars) && !only.have(Style::Hash));
        let all = Kind::ALL.map(|kind| (kind, Style::Off));
        assert!(Styles { default: Style::Hash, kinds: all.into() }.is_off());
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
