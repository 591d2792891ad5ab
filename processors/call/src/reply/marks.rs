//! Tags of thoughts and marks of chat templates, each known by its form.

/// A tag of a thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Open,
    Close,
}

/// A mark of a chat template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A turn, a text or a prompt begins.
    Begin,
    /// A turn or a text ends.
    End,
    /// Harmony: the name of a channel follows.
    Channel,
    /// Harmony: what is said in the channel follows.
    Message,
    /// `<s>`: a text begins, or words are struck out.
    Strike,
    /// `</s>`.
    StrikeEnd,
}

const THOUGHTS: [&str; 8] =
    ["think", "thinking", "thought", "thoughts", "reasoning", "seed:think", "mm:think", "inner_monologue"];
/// Longest tag with its attributes, in bytes.
const LONGEST: usize = 200;

/// The tag that a text begins with, and its length.
pub(super) fn tag(text: &str) -> Option<(usize, Tag)> {
    if let Some(name) = between(text, "<|", "|>") {
        let tag = match name.to_ascii_lowercase().as_str() {
            "begin_of_thought" | "start_thinking" | "begin_thinking" => Tag::Open,
            "end_of_thought" | "end_thinking" => Tag::Close,
            _ => return None,
        };
        return Some((name.len() + 4, tag));
    }
    let forms = [("<", ">"), ("&lt;", "&gt;"), ("[", "]"), ("◁", "▷")];
    let (open, close) = forms.into_iter().find(|(open, _)| text.starts_with(open))?;
    let inner = between(text, open, close)?;
    let (closing, name) = match inner.trim_start().strip_prefix('/') {
        Some(name) => (true, name),
        None => (false, inner),
    };
    let name = name.trim();
    // Attributes stand behind a space, and in angle brackets only.
    let end = name.find(char::is_whitespace).filter(|_| !closing && open == "<").unwrap_or(name.len());
    let name = name[..end].to_ascii_lowercase();
    let known = if open == "[" { name == "think" } else { THOUGHTS.contains(&name.as_str()) };
    known.then_some((open.len() + inner.len() + close.len(), if closing { Tag::Close } else { Tag::Open }))
}

/// The mark that a text begins with, and its length.
pub(super) fn mark(text: &str) -> Option<(usize, Mark)> {
    let plain = [
        ("[/INST]", Mark::Begin),
        ("[INST]", Mark::Begin),
        ("<<SYS>>", Mark::Begin),
        ("<</SYS>>", Mark::Begin),
        ("<start_of_turn>", Mark::Begin),
        ("<bos>", Mark::Begin),
        ("<end_of_turn>", Mark::End),
        ("<eos>", Mark::End),
        ("<pad>", Mark::End),
        ("<s>", Mark::Strike),
        ("</s>", Mark::StrikeEnd),
    ];
    if let Some((word, mark)) = plain.into_iter().find(|(word, _)| text.starts_with(word)) {
        return Some((word.len(), mark));
    }
    if let Some(name) = between(text, "<｜", "｜>") {
        let is_end = name.to_lowercase().contains("end");
        return Some((name.len() + 2 * "<｜".len(), if is_end { Mark::End } else { Mark::Begin }));
    }
    let name = between(text, "<|", "|>")?;
    let mark = match name.to_ascii_lowercase().as_str() {
        "channel" => Mark::Channel,
        "message" => Mark::Message,
        "im_end" | "endoftext" | "end_of_text" | "eot_id" | "eom_id" | "eot" | "end" | "return" | "call"
        | "end_of_turn" | "end_of_turn_token" | "eos" | "eos_token" | "endofprompt" | "pad" | "im_sep"
        | "observation" => Mark::End,
        "im_start"
        | "start"
        | "start_header_id"
        | "end_header_id"
        | "begin_of_text"
        | "startoftext"
        | "assistant"
        | "user"
        | "system"
        | "bos"
        | "start_of_turn_token"
        | "chatbot_token"
        | "start_of_role"
        | "end_of_role" => Mark::Begin,
        _ => return None,
    };
    Some((name.len() + 4, mark))
}

/// What stands between the two at the beginning of a text, on one line and not for long.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(open)?;
    let inner = &rest[..rest[..rest.floor_char_boundary(LONGEST)].find(close)?];
    (!inner.is_empty() && !inner.contains(['<', '\n'])).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_known_in_every_spelling_and_nothing_else_is_one() {
        for open in [
            "<think>",
            "<THINK>",
            "< think >",
            "<think effort=\"high\">",
            "<thinking>",
            "[THINK]",
            "◁think▷",
            "<|begin_of_thought|>",
            "&lt;think&gt;",
            "<seed:think>",
            "<|START_THINKING|>",
        ] {
            assert_eq!(tag(open), Some((open.len(), Tag::Open)), "{open}");
        }
        for close in [
            "</think>",
            "</ think >",
            "< /think>",
            "</Thinking>",
            "[/THINK]",
            "◁/think▷",
            "<|end_of_thought|>",
            "&lt;/think&gt;",
        ] {
            assert_eq!(tag(close), Some((close.len(), Tag::Close)), "{close}");
        }
        for none in [
            "<thinker>",
            "<b>",
            "<think",
            "<think\n>",
            "[thinking]",
            "think>",
            "<|think|>",
            "<>",
            "<a think>",
            "x<think>",
        ] {
            assert_eq!(tag(none), None, "{none}");
        }
    }

    #[test]
    fn marks_of_templates_are_known() {
        for (text, expected) in [
            ("<|im_end|>", Mark::End),
            ("<|endoftext|>", Mark::End),
            ("<｜end▁of▁sentence｜>", Mark::End),
            ("<|im_start|>", Mark::Begin),
            ("<｜Assistant｜>", Mark::Begin),
            ("[/INST]", Mark::Begin),
            ("<end_of_turn>", Mark::End),
            ("<|channel|>", Mark::Channel),
            ("</s>", Mark::StrikeEnd),
        ] {
            assert_eq!(mark(text), Some((text.len(), expected)), "{text}");
        }
        for none in ["<|x|>", "[INSTALL]", "<sup>", "<||>", "<p>"] {
            assert_eq!(mark(none), None, "{none}");
        }
    }
}
