//! Personal data in texts: found, checked, hidden, and given back to the person who wrote it.
//!
//! [`Recogniser`] finds numbers with check digits (identity numbers, cards, accounts), numbers of a fixed form (telephones, plates,
//! addresses of computers and mail), and what only the words around give away (passports, dates of birth, accounts of messengers).

mod account;
mod address;
mod among;
mod armour;
mod birth;
mod border;
mod calling_code;
mod card;
mod checksum;
mod context;
mod date;
mod detector;
mod email;
mod hit;
mod identity;
mod kind;
mod mask;
mod network;
mod permit;
mod phone;
mod placeholder;
mod plain;
mod plate;
mod recogniser;
mod region;
mod restore;
mod run;
mod secret;
mod street;
mod value;
mod words;

#[cfg(test)]
mod tests;

pub use detector::{PersonalData, hits};
pub use kind::Kind;
pub use mask::{Masking, Style, Styles, ends_kept, hashed, hidden, replaced, stars};
pub use placeholder::{MOST_PLACEHOLDER_BYTES, MOST_PLACEHOLDERS, Placeholders};
pub use recogniser::{NEWEST_BIRTH_YEAR, Recognised, Recogniser};
pub use restore::{Restored, without_names};

/// The text as people may read it: stars in the place of whatever personal data is recognised in it.
pub fn starred(text: &str) -> std::borrow::Cow<'_, str> {
    let styles = Styles { default: Style::Stars, ..Styles::default() };
    hidden(text, Masking { styles: &styles, key: &[] }).map_or(text.into(), Into::into)
}
