//! An app's bots, as they are addressed: by id, or mentioned by id or name in a text.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use schemas::ids::UserId;

/// Finds bots by id and by mention, without regard to ASCII case.
pub(crate) struct Bots {
    ids: HashMap<String, UserId>,
    /// Ids and names.
    names: HashMap<String, UserId>,
    /// Lengths of the names in bytes, so that a text is looked up instead of being compared with each.
    lengths: BTreeSet<usize>,
}

/// A mention of a bot in a text: the bytes from the at sign to the end of the name.
pub(crate) struct Mention<'a> {
    pub(crate) at: Range<usize>,
    pub(crate) bot: &'a UserId,
}

impl Bots {
    pub(crate) fn new(bots: &BTreeMap<UserId, Vec<String>>) -> Self {
        let (mut ids, mut names) = (HashMap::new(), HashMap::new());
        for (id, called) in bots {
            ids.insert(id.as_str().to_ascii_lowercase(), id.clone());
            for name in called.iter().filter(|name| !name.is_empty()) {
                names.insert(name.to_ascii_lowercase(), id.clone());
            }
        }
        names.extend(ids.clone());
        let lengths = names.keys().map(String::len).collect();
        Self { ids, names, lengths }
    }

    /// The bot of that id.
    pub(crate) fn by_id(&self, id: &str) -> Option<&UserId> {
        self.ids.get(&id.to_ascii_lowercase())
    }

    /// Every mention in a text, in order.
    pub(crate) fn mentions(&self, text: &str) -> Vec<Mention<'_>> {
        let mut found = Vec::new();
        let mut before = ' ';
        for (start, sign) in text.char_indices() {
            // A letter or digit ahead of the sign makes it an address, not a mention.
            if matches!(sign, '@' | '＠') && !before.is_ascii_alphanumeric() {
                let name = start + sign.len_utf8();
                if let Some((length, bot)) = self.named(&text[name..]) {
                    found.push(Mention { at: start..name + length, bot });
                }
            }
            before = sign;
        }
        found
    }

    /// The longest name that the text begins with.
    fn named(&self, text: &str) -> Option<(usize, &UserId)> {
        self.lengths.iter().rev().find_map(|&length| {
            let (name, rest) = text.split_at_checked(length)?;
            let bot = self.names.get(&name.to_ascii_lowercase())?;
            ends_name(name, rest).then_some((length, bot))
        })
    }
}

/// Whether a name is not merely the beginning of a longer one.
fn ends_name(name: &str, rest: &str) -> bool {
    if !name.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return true;
    }
    let mut after = rest.chars();
    match after.next() {
        Some(c) if c.is_ascii_alphanumeric() || c == '_' => false,
        Some('-' | '.') => !after.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        _ => true,
    }
}

/// A text without some of its mentions and the space after each.
pub(crate) fn without<'a>(text: &str, mentions: impl IntoIterator<Item = &'a Mention<'a>>) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for mention in mentions {
        kept.push_str(text.get(from..mention.at.start).unwrap_or_default());
        let after = text.get(mention.at.end..).and_then(|rest| rest.chars().next());
        from = mention.at.end + after.filter(|c| c.is_whitespace()).map_or(0, char::len_utf8);
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bots() -> Bots {
        let bot = |id: &str, names: &[&str]| {
            (UserId::new(id).unwrap(), names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
        };
        Bots::new(&BTreeMap::from([bot("bot_help", &["小助手", "Help Desk"]), bot("bot", &[])]))
    }

    fn mentioned(text: &str) -> Vec<String> {
        bots().mentions(text).iter().map(|m| m.bot.to_string()).collect()
    }

    #[test]
    fn a_bot_is_mentioned_by_id_or_name_in_any_case_and_width() {
        for text in ["@bot_help hi", "hi @BOT_HELP", "＠小助手你好", "@help desk: hi", "ask @bot_help."]
        {
            assert_eq!(mentioned(text), ["bot_help"], "{text}");
        }
        assert_eq!(mentioned("@bot and @bot_help"), ["bot", "bot_help"]);
    }

    #[test]
    fn what_only_looks_like_a_mention_is_none() {
        for text in
            ["bot_help", "me@bot.com", "@bots", "@bot_", "@bot.com", "@ bot", "@", "＠", "@小助", "@ALL"]
        {
            assert_eq!(mentioned(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn removing_mentions_leaves_what_was_said() {
        let bots = bots();
        for (text, said) in [
            ("@bot_help how are you?", "how are you?"),
            ("hi @小助手\u{2005}你好", "hi 你好"),
            ("  @bot_help ", ""),
            ("no mention", "no mention"),
        ] {
            assert_eq!(without(text, &bots.mentions(text)), said);
        }
    }

    #[test]
    fn a_text_of_at_signs_is_read_quickly() {
        assert_eq!(mentioned(&"@".repeat(65_536)).len(), 0);
    }
}
