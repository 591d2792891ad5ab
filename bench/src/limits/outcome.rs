//! What became of each message: joined from what Easemob accepted and from the line's own records.

use super::line::Line;
use super::load::Asked;
use anyhow::Result;
use schemas::answer::{Answer, AnswerSource};
use schemas::delivery::{Delivery, DeliveryResult};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// What a person got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// What the model said.
    Answered,
    /// The app's text for this occasion.
    Told,
    /// The line had something to send and gave it up.
    Lost,
    /// Nothing so far.
    Silent,
}

/// What became of one message.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) conversation: String,
    /// In milliseconds since the epoch.
    pub(super) due: i64,
    pub(super) fate: Fate,
    /// When Easemob accepted it first.
    pub(super) at: Option<i64>,
    /// Sends that Easemob accepted, beyond the first.
    pub(super) again: u64,
}

impl Outcome {
    /// From when it was due to when Easemob accepted what the person got.
    pub(super) fn took_ms(&self) -> Option<i64> {
        Some(self.at? - self.due)
    }
}

/// A send that Easemob accepted.
#[derive(Deserialize)]
struct Sent {
    ext: Option<Value>,
    at: i64,
}

impl Sent {
    fn reply_id(&self) -> Option<&str> {
        self.ext.as_ref()?.pointer("/huiyin/reply_id")?.as_str()
    }
}

/// Everything that came out of a line, by Easemob's id of the message.
#[derive(Default)]
pub(super) struct Records {
    /// When each answer was accepted, and whether a model made it.
    accepted: HashMap<String, Vec<(i64, Fate)>>,
    /// Messages for which something was given up.
    lost: HashMap<String, String>,
}

impl Records {
    /// Reads the stand-in and the topics.
    ///
    /// # Errors
    /// When one of them does not answer.
    pub(super) fn of(line: &Line<'_>) -> Result<Self> {
        #[derive(Deserialize)]
        struct Sends {
            sends: Vec<Sent>,
        }
        let sends: Sends = line.scene.net.get(&line.stand_ins.easemob.url("sends"))?;
        let topics = line.topics()?;
        let answers = topics.all::<Answer>()?;
        let answers: HashMap<String, &Answer> =
            answers.iter().map(|answer| (answer.id.to_string(), answer)).collect();
        let mut records = Self::default();
        for sent in &sends.sends {
            let Some(answer) = sent.reply_id().and_then(|id| answers.get(id)) else { continue };
            let fate = match answer.source {
                AnswerSource::Model { .. } => Fate::Answered,
                AnswerSource::Canned { .. } => Fate::Told,
            };
            let id = answer.message.easemob_id().to_owned();
            records.accepted.entry(id).or_default().push((sent.at, fate));
        }
        for delivery in topics.all::<Delivery>()? {
            let reason = match &delivery.result {
                DeliveryResult::Sent { .. } => continue,
                DeliveryResult::Undelivered { reason } => reason.as_str(),
                DeliveryResult::Unknown => delivery.result.label(),
                DeliveryResult::Retracted
                | DeliveryResult::NotSent
                | DeliveryResult::Unretractable { .. } => continue,
            };
            records.lost.insert(delivery.message.easemob_id().to_owned(), reason.to_owned());
        }
        Ok(records)
    }

    /// What became of messages.
    pub(super) fn outcomes(&self, asked: &[Asked]) -> Vec<Outcome> {
        asked.iter().map(|asked| self.outcome(asked)).collect()
    }

    fn outcome(&self, asked: &Asked) -> Outcome {
        let accepted = self.accepted.get(&asked.id).map(Vec::as_slice).unwrap_or_default();
        let first = accepted.iter().min_by_key(|(at, _)| *at);
        let missing = if self.lost.contains_key(&asked.id) { Fate::Lost } else { Fate::Silent };
        Outcome {
            conversation: asked.conversation.clone(),
            due: asked.due,
            fate: first.map_or(missing, |(_, fate)| fate.clone()),
            at: first.map(|(at, _)| *at),
            again: (accepted.len() as u64).saturating_sub(1),
        }
    }

    /// Why answers were given up, with how many of each.
    pub(super) fn reasons(&self) -> String {
        let mut counts = std::collections::BTreeMap::<&str, u64>::new();
        self.lost.values().for_each(|reason| *counts.entry(reason).or_default() += 1);
        counts.iter().map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_accepted_send_counts_and_what_is_missing_is_lost_or_silent() {
        let mut records = Records::default();
        records.accepted.insert("1".into(), vec![(90, Fate::Told), (50, Fate::Answered)]);
        records.lost.insert("2".into(), "expired".into());
        records.lost.insert("1".into(), "unknown".into());
        let asked = ["1", "2", "3"].map(|id| Asked { conversation: "a".into(), due: 10, id: id.into() });
        let outcomes = records.outcomes(&asked);
        let fates: Vec<&Fate> = outcomes.iter().map(|outcome| &outcome.fate).collect();
        assert_eq!(fates, [&Fate::Answered, &Fate::Lost, &Fate::Silent]);
        assert_eq!((outcomes[0].took_ms(), outcomes[0].again, outcomes[1].took_ms()), (Some(40), 1, None));
        assert_eq!(records.reasons(), "expired 1, unknown 1");
    }
}
