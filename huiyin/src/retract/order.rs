//! The orders of one command: one per conversation, or several where there is much to take back.

use pipeline::Outgoing;
use schemas::Millis;
use schemas::event::Event;
use schemas::ids::EventId;
use schemas::retract::{AnswerReference, RetractOrder, RetractScope};
use schemas::topic::Topic;
use schemas::wire;

use crate::config::Config;

/// Most answers of one order: decide writes a record for each of their parts in one step.
const MOST: usize = 100;

/// What all orders of a command have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) scope: RetractScope,
    pub(super) by: &'a str,
    pub(super) why: &'a str,
    pub(super) now: Millis,
}

/// Orders for answers that are sorted by their conversations.
pub(super) fn orders(chosen: &[&AnswerReference], terms: Terms<'_>) -> Vec<RetractOrder> {
    let conversation = |answer: &AnswerReference| answer.lane.conversation.clone();
    let of_one = chosen.chunk_by(|one, other| conversation(one) == conversation(other));
    let orders = of_one.flat_map(|of_one| of_one.chunks(MOST)).enumerate();
    orders
        .filter_map(|(number, chunk)| {
            let conversation = conversation(chunk.first()?);
            Some(RetractOrder {
                id: EventId::derive(&format!("{conversation}:retract:{}", terms.now), number),
                conversation,
                answers: chunk.iter().map(|answer| (*answer).clone()).collect(),
                scope: terms.scope,
                by: terms.by.to_owned(),
                why: terms.why.to_owned(),
                at: terms.now,
            })
        })
        .collect()
}

/// The record of an order, on the partition of its conversation.
pub(super) fn record(config: &Config, order: &RetractOrder) -> anyhow::Result<Outgoing> {
    let source = format!("/huiyin/{}/admin", config.deployment);
    let encoded = wire::encode(&Event::Retract(order.clone()), &source)?;
    Ok(Outgoing {
        topic: config.topics.of(Topic::Events).into(),
        partition: order.conversation.partition(config.partitions),
        key: encoded.key,
        headers: encoded.headers,
        value: Some(encoded.value),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemas::retract::Retract;

    use super::*;

    fn said(user: &str, n: usize) -> AnswerReference {
        let retract: Retract =
            serde_json::from_str(include_str!("../../../schemas/examples/answers/valid-retract.json"))
                .unwrap();
        AnswerReference {
            turn: schemas::ids::TurnId::derive(user, n),
            lane: format!("acme#support/chat/bot_helpdesk/{user}").parse().unwrap(),
            bot: retract.bot,
            user: retract.user,
            message: retract.message,
            parts: 1,
            decided_at: retract.let_out_at,
        }
    }

    #[test]
    fn each_conversation_has_an_order_of_its_own_and_none_is_too_large() {
        let all: Vec<AnswerReference> =
            (0..MOST + 1).map(|n| said("alice", n)).chain([said("bob", 0)]).collect();
        let chosen: Vec<&AnswerReference> = all.iter().collect();
        let terms = Terms { scope: RetractScope::Range, by: "ops", why: "a test", now: 1_750_000_000_000 };
        let orders = orders(&chosen, terms);
        let sizes: Vec<_> = orders.iter().map(|order| order.answers.len()).collect();
        assert_eq!(sizes, [MOST, 1, 1]);
        assert_eq!(orders[2].conversation.user().unwrap().as_str(), "bob");
        let ids: BTreeSet<_> = orders.iter().map(|order| order.id).collect();
        assert_eq!(ids.len(), 3);
        for order in orders {
            let encoded = wire::encode(&Event::Retract(order), "/test").unwrap();
            assert!(encoded.value.len() < 100_000);
        }
    }
}
