//! Takes the model's reasoning and the marks of its chat template out of a text, so that neither a person nor the history
//! gets them.
//!
//! Reasoning (a thought) is taken out where it is the model's own:
//! 1. a text that begins with an opening tag is thought up to the closing tag, or to its end if there is none;
//! 2. a closing tag without an opening one before it ends a thought that began with the text;
//! 3. further on, a thought stands on lines of its own: its opening tag begins a line, its closing tag ends one;
//! 4. Harmony's channels: what is in `final` is said, the others are thoughts.
//!
//! Marks of templates go from both ends, and what stands behind the mark of a turn's end with them.
//!
//! Everything else stays: tags in code and in the middle of a sentence are what somebody asked about. An answer that names a
//! lone closing tag outside of code loses what stands before it. The second rule accepts that, since leaking a thought is
//! worse.

use std::borrow::Cow;
use std::ops::Range;

use safety::is_blank;

use super::code::Code;
use super::marks::{self, Mark, Tag};

/// Most pieces that are taken out of one text.
const ROUNDS: usize = 100;

const WRAPPERS: [(&str, &str); 3] = [
    ("<answer>", "</answer>"),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
];

/// A rule: what it leaves of a text, `None` when it does not apply.
type Left<'a> = Option<Cow<'a, str>>;

/// The answer without reasoning and without marks of templates.
pub(super) fn answer(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '[', '◁', '&']) && !text.starts_with("analysis") {
        return Cow::Borrowed(text);
    }
    let mut answer = Cow::Borrowed(text);
    // What a rule uncovers may begin with a thought again; each round takes something away.
    for _ in 0..ROUNDS {
        let rules = [
            channels,
            leading_marks,
            leading_thought,
            folded_thought,
            before_lone_closing,
            inner_thoughts,
            behind_turn,
            wrapped,
        ];
        let Some(shorter) = rules.iter().find_map(|rule| rule(&answer)) else { break };
        answer = Cow::Owned(shorter.trim().to_owned());
    }
    answer
}

fn tags(text: &str) -> impl Iterator<Item = (Range<usize>, Tag)> + '_ {
    let places = text.char_indices().filter(|(_, c)| matches!(c, '<' | '[' | '◁' | '&'));
    places.filter_map(|(at, _)| marks::tag(&text[at..]).map(|(length, tag)| (at..at + length, tag)))
}

fn marks(text: &str) -> impl Iterator<Item = (Range<usize>, Mark)> + '_ {
    let places = text.char_indices().filter(|(_, c)| matches!(c, '<' | '['));
    places.filter_map(|(at, _)| marks::mark(&text[at..]).map(|(length, mark)| (at..at + length, mark)))
}

/// Where the visible text begins.
fn begin(text: &str) -> usize {
    text.char_indices().find(|(_, c)| !is_blank(c.encode_utf8(&mut [0; 4]))).map_or(text.len(), |(at, _)| at)
}

/// Rule 1.
fn leading_thought(text: &str) -> Left<'_> {
    let from = begin(text);
    let (opening, _) = tags(text).next().filter(|(at, tag)| at.start == from && *tag == Tag::Open)?;
    let closing = tags(text).find(|(at, tag)| at.start >= opening.end && *tag == Tag::Close);
    Some(closing.map_or("", |(at, _)| &text[at.end..]).into())
}

/// Rule 2. Another one may follow in what is left.
fn before_lone_closing(text: &str) -> Left<'_> {
    let code = Code::of(text);
    let first = tags(text).find(|(at, _)| !code.has(at.start));
    first.filter(|(_, tag)| *tag == Tag::Close).map(|(at, _)| text[at.end..].into())
}

