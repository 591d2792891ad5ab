//! Records of other lines: what a replay wrote, read by the line that answers people, and the other way round.

use pipeline::call::Handler;
use pipeline::{Record, Refused};
use schemas::answered::Outcome;
use schemas::cancel::Cancel;
use schemas::line::Line;
use schemas::request::Request;
use schemas::wire::{self, REPLAY};
use serde_json::json;

use crate::world::{World, outcome, record};

const REFUSED: Refused = Refused::DeadLetter { reason: "replay" };

fn marked(mut record: Record, mark: &str) -> Record {
    record.headers.push(REPLAY, mark.as_bytes());
    record
}

fn cancel(request: &Request) -> Record {
    let cancel = Cancel {
        id: Cancel::id_of(request.id),
        request: request.id,
        turn: request.turn,
        lane: request.lane.clone(),
        message: request.message.clone(),
        decided_at: request.decided_at,
    };
    let encoded = wire::encode(&cancel, "/huiyin/demo/decide").unwrap();
    let (headers, value) = (encoded.headers.into_iter().collect(), Some(encoded.value));
    Record { key: encoded.key, headers, value, ..record(request) }
}

#[tokio::test]
async fn a_request_of_a_replay_is_given_up_before_a_model_is_asked_and_has_no_outcome() {
    let world = World::new().await;
    let request = world.request("hello", 10_000);
    let forged = marked(record(&request), "cheaper");
    for record in [forged.clone(), Record { value: Some(b"{".to_vec()), ..forged }] {
        assert_eq!(world.step.cancels(&record), Err(REFUSED));
        assert_eq!(world.step.admit(&record).err(), Some(REFUSED));
        for rerun in [false, true] {
            // An outcome would end the real turn, which has the same ids.
            assert_eq!(world.step.dead(&record, "replay", rerun).outputs, []);
        }
    }
    let cancel = marked(cancel(&request), "cheaper");
    assert_eq!(world.step.cancels(&cancel), Err(REFUSED), "nor does it end a request");
    assert_eq!(world.ledger().await["entries"], json!([]));
    let answered = world.run(&request).await;
    assert!(matches!(answered.outcome, Outcome::Done { .. }), "{answered:?}");
}

#[tokio::test]
async fn the_step_of_a_replay_takes_its_own_records_alone_and_marks_what_it_writes() {
    let world = World::new().await.on(Line::of(Some("cheaper")));
    let request = world.request("hello", 10_000);
    for foreign in [record(&request), marked(record(&request), "other"), marked(cancel(&request), "other")] {
        assert_eq!(world.step.cancels(&foreign), Err(REFUSED));
        assert_eq!(world.step.dead(&foreign, "crashed", true).outputs, []);
    }
    assert!(world.step.cancels(&marked(cancel(&request), "cheaper")).unwrap().is_some());
    let own = marked(record(&request), "cheaper");
    let written = [world.step.run(world.job(&own)).await, world.step.dead(&own, "crashed", false)];
    for done in written {
        let mark = done.outputs[0].headers.iter().find(|(name, _)| name == REPLAY);
        assert_eq!(mark.map(|(_, value)| value.as_slice()), Some(&b"cheaper"[..]));
        outcome(&own, done);
    }
}
