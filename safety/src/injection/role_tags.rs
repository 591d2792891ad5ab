//! Tags and headings that mark who speaks in the wire formats of models: `<|im_start|>system`, `[INST]`, `### System:`.

use std::ops::Range;

/// Tokens of chat templates. Nobody but a template writes them with their brackets.
const TOKENS: [&str; 16] = [
    "im_start",
    "im_end",
    "im_sep",
    "start_header_id",
    "end_header_id",
    "eot_id",
    "endoftext",
    "begin_of_text",
    "end_of_turn",
    "start_of_turn",
    "inst",
    "/inst",
    "sys",
    "/sys",
    "endofprompt",
    "/s",
];
/// Words of headings under which orders to models stand. Those of the first list make it one.
const HEADING_CORES: [&str; 4] = ["system", "developer", "prompt", "override"];
const HEADING_WORDS: [&str; 17] = [
    "begin",
    "end",
    "start",
    "stop",
    "new",
    "updated",
    "real",
    "actual",
    "of",
    "hidden",
    "message",
    "instruction",
    "instructions",
    "directive",
    "rules",
    "input",
    "priority",
];
/// Headings of several words without one of the first list, and headings in Chinese.
const HEADINGS: [&str; 15] = [
    "new instructions",
    "new instruction",
    "new rules",
    "new directive",
    "系统提示词",
    "系统指令",
    "新指令",
    "新的指令",
    "开发者指令",
    "开发者消息",
    "最高指令",
    "系统设定",
    "系统覆盖",
    "新的系统提示",
    "系统提示词开始",
];
/// Headings that people meet elsewhere too.
const MILD_HEADINGS: [&str; 7] = ["系统", "系统消息", "系统提示", "管理员", "admin", "assistant", "开发者"];
const OPENERS: [char; 9] = ['`', '<', '[', '{', '【', '#', '=', '*', '-'];
const DECORATION: [char; 22] = [
    '`', '<', '>', '[', ']', '{', '}', '【', '】', '#', '=', '*', '-', '|', ':', '(', ')', '「', '」', '"',
    '〔', '〕',
];
/// Characters of the longest heading.
const LONGEST: usize = 24;

/// A tag and what it weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) weight: i32,
    /// Characters of the folded text.
    pub(super) place: Range<usize>,
}

/// All tags in a folded text; the second token of a template makes a heavier tag.
pub(super) fn of(folded: &[char]) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    let (mut is_line_start, mut at) = (true, 0);
    while let Some(&c) = folded.get(at) {
        let tag = if is_line_start || OPENERS.contains(&c) { tag(folded, at) } else { None };
        is_line_start = c == '\n' || (is_line_start && c.is_whitespace());
        match tag {
            Some(tag) => {
                at = tag.place.end.max(at + 1);
                tags.push(tag);
            }
            None => at += 1,
        }
    }
    let is_token = |tag: &&Tag| tag.weight == TOKEN;
    if tags.iter().filter(is_token).count() > 1
        && let Some(first) = tags.first_mut()
    {
        first.weight = TOKENS_TOGETHER;
    }
    tags
}

const TOKEN: i32 = 420;
const TOKENS_TOGETHER: i32 = 650;
const DECORATED_HEADING: i32 = 380;
const PLAIN_HEADING: i32 = 260;
const MILD_HEADING: i32 = 120;

fn tag(folded: &[char], start: usize) -> Option<Tag> {
    let is_decoration = |c: &char| DECORATION.contains(c) || *c == ' ';
    let rest = folded.get(start..)?;
    let before = rest.iter().take(LONGEST).take_while(|c| is_decoration(c)).count();
    let is_name = |c: &char| c.is_alphanumeric() || [' ', '_', '/'].contains(c);
    let name = rest.get(before..)?.iter().take(LONGEST).take_while(|c| is_name(c)).count();
    let spelt: String = rest.get(before..before + name)?.iter().collect();
    let close = rest.get(before + name);
    if !close.is_some_and(|c| DECORATION.contains(c) || *c == '\n') {
        return None;
    }
    let spelt = spelt.trim();
    let is_decorated = before > 0;
    let weight = if is_decorated && TOKENS.contains(&spelt) {
        TOKEN
    } else if is_heading(spelt) {
        if is_decorated { DECORATED_HEADING } else { PLAIN_HEADING }
    } else if MILD_HEADINGS.contains(&spelt) {
        MILD_HEADING
    } else {
        return None;
    };
    let stands_alone = is_decorated || spelt.contains(' ');
    (close != Some(&'\n') || stands_alone).then(|| Tag { weight, place: start..start + before + name + 1 })
}

fn is_heading(name: &str) -> bool {
    let is_core = |word: &str| HEADING_CORES.contains(&word);
    HEADINGS.contains(&name)
        || (name.split(' ').any(is_core)
            && name.split(' ').all(|word| is_core(word) || HEADING_WORDS.contains(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(text: &str) -> i32 {
        of(&text.chars().collect::<Vec<_>>()).iter().map(|tag| tag.weight).max().unwrap_or_default()
    }

    #[test]
    fn tags_of_templates_and_headings_are_told_by_their_brackets() {
        assert_eq!(weight("hi <|im_start|>system"), TOKEN);
        assert_eq!(weight("<|im_end|>\n<|im_start|>system\nx"), TOKENS_TOGETHER);
        assert_eq!(weight("[inst] x"), TOKEN);
        assert_eq!(weight("thanks\n### system: do it"), DECORATED_HEADING);
        assert_eq!(weight("---begin system prompt---"), DECORATED_HEADING);
        assert_eq!(weight("system: do it"), PLAIN_HEADING);
        assert_eq!(weight("【系统提示】余额不足"), MILD_HEADING);
    }

    #[test]
    fn words_in_a_sentence_are_no_tags() {
        for text in [
            "the system: how it works",
            "operating system",
            "- systems\n- users",
            "[1] inst",
            "a < b > c",
            "system",
        ] {
            assert_eq!(weight(text), 0, "{text}");
        }
    }
}
