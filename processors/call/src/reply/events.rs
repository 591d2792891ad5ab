//! Server-sent events, as the HTML standard has them, and leniently: with or without a space behind `data:`, an empty line
//! between events or none, and a bare JSON object on a line of its own, which is how some servers tell that they broke.

use std::mem::take;

use super::json;
use super::scan::Scan;

/// Longest line and longest event, in bytes.
const LONGEST: usize = 1 << 20;
/// How often the data of one event is looked at for being whole already. An event of many lines is not read again for each of
/// them.
const LOOKS: u8 = 8;

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Its data, without blanks around it.
    pub(super) data: String,
    /// Its name is `error`.
    pub(super) is_error: bool,
}

/// Reads events from bytes that may be split anywhere.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The line that is not whole yet.
    line: Vec<u8>,
    /// The last line ended with a carriage return, whose line feed may follow.
    after_return: bool,
    data: String,
    is_error: bool,
    /// What the event was called when its data began.
    began_as_error: bool,
    looks: u8,
    /// A line or an event was too long; the rest of the stream is not read.
    pub(super) overflowed: bool,
}

impl Events {
    /// Reads the next bytes.
    pub(super) fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<Event>) {
        while let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, behind) = (&bytes[..at], &bytes[at + 1..]);
            let returns = bytes[at] == b'\r';
            let closes_return = take(&mut self.after_return) && !returns && at == 0;
            if !closes_return {
                self.line.extend_from_slice(line);
                let line = take(&mut self.line);
                self.read(&String::from_utf8_lossy(&line), out);
                self.after_return = returns;
            }
            bytes = behind;
        }
        if !bytes.is_empty() {
            self.after_return = false;
            self.line.extend_from_slice(bytes);
        }
        self.overflowed |= self.line.len() > LONGEST;
    }

    /// There are no more bytes. A last event without its empty line counts.
    pub(super) fn end(&mut self, out: &mut Vec<Event>) {
        let line = take(&mut self.line);
        self.read(&String::from_utf8_lossy(&line), out);
        self.close(self.is_error, out);
    }

    fn read(&mut self, line: &str, out: &mut Vec<Event>) {
        let content = line.trim_start();
        if line.is_empty() {
            self.close(self.is_error, out);
            self.is_error = false;
        } else if let Some(piece) = content.strip_prefix("data:") {
            self.add(piece, out);
        } else if let Some(name) = content.strip_prefix("event:") {
            self.is_error = name.trim() == "error";
        } else if content.starts_with('{') && self.data.is_empty() && json::value(content).is_some() {
            out.push(Event { data: content.trim_end().to_owned(), is_error: false });
        }
    }

    fn add(&mut self, piece: &str, out: &mut Vec<Event>) {
        let begins = piece.trim_start().starts_with('{') || piece.trim() == "[DONE]";
        if begins && !self.data.is_empty() && self.looks < LOOKS {
            self.looks += 1;
            if Scan::is_whole(self.data.trim()) {
                self.close(self.began_as_error, out);
            }
        }
        if self.data.is_empty() {
            self.began_as_error = self.is_error;
        }
        self.data.push_str(piece);
        self.data.push('\n');
        self.overflowed |= self.data.len() > LONGEST;
        if piece.trim() == "[DONE]" {
            self.close(self.is_error, out);
        }
    }

    fn close(&mut self, is_error: bool, out: &mut Vec<Event>) {
        let data = take(&mut self.data);
        self.looks = 0;
        if !data.trim().is_empty() {
            out.push(Event { data: data.trim().to_owned(), is_error });
        }
    }
}
