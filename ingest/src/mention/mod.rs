//! Who is mentioned in a text.
//!
//! A mention is a sign and a name ([`catalogue::name`]) between borders ([`border`]). Signs in code, in links and in quoted lines
//! mention nobody ([`skipped`]). Each step reads on from where the last one stopped, so that the time for any text grows with its
//! length and no faster.

mod border;
mod bots;
mod skipped;

use catalogue::name::is_thin;

pub(crate) use bots::{Bots, Mention};

/// A text without some of its mentions and the space after each.
pub(crate) fn without<'a>(text: &str, mentions: impl IntoIterator<Item = &'a Mention<'a>>) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for mention in mentions {
        kept.push_str(text.get(from..mention.at.start).unwrap_or_default());
        let rest = text.get(mention.at.end..).unwrap_or_default().trim_start_matches(is_thin);
        let rest = rest.strip_prefix(char::is_whitespace).unwrap_or(rest).trim_start_matches(is_thin);
        from = text.len() - rest.len();
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests;
