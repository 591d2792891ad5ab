//! One form for a datum, however it is written.

use super::kind::Kind;
use super::plain::Plain;

/// The datum without separators and prefixes, in one width and, where the case says nothing, in one case.
pub(super) fn normalised(kind: Kind, datum: &str) -> String {
    let mut plain = Plain::default();
    plain.refill_datum(datum);
    let characters = plain.slice(0..plain.len()).iter().copied();
    match kind {
        Kind::Secret => characters.collect(),
        Kind::Email | Kind::WeChat | Kind::Ipv6 => characters.map(|c| c.to_ascii_lowercase()).collect(),
        Kind::Ipv4 => characters.map(|c| if c == '。' { '.' } else { c }).collect(),
        Kind::Mobile | Kind::Landline => national(characters.filter(char::is_ascii_digit).collect()),
        _ => characters.filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect(),
    }
}

/// A telephone number of the mainland without country code and trunk zero.
fn national(digits: String) -> String {
    let rest =
        digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86").filter(|rest| rest.len() >= 9));
    let rest = rest.unwrap_or(&digits);
    rest.strip_prefix('0').unwrap_or(rest).to_owned()
}
