//! What the command prints: places and numbers; texts only where they are asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::Range;
use super::judge::{Speaker, Stopped};
use super::read::Scanned;
use crate::table;
use crate::timestamp::told;

/// Ids of one line for people.
const IDS: usize = 3;

/// What became of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ordered {
    /// Nobody asked for them to be taken back.
    NotAsked,
    /// They would be taken back.
    WouldBe,
    /// They are being taken back.
    Yes,
}

/// What was found.
pub(super) struct Report<'a> {
    pub(super) found: &'a Scanned,
    pub(super) range: Range,
    pub(super) ordered: Ordered,
}

impl Report<'_> {
    /// By speaker, conversation and rule.
    fn lines(&self) -> BTreeMap<(Speaker, String, &str), Vec<&Stopped>> {
        let mut lines: BTreeMap<_, Vec<&Stopped>> = BTreeMap::new();
        for stopped in &self.found.stopped {
            for rule in &stopped.rules {
                let line = (stopped.speaker, stopped.conversation.to_string(), rule.as_str());
                lines.entry(line).or_default().push(stopped);
            }
        }
        lines
    }

    fn count(&self, speaker: Speaker) -> usize {
        self.found.stopped.iter().filter(|stopped| stopped.speaker == speaker).count()
    }

    fn per_second(&self) -> f64 {
        let judged = (self.found.messages + self.found.answers) as f64;
        judged / self.found.took.as_secs_f64().max(0.001)
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let row = |((speaker, conversation, rule), of): (&(Speaker, String, &str), &Vec<&Stopped>)| {
            let mut ids: Vec<&str> = of.iter().take(IDS).map(|stopped| stopped.id.as_str()).collect();
            let more = format!("and {} more", of.len().saturating_sub(IDS));
            ids.extend((of.len() > IDS).then_some(more.as_str()));
            [
                speaker.label().to_owned(),
                conversation.clone(),
                (*rule).to_owned(),
                of.len().to_string(),
                ids.join(", "),
            ]
        };
        let lines = self.lines();
        let rows: Vec<_> = lines.iter().map(row).collect();
        let header = ["OF", "CONVERSATION", "RULE", "COUNT", "IDS"];
        let mut text = if rows.is_empty() { String::new() } else { table::aligned(header, &rows) };
        for stopped in &self.found.stopped {
            if let Some(said) = &stopped.text {
                text.push_str(&format!(
                    "{} {}: {}\n",
                    stopped.speaker.label(),
                    stopped.id,
                    said.escape_debug()
                ));
            }
        }
        let (messages, answers) = (self.count(Speaker::Person), self.count(Speaker::Bot));
        let conversations: BTreeSet<_> =
            self.found.stopped.iter().map(|stopped| stopped.conversation.to_string()).collect();
        text.push_str(&format!(
            "{messages} messages and {answers} answers of {} conversations would be stopped now and were not\n\
             {} messages and {} answers judged in {:.1} s: {:.0} per second\n",
            conversations.len(),
            self.found.messages,
            self.found.answers,
            self.found.took.as_secs_f64(),
            self.per_second(),
        ));
        text.push_str(match (self.ordered, answers) {
            (Ordered::NotAsked, _) => "",
            (_, 0) => "nothing to take back\n",
            (Ordered::WouldBe, _) => "nothing was ordered: --yes takes these answers back\n",
            (Ordered::Yes, _) => {
                "ordered: the results come into `deliveries`, and so into the table `replies`\n"
            }
        });
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        let line = |((speaker, conversation, rule), of): (&(Speaker, String, &str), &Vec<&Stopped>)| {
            let ids: Vec<&str> = of.iter().map(|stopped| stopped.id.as_str()).collect();
            let texts: Vec<&str> = of.iter().filter_map(|stopped| stopped.text.as_deref()).collect();
            let mut line = json!({
                "of": speaker.label(), "conversation": conversation, "rule": rule, "count": of.len(), "ids": ids,
            });
            if !texts.is_empty() {
                line["texts"] = json!(texts);
            }
            line
        };
        let told = json!({
            "from": told(self.range.from),
            "to": told(self.range.to),
            "messages": self.found.messages,
            "answers": self.found.answers,
            "seconds": self.found.took.as_secs_f64(),
            "per_second": self.per_second(),
            "stopped": { "messages": self.count(Speaker::Person), "answers": self.count(Speaker::Bot) },
            "lines": self.lines().iter().map(line).collect::<Vec<_>>(),
            "ordered": self.ordered == Ordered::Yes && self.count(Speaker::Bot) > 0,
        });
        Ok(serde_json::to_string(&told)? + "\n")
    }
}
