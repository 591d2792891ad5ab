//! A stream step by step, without sockets and clocks.

use super::completion::{Completion, Finish};
use super::dialect::{Dialect, Piece};
use super::framing::{StreamFrame, writes};
use super::pace::{Break, Pace};
use super::refusal::{Refusal, Trouble};
use super::tokens::Usage;
use bytes::Bytes;
use std::time::Duration;

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Wait(Duration),
    /// Frames, as the writes that carry them.
    Write(Vec<Bytes>),
    /// Nothing, for ever.
    Stall,
    /// The connection breaks.
    Fail,
    /// The stream is over in good order.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    First,
    Opening,
    Pause,
    Pieces,
    Closing,
    Over,
}

/// A stream on its way.
pub(crate) struct Performance {
    dialect: &'static dyn Dialect,
    completion: Completion,
    pace: Pace,
    place: Place,
    /// Bytes of the thought, then of the text, that were sent.
    thought_at: usize,
    text_at: usize,
    chunks: u32,
    is_broken: bool,
}

impl Performance {
    pub(crate) fn new(dialect: &'static dyn Dialect, completion: Completion, pace: Pace) -> Self {
        let place = Place::First;
        Self { dialect, completion, pace, place, thought_at: 0, text_at: 0, chunks: 0, is_broken: false }
    }

    /// Whether its break is a reset of the connection.
    pub(crate) fn resets(&self) -> bool {
        matches!(self.pace.breaks, Some((_, Break::Reset)))
    }

    /// Chunks sent so far.
    pub(crate) fn chunks(&self) -> u32 {
        self.chunks
    }

    /// What is spent so far.
    pub(crate) fn usage(&self) -> Usage {
        if self.place == Place::Over { self.completion.usage } else { self.spent() }
    }

    /// The next step.
    pub(crate) fn step(&mut self) -> Step {
        loop {
            if let Some(step) = self.break_now() {
                return step;
            }
            match self.place {
                Place::First => {
                    self.place = Place::Opening;
                    if !self.pace.first.is_zero() {
                        return Step::Wait(self.pace.first);
                    }
                }
                Place::Opening => {
                    self.place = Place::Pieces;
                    let frames = self.dialect.opening(&self.completion);
                    let mark = if self.pace.style.mark { "\u{feff}" } else { "" };
                    let text = format!("{mark}{}", self.written(&frames));
                    if !text.is_empty() {
                        return Step::Write(writes(text, self.pace.style));
                    }
                }
                Place::Pause => {
                    self.place = Place::Pieces;
                    if !self.pace.every.is_zero() {
                        return Step::Wait(self.pace.every);
                    }
                }
                Place::Pieces => match self.piece() {
                    Some(frames) if frames.is_empty() => {}
                    Some(frames) => return Step::Write(frames),
                    None => self.place = Place::Closing,
                },
                Place::Closing => {
                    let frames = self.closing();
                    self.place = Place::Over;
                    if !frames.is_empty() {
                        return Step::Write(writes(self.written(&frames), self.pace.style));
                    }
                }
                Place::Over => return Step::End,
            }
        }
    }

    fn break_now(&mut self) -> Option<Step> {
        let (after, what) = self.pace.breaks.as_ref().filter(|_| !self.is_broken)?;
        let reached = self.chunks >= *after && (self.place == Place::Pieces || self.place == Place::Closing);
        // A break before every chunk comes before the opening too: all that was sent are the headers.
        if !(reached || (*after == 0 && self.place == Place::Opening)) {
            return None;
        }
        match what.clone() {
            Break::Stall => Some(Step::Stall),
            Break::Cut | Break::Reset => Some(Step::Fail),
            Break::Garbage => {
                self.is_broken = true;
                let garbage = StreamFrame::data("{\"choices\":[{\"delta\":{\"cont");
                Some(Step::Write(writes(self.written(&[garbage]), self.pace.style)))
            }
            Break::Error(code) => {
                self.is_broken = true;
                self.pace.breaks = None;
                let refusal = match code.and_then(|code| Refusal::coded(self.dialect.rows(), &code)) {
                    Some(refusal) => refusal,
                    None => self.dialect.refuse(Trouble::Overloaded),
                };
                let frame = self.error(refusal);
                let text = self.written(&[frame]);
                self.place = Place::Over;
                self.completion.usage = self.spent();
                Some(Step::Write(writes(text, self.pace.style)))
            }
        }
    }

    fn spent(&self) -> Usage {
        let Completion { thought, text, usage, .. } = &self.completion;
        let (thought, text) = (thought.get(..self.thought_at), text.get(..self.text_at));
        usage.with_output(thought.unwrap_or_default(), text.unwrap_or_default())
    }

    fn error(&self, mut refusal: Refusal) -> StreamFrame {
        refusal.form = self.completion.form;
        self.dialect.error_frame(&refusal, self.completion.number)
    }

    /// The writes of the next piece; nothing if all were sent.
    fn piece(&mut self) -> Option<Vec<Bytes>> {
        let is_thought = self.thought_at < self.completion.thought.len();
        let (whole, at) = if is_thought {
            (&self.completion.thought, self.thought_at)
        } else {
            (&self.completion.text, self.text_at)
        };
        let rest = whole.get(at..).filter(|rest| !rest.is_empty())?;
        let length = rest.char_indices().nth(self.pace.chunk_chars).map_or(rest.len(), |(length, _)| length);
        let end = at + length;
        if is_thought {
            self.thought_at = end
        } else {
            self.text_at = end
        }
        let whole = if is_thought { &self.completion.thought } else { &self.completion.text };
        let piece = Piece {
            text: whole.get(at..end).unwrap_or_default(),
            so_far: whole.get(..end).unwrap_or_default(),
            is_thought,
            is_last: self.text_at >= self.completion.text.len()
                && self.thought_at >= self.completion.thought.len(),
            number: self.chunks,
            usage: self.spent(),
            usage_place: self.pace.usage,
        };
        let frames = if is_thought && !self.dialect.shows_thoughts() {
            Vec::new()
        } else {
            self.dialect.piece(&self.completion, piece)
        };
        let mut text = self.written(&frames);
        if self.pace.pings > 0 && self.chunks.is_multiple_of(self.pace.pings) {
            let comment = self.dialect.framing().comment(self.pace.style).unwrap_or_default();
            text.insert_str(0, &comment);
        }
        self.chunks += 1;
        self.place = Place::Pause;
        Some(if text.is_empty() { Vec::new() } else { writes(text, self.pace.style) })
    }

    fn closing(&self) -> Vec<StreamFrame> {
        if self.completion.finish == Finish::Filtered && self.dialect.words(Trouble::AnswerBlocked) {
            return vec![self.error(self.dialect.refuse(Trouble::AnswerBlocked))];
        }
        let usage = if self.completion.tells_usage { self.pace.usage } else { Default::default() };
        let mut frames = self.dialect.closing(&self.completion, usage);
        match self.dialect.terminator() {
            Some(terminator) if self.pace.ends => frames.push(terminator),
            None if !self.pace.ends => drop(frames.pop()),
            Some(_) | None => {}
        }
        frames
    }

    fn written(&self, frames: &[StreamFrame]) -> String {
        let framing = self.dialect.framing();
        frames.iter().map(|frame| framing.write(frame, self.pace.style)).collect()
    }
}
