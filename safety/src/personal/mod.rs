//! Personal data in texts: found, checked, hidden, and given back to the person who wrote it.
//!
//! [`Recogniser`] finds numbers with check digits (identity numbers, cards, accounts), numbers of a fixed form (telephones, plates,
//! addresses of computers and mail), and what only the words around give away (passports, dates of birth, accounts of messengers).

mod account;
mod address;
mod birth;
mod border;
mod calling_code;
mod card;
mod checksum;
mod context;
mod date;
mod email;
mod hit;
mod identity;
mod kind;
mod network;
mod permit;
mod phone;
mod plain;
mod plate;
mod recogniser;
mod region;
mod run;
mod secret;

#[cfg(test)]
mod tests;

pub use kind::Kind;
pub use recogniser::{NEWEST_BIRTH_YEAR, Recognised, Recogniser};