/// Rule 3.
fn inner_thoughts(text: &str) -> Left<'_> {
    let code = Code::of(text);
    let begins_line = |at: usize| is_blank(text[..at].rsplit('\n').next().unwrap_or_default());
    let ends_line = |at: usize| is_blank(text[at..].split('\n').next().unwrap_or_default());
    let mut outside = tags(text).filter(|(at, _)| !code.may_have(at.start));
    let (opening, _) = outside.find(|(at, tag)| *tag == Tag::Open && begins_line(at.start))?;
    let behind = match outside.find(|(_, tag)| *tag == Tag::Close) {
        Some((at, _)) if ends_line(at.end) => &text[at.end..],
        None if ends_line(opening.end) => "",
        // They stand in sentences.
        Some(_) | None => return None,
    };
    Some(format!("{}{behind}", &text[..opening.start]).into())
}

/// Rule 4, and the same after a server has dropped the marks.
fn channels(text: &str) -> Left<'_> {
    if text.starts_with("analysis") {
        return text.rsplit_once("assistantfinal").map(|(_, said)| said.into());
    }
    let code = Code::of(text);
    let mut marks = marks(text).filter(|(at, _)| !code.has(at.start)).peekable();
    let (mut said, mut channels) = (String::new(), 0);
    while let Some((at, mark)) = marks.next() {
        if mark != Mark::Channel {
            continue;
        }
        let Some((begin, _)) = marks.next_if(|(_, next)| *next == Mark::Message) else { continue };
        channels += 1;
        let end = marks.peek().map_or(text.len(), |(next, _)| next.start);
        if text[at.end..begin.start].trim().starts_with("final") {
            said.push_str(&text[begin.end..end]);
        }
    }
    (channels > 0).then(|| said.into())
}

/// A thought that a gateway has folded away: `<details>` whose summary speaks of thinking.
fn folded_thought(text: &str) -> Left<'_> {
    let body = text[begin(text)..].strip_prefix("<details")?;
    let summary = body.split_once("</summary>")?.0.to_lowercase();
    let of_thoughts =
        ["think", "thought", "reason", "思考", "推理"].iter().any(|word| summary.contains(word));
    of_thoughts.then(|| body.split_once("</details>").map_or("", |(_, rest)| rest).into())
}

/// Marks that a text begins with, and the name of the role behind one.
fn leading_marks(text: &str) -> Left<'_> {
    let from = begin(text);
    let (at, mark) = marks(text).next().filter(|(at, _)| at.start == from)?;
    let behind = &text[at.end..];
    if mark == Mark::Strike {
        // `<s>` begins a text of a model, or strikes words out.
        let whole = behind.trim_end();
        let inner = whole.strip_suffix("</s>").unwrap_or(whole);
        return (!inner.contains("</s>")).then(|| inner.into());
    }
    let role = ["assistant", "model"].iter().find_map(|role| behind.strip_prefix(role));
    Some(role.filter(|rest| rest.starts_with(['\n', '\r', '<'])).unwrap_or(behind).into())
}

/// What stands behind the mark of a turn's end or of the next turn's begin, if it stands at the end of a line or before
/// another mark or role: in the middle of a sentence it is spoken about.
fn behind_turn(text: &str) -> Left<'_> {
    let code = Code::of(text);
    let ends = |at: &Range<usize>, mark: Mark| {
        let behind = text[at.end..].trim_start_matches([' ', '\t']);
        let role =
            ["user", "assistant", "system", "model", "tool"].iter().any(|role| behind.starts_with(role));
        behind.is_empty()
            || behind.starts_with(['\n', '\r'])
            || marks::mark(behind).is_some()
            || (mark == Mark::Begin && role)
    };
    let strikes = text.contains("<s>");
    let of_turn =
        |mark: Mark| matches!(mark, Mark::End | Mark::Begin) || (mark == Mark::StrikeEnd && !strikes);
    let found = marks(text).find(|(at, mark)| of_turn(*mark) && !code.may_have(at.start) && ends(at, *mark));
    found.map(|(at, _)| text[..at.start].into())
}

/// A wrapper around the whole answer.
fn wrapped(text: &str) -> Left<'_> {
    let whole = text.trim();
    WRAPPERS.iter().find_map(|(open, close)| {
        let inner = whole.strip_prefix(open)?;
        Some(inner.strip_suffix(close).unwrap_or(inner).into())
    })
}

#[cfg(test)]
mod tests;
