//! What a model says to a request, before its wire words it.

use super::answer::answer;
use super::config::{Answer, CodeForm};
use super::dialect::Dialect;
use super::faults::Fault;
use super::request::ChatRequest;
use super::rules::Rules;
use super::tokens::{self, Usage};
use crate::time::now_ms;
use serde_json::{Value, json};

/// Why an answer ends where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Stop,
    /// At the limit of tokens.
    Length,
    /// The provider's filter cut it.
    Filtered,
    /// The model refused.
    Refused,
}

/// An answer ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Completion {
    /// Number of the call in the ledger.
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) model: String,
    /// Seconds since the epoch.
    pub(crate) created: u64,
    /// What the model thought, empty if it did not.
    pub(crate) thought: String,
    pub(crate) text: String,
    pub(crate) finish: Finish,
    pub(crate) usage: Usage,
    /// Whether it is wanted as bare text.
    pub(crate) is_bare: bool,
    /// Whether frames repeat the text so far.
    pub(crate) is_cumulative: bool,
    /// Whether the content is `null` and not merely empty.
    pub(crate) is_null: bool,
    /// The question that the provider marks as one that must not stay in the history: its number from 1, or -1 for the current one.
    pub(crate) flagged: Option<i64>,
    /// Whether the reply tells what was spent.
    pub(crate) tells_usage: bool,
    /// Of the code in an error that comes in the middle of a stream.
    pub(crate) form: CodeForm,
}

impl Completion {
    /// The answer to a request by the rules of its model.
    pub(crate) fn new(
        dialect: &dyn Dialect,
        (request, rules): (&ChatRequest, &Rules),
        answers: &[Answer],
        number: u64,
    ) -> Self {
        let whole = answer(request, answers);
        let most = request.cap.unwrap_or(u64::MAX);
        let thought = if rules.thinks(request.thinking) {
            let half = tokens::clip(&whole, tokens::of_text(&whole) / 2);
            if dialect.caps_thoughts() { tokens::clip(half, most) } else { half }
        } else {
            ""
        };
        let reasoning_tokens = tokens::of_text(thought);
        let left = if dialect.caps_thoughts() { most.saturating_sub(reasoning_tokens) } else { most };
        let text = tokens::clip(&whole, left);
        let usage = Usage {
            prompt_tokens: tokens::of_prompt(&request.turns),
            completion_tokens: reasoning_tokens + tokens::of_text(text),
            reasoning_tokens,
            ..Usage::default()
        };
        Self {
            number,
            id: dialect.id(number),
            model: request.model.clone(),
            created: now_ms() / 1_000,
            thought: thought.to_owned(),
            finish: if text.len() < whole.len() { Finish::Length } else { Finish::Stop },
            text: text.to_owned(),
            usage,
            is_bare: request.is_bare,
            is_cumulative: request.is_cumulative,
            is_null: false,
            flagged: None,
            tells_usage: true,
            form: rules.error_code,
        }
    }

    /// Changes the answer as a fault asks; what is billed changes with it.
    pub(crate) fn spoil(&mut self, fault: &Fault, chunk_chars: usize) {
        match fault {
            Fault::ContentFilter => self.cut(Finish::Filtered),
            Fault::Refusal => self.cut(Finish::Refused),
            Fault::InvalidPrompt => {
                self.set(String::new(), String::new());
                self.finish = Finish::Refused;
            }
            Fault::Length => self.cut(Finish::Length),
            Fault::EmptyContent => self.set(self.thought.clone(), String::new()),
            Fault::Flagged { contains: None } => self.flagged = Some(-1),
            Fault::ReasoningOnly => {
                self.set(self.text.clone(), String::new());
                self.is_null = true;
            }
            Fault::MissingUsage => self.tells_usage = false,
            Fault::Paced { chunks, .. } => {
                let wanted = chunk_chars.saturating_mul(usize::try_from(*chunks).unwrap_or_default());
                let text = self.text.chars().cycle().take(wanted).collect();
                self.set(String::new(), text);
            }
            _ => {}
        }
    }

    /// Goes on until the cap is used up, which is all that tells of it where a reply does not say why it ends.
    pub(crate) fn fill(&mut self, cap: u64) {
        const SMALL: &str = "a";
        let most = cap.saturating_sub(tokens::of_text(&self.thought));
        let enough = usize::try_from(most).unwrap_or_default().saturating_mul(4);
        let source = if self.text.is_empty() { SMALL } else { &self.text };
        let long: String = source.chars().cycle().take(enough).collect();
        let mut text = tokens::clip(&long, most).to_owned();
        while tokens::tenths_of(&text) + tokens::tenths_of(SMALL) <= most.saturating_mul(10) {
            text.push_str(SMALL);
        }
        self.set(self.thought.clone(), text);
    }

    fn cut(&mut self, finish: Finish) {
        let half = tokens::clip(&self.text, tokens::of_text(&self.text) / 2).to_owned();
        self.set(self.thought.clone(), half);
        self.finish = finish;
    }

    fn set(&mut self, thought: String, text: String) {
        self.usage = self.usage.with_output(&thought, &text);
        (self.thought, self.text) = (thought, text);
    }

    /// The content, `null` where there is none at all.
    pub(crate) fn content(&self) -> Value {
        if self.is_null { Value::Null } else { json!(self.text) }
    }
}
