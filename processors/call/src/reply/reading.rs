//! Reads one reply, piece by piece as it comes or in one piece, and says in the end what it was.

use std::mem::take;
use std::time::Duration;

use bytes::Bytes;
use outbound::{Failure, Reply};
use schemas::answered::{Flagged, Usage};
use schemas::request::Role;
use serde_json::Value;

use super::documents::Documents;
use super::finish::Finish;
use super::growth::Growth;
use super::parsed::ParsedReply;
use super::provider_error::ProviderError;
use super::usage::{self, Work};
use super::{Notes, Objection, Oddity, ReadReply, failure, reasoning, word};
use crate::families::{Family, Line};
use crate::invoke::Completion;

/// How much of a success is kept to describe it. A refusal is kept whole, as it may be in plain words.
const BEGIN: usize = 512;

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The output cap.
    pub(crate) most_tokens: u32,
    /// The cap that the call had, where the reply has no word for an answer that was cut at it.
    pub(crate) silent_cap: Option<u32>,
    /// The reply should come as a stream.
    pub(crate) stream: bool,
    /// The prompt, whose tokens are estimated when nobody tells them.
    pub(crate) prompt: &'a [Line<'a>],
}

/// How far a reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Progress {
    /// Nothing was generated yet.
    Waiting,
    /// A text or a thought has come.
    Begun,
    /// The reason of the end or an error has come. What may follow is a count of tokens and the mark of the end.
    Tail,
    /// What may follow does not matter.
    Over,
}

/// A reply that is being read.
pub(crate) struct Reading<'a> {
    family: &'a dyn Family,
    asked: Asked<'a>,
    /// With the beginning of the body.
    reply: Reply,
    /// Bytes of the body so far.
    length: usize,
    documents: Documents,
    parsed: ParsedReply,
    /// The error that the first document of a refusal is.
    refusal: Option<ProviderError>,
    first_token: Option<Duration>,
    /// How many documents brought a text or a thought.
    pieces: usize,
}

impl<'a> Reading<'a> {
    /// Begins with the head of a reply; what its body holds so far is ignored.
    pub(crate) fn new(
        family: &'a dyn Family,
        asked: Asked<'a>,
        head: &Reply,
        growth: Box<dyn Growth>,
    ) -> Self {
        Self {
            family,
            asked,
            reply: Reply { body: Bytes::new(), ..head.clone() },
            length: 0,
            documents: Documents::default(),
            parsed: ParsedReply::growing(growth),
            refusal: None,
            first_token: None,
            pieces: 0,
        }
    }

    /// Reads the next bytes, which came this long after the start of the attempt.
    pub(crate) fn feed(&mut self, bytes: &[u8], after: Duration) -> Progress {
        self.length += bytes.len();
        if !self.reply.status.is_success() {
            self.reply.body = [&self.reply.body, bytes].concat().into();
        } else if self.reply.body.len() < BEGIN {
            self.reply.body = [&self.reply.body, &bytes[..bytes.len().min(BEGIN)]].concat().into();
        }
        let mut documents = take(&mut self.documents);
        documents.feed(bytes, &mut |document| self.document(&document));
        self.documents = documents;
        let progress = self.progress();
        if self.first_token.is_none() && self.parsed.has_token() {
            self.first_token = Some(after);
        }
        progress
    }

    fn document(&mut self, document: &Value) {
        let Some(fields) = document.as_object().filter(|_| !self.parsed.ended) else { return };
        let before = self.parsed.generated();
        self.family.read(fields, &mut self.parsed);
        self.parsed.settle();
        self.pieces += usize::from(self.parsed.generated() != before);
        if !self.reply.status.is_success() {
            self.refusal = self.refusal.take().or_else(|| ProviderError::of_refusal(fields));
        }
    }

    /// How many pieces of text or thought have come.
    pub(crate) fn pieces(&self) -> usize {
        self.pieces
    }

    fn progress(&self) -> Progress {
        let parsed = &self.parsed;
        if self.documents.is_over() || parsed.ended {
            Progress::Over
        } else if parsed.finish.is_some() || parsed.error.is_some() || parsed.blocked.is_some() {
            Progress::Tail
        } else if parsed.has_token() {
            Progress::Begun
        } else {
            Progress::Waiting
        }
    }

