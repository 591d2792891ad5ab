//! An app's bots, found by id, and by mentions of their ids or names in a text.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};

use catalogue::dialogue::Mention as Besides;
use catalogue::name::{self, Letters, Thin, is_sign, is_thin};
use schemas::ids::UserId;

use super::{border, skipped};

/// A mention of a bot in a text: the bytes from the sign to the end of the name.
pub(crate) struct Mention<'a> {
    pub(crate) at: Range<usize>,
    pub(crate) bot: &'a UserId,
}

/// Finds bots by id and by mention.
pub(crate) struct Bots {
    ids: BTreeSet<UserId>,
    /// The bot of each id and name, in the spelling in which they are compared.
    names: BTreeMap<String, UserId>,
    /// What counts as speaking to one of them besides a mention.
    besides: Besides,
}

impl Bots {
    pub(crate) fn new(bots: &BTreeMap<UserId, Vec<String>>, besides: &Besides) -> Self {
        let named = bots.iter().flat_map(|(id, names)| names.iter().map(move |name| (name::key(name), id)));
        // Ids come last, so that an id wins over the name of another bot.
        let ids = bots.keys().map(|id| (name::key(id.as_str()), id));
        let names = named.chain(ids).filter(|(key, _)| !key.is_empty());
        Self {
            names: names.map(|(key, id)| (key, id.clone())).collect(),
            ids: bots.keys().cloned().collect(),
            besides: besides.clone(),
        }
    }

    /// The bot of that id, as it is configured.
    pub(crate) fn by_id(&self, id: &UserId) -> Option<&UserId> {
        self.ids.get(id)
    }

    /// The bot of that id or name.
    fn by_name(&self, name: &str) -> Option<&UserId> {
        self.names.get(&name::key(name))
    }

    /// The bot that a message speaks to which mentions nobody: the one that it quotes, or the one that stands for everybody.
    pub(crate) fn meant_besides(&self, quoted: Option<&str>, all: bool) -> Option<&UserId> {
        let quoted = quoted.filter(|_| self.besides.quotes).and_then(|name| self.by_name(name));
        quoted.or_else(|| self.by_id(self.besides.all.as_ref().filter(|_| all)?))
    }

    /// Every mention in a text, in order.
    pub(crate) fn mentions(&self, text: &str) -> Vec<Mention<'_>> {
        let mut found: Vec<Mention<'_>> = Vec::new();
        for (start, sign) in text.char_indices().filter(|(_, c)| is_sign(*c)) {
            // A sign inside of a name that was found begins no mention; one directly behind it may.
            let last = found.last().map_or(0, |last| last.at.end);
            if start < last || !border::opens(&text[last..start]) {
                continue;
            }
            let behind = text[start + sign.len_utf8()..].trim_start_matches(is_thin);
            if let Some((length, bot)) = self.named(behind) {
                found.push(Mention { at: start..text.len() - behind.len() + length, bot });
            }
        }
        if !found.is_empty() {
            let skipped = skipped::ranges(text);
            let before = |at: usize| skipped.partition_point(|range| range.start <= at).checked_sub(1);
            found.retain(|mention| {
                before(mention.at.start).is_none_or(|last| mention.at.start >= skipped[last].end)
            });
        }
        found
    }

    /// The longest name that the text begins with.
    fn named(&self, text: &str) -> Option<(usize, &UserId)> {
        let either = [Thin::Nothing, Thin::Space].into_iter().filter_map(|thin| self.longest(text, thin));
        either.max_by_key(|(length, _)| *length)
    }

    fn longest(&self, text: &str, thin: Thin) -> Option<(usize, &UserId)> {
        let (mut letters, mut read, mut longest) = (Letters::new(text, thin), String::new(), None);
        while let Some(end) = letters.read_into(&mut read) {
            let from = (Bound::Included(read.as_str()), Bound::Unbounded);
            let next = self.names.range::<str, _>(from).next();
            let Some((name, bot)) = next.filter(|(name, _)| name.starts_with(&read)) else { break };
            if *name == read && border::closes(&text[..end], &text[end..]) {
                longest = Some((end, bot));
            }
        }
        longest
    }
}