    /// The reply has come to its end, or its transfer has failed.
    pub(crate) fn end(mut self, transfer: Result<(), Failure>) -> ReadReply {
        let mut documents = take(&mut self.documents);
        // What stands behind the end is left, whole or not.
        let (is_over, was_damaged) = (self.parsed.ended, documents.damaged);
        documents.end(&mut |document| self.document(&document));
        self.parsed.streamed |= documents.streamed;
        self.parsed.ended |= documents.ended;
        // A stream that says it is over said something, if only nothing.
        self.parsed.is_completion |= documents.ended;
        self.parsed.is_damaged = if is_over { was_damaged } else { documents.damaged };
        self.parsed.is_capped = self.is_capped();
        if !self.reply.status.is_success() {
            let error = self.parsed.error.take().or_else(|| self.refusal.take());
            self.parsed.error = error.or_else(|| ProviderError::of_words(&self.reply.body));
        }
        self.judged(transfer)
    }

    /// The provider counts as many tokens as the answer may have.
    fn is_capped(&self) -> bool {
        let (Some(cap), Some(counts)) = (self.asked.silent_cap, &self.parsed.usage) else { return false };
        let (usage, contradicts) = usage::count(counts, Work::Silent).parts();
        !contradicts && !self.parsed.is_cut() && usage.is_some_and(|usage| usage.output >= u64::from(cap))
    }

    fn judged(self, transfer: Result<(), Failure>) -> ReadReply {
        let parsed = &self.parsed;
        let mut notes = self.notes();
        let answer = reasoning::answer(parsed.text());
        if answer.len() != parsed.text().len() {
            notes.oddities.push(Oddity::InnerVoice);
        }
        let told = parsed.finish.is_some() || parsed.error.is_some() || parsed.blocked.is_some();
        let result = match transfer {
            // Whatever the transfer lost, it was not the end of the answer.
            Err(failure) if !told => Err(failure),
            // What looked like an error was none.
            Err(failure) if parsed.finish.is_none() => {
                self.result(&answer, &mut notes.oddities).and(Err(failure))
            }
            _ => self.result(&answer, &mut notes.oddities),
        };
        (notes.usage, notes.usage_contradicts) = self.usage(&result, &answer);
        if notes.usage.as_ref().is_some_and(|usage| usage::is_cut(usage, self.asked.prompt)) {
            notes.oddities.push(Oddity::PromptCut);
        }
        ReadReply { result, notes }
    }

    fn notes(&self) -> Notes {
        let (parsed, reply) = (&self.parsed, &self.reply);
        let mut oddities = Vec::new();
        match (self.asked.stream, parsed.streamed) {
            (false, true) => oddities.push(Oddity::UnaskedStream),
            (true, false) if reply.status.is_success() && parsed.error.is_none() => {
                oddities.push(Oddity::UnaskedWhole)
            }
            _ => {}
        }
        if parsed.finish.as_deref().is_some_and(|finish| Finish::of(finish) == Finish::Unknown) {
            oddities.push(Oddity::UnknownFinish);
        }
        Notes {
            status: Some(reply.status.as_u16()),
            model: parsed.model.as_deref().map(word),
            provider_request: support_id(reply).or(parsed.id.as_deref()).map(word),
            finish: parsed.finish.as_deref().map(word),
            flagged: parsed.flagged.map(|what| flagged(what, self.asked.prompt)),
            raw_usage: parsed.usage.as_ref().and_then(usage::raw),
            time_to_first_token: self.first_token.filter(|_| parsed.streamed),
            oddities,
            ..Notes::default()
        }
    }

    fn result(&self, answer: &str, oddities: &mut Vec<Oddity>) -> Result<Completion, Failure> {
        let is_blank = safety::is_blank(answer);
        if let Some(failure) = failure(self.family, &self.reply, self.length, &self.parsed, is_blank) {
            return Err(failure);
        }
        let truncated = self.parsed.ending() == Finish::Length;
        let said = Completion { text: answer.to_owned(), truncated }.within(self.asked.most_tokens);
        if said.truncated && !truncated {
            oddities.push(Oddity::Overlong);
        }
        Ok(said)
    }

    /// The tokens of the attempt, and whether their counts contradict each other. What an answer does not tell is estimated from
    /// what was read. So is what a stream does not tell once it has begun, even if no token came: the provider has read the prompt
    /// and counts it. A stream that consists of an error and its end has refused the prompt.
    fn usage(&self, result: &Result<Completion, Failure>, answer: &str) -> (Option<Usage>, bool) {
        let parsed = &self.parsed;
        let work = match result {
            Ok(_) => Work::Text,
            Err(_) if self.reply.status.is_success() && parsed.error.is_none() => Work::Silent,
            Err(_) => Work::Refused,
        };
        let counted =
            |work| parsed.usage.as_ref().map_or((None, false), |counts| usage::count(counts, work).parts());
        // Counts that came before the text are those of the prompt.
        let (of_prompt, _) = counted(Work::Silent);
        let only_prompt =
            of_prompt.is_some_and(|usage| usage.output <= 1) && parsed.generated_since_count() > 1;
        let (told, contradicts) = counted(if only_prompt { Work::Silent } else { work });
        let refused = parsed.error.is_some() && parsed.ended && !parsed.has_token();
        let begun = result.is_ok() || (parsed.streamed && self.reply.status.is_success());
        let worked = begun && parsed.is_completion && !refused;
        if !worked || contradicts || (told.is_some() && !parsed.went_on() && !only_prompt) {
            return (told, contradicts);
        }
        let in_text = usage::estimated([parsed.text()]).saturating_sub(usage::estimated([answer]));
        let hidden = parsed.thoughts() + in_text;
        (Some(usage::estimate(told, self.asked.prompt, parsed.generated_since_count(), hidden)), false)
    }
}

/// What a filter objects to, counted back from the question: what stood before it may be gone when that is heard.
fn flagged(what: Objection, prompt: &[Line<'_>]) -> Flagged {
    let said = prompt.iter().filter(|line| line.role != Role::System && !safety::is_blank(line.text));
    let roles: Vec<Role> = said.map(|line| line.role).collect();
    // A prompt that begins with the model is sent with a word of the person's before it.
    let begins = usize::from(!roles.is_empty());
    let rounds = begins + roles.windows(2).filter(|two| **two == [Role::Assistant, Role::User]).count();
    match what {
        Objection::Question => Flagged::Question,
        Objection::Conversation => Flagged::Conversation,
        Objection::Round(round) => match u32::try_from(rounds).unwrap_or(u32::MAX).checked_sub(round) {
            Some(0) => Flagged::Question,
            Some(before) => Flagged::Earlier(before),
            None => Flagged::Conversation,
        },
    }
}

/// The id under which the provider finds the call again, where it stands in a header.
fn support_id(reply: &Reply) -> Option<&str> {
    ["x-request-id", "request-id"].iter().find_map(|name| reply.header(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_with_a_text_or_a_thought_is_a_piece() {
        let head = Reply {
            status: outbound::StatusCode::OK,
            headers: Default::default(),
            body: Bytes::new(),
            received: std::time::SystemTime::UNIX_EPOCH,
        };
        let asked = Asked { most_tokens: 100, silent_cap: None, stream: true, prompt: &[] };
        let family = crate::families::of(catalogue::Provider::Openai, None);
        let mut reading = Reading::new(family, asked, &head, Box::new(super::super::Collected::default()));
        let event =
            |delta: &str| format!("data: {{\"choices\": [{{\"index\": 0, \"delta\": {delta}}}]}}\n\n");
        let (role, text) =
            (event(r#"{"role": "assistant", "content": ""}"#), event(r#"{"content": "你好"}"#));
        let thought = event(r#"{"reasoning_content": "let me think"}"#);
        let mut after = |bytes: &str| {
            reading.feed(bytes.as_bytes(), Duration::ZERO);
            reading.pieces()
        };
        assert_eq!(after(&role), 0);
        assert_eq!(after(&thought), 1);
        assert_eq!(after(&(text.clone() + &text)), 3);
        assert_eq!(after(": ping\n\n"), 3);
        let (begin, end) = text.split_at(20);
        assert_eq!((after(begin), after(end)), (3, 4));
    }

    #[test]
    fn a_round_is_counted_back_from_the_question() {
        let line = |role, text| Line { role, text };
        let (system, user, bot) = (Role::System, Role::User, Role::Assistant);
        let prompt = [
            line(system, "be kind"),
            line(bot, "welcome"),
            line(user, "1"),
            line(user, "2"),
            line(bot, " "),
            line(bot, "3"),
            line(user, "4"),
        ];
        // What is sent: …, welcome, 1 and 2, 3, 4.
        for (round, expected) in [
            (1, Flagged::Earlier(2)),
            (2, Flagged::Earlier(1)),
            (3, Flagged::Question),
            (4, Flagged::Conversation),
        ] {
            assert_eq!(flagged(Objection::Round(round), &prompt), expected, "{round}");
        }
        assert_eq!(flagged(Objection::Round(1), &[]), Flagged::Conversation);
        assert_eq!(flagged(Objection::Question, &prompt), Flagged::Question);
    }
}
