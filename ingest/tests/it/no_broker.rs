//! The real publisher with nobody to publish to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ingest::Publish;
use pipeline::kafka::{Config, Publisher, PublisherLimits, RawConfig};
use serde_json::json;

use crate::line::{chat, ingest, now, post, question, send, signed};

#[tokio::test]
async fn without_kafka_callbacks_are_answered_at_the_deadline_by_the_policy() {
    for (policies, reply, waiting) in [
        ("", json!({"valid": true}), 1),
        ("no_acknowledgement = \"reject\"", json!({"valid": false, "code": "try again later"}), 2),
    ] {
        let nobody = RawConfig {
            bootstrap: "127.0.0.1:1".into(),
            heartbeat_interval: Duration::from_millis(500),
            properties: BTreeMap::new(),
        };
        let limits = PublisherLimits { records: 100, kibibytes: 1_024 };
        let publisher = Arc::new(Publisher::new(&Config::new(nobody).unwrap(), limits).unwrap());
        let (ingest, _bundle) = ingest(policies, Arc::clone(&publisher) as _, "test.", |_| {});
        let began = Instant::now();
        let (_, got) = send(&ingest, post("/pre", signed(question("hi"), now()).to_string())).await;
        assert_eq!(got, reply);
        assert!((150..1_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
        assert_eq!(Publish::waiting(&*publisher), waiting);
        let blocked = signed(question("赌博"), now()).to_string();
        let began = Instant::now();
        assert_eq!(send(&ingest, post("/pre", blocked)).await.1["code"], "blocked");
        assert!(began.elapsed() < Duration::from_millis(150), "{:?}", began.elapsed());
        for (text, valid) in [("hi", true), ("damn it", true), ("去赌博", false)] {
            let among_people = signed(chat("alice", "bob", text), now()).to_string();
            let began = Instant::now();
            assert_eq!(send(&ingest, post("/pre", among_people)).await.1["valid"], valid);
            assert!(began.elapsed() < Duration::from_millis(150), "{:?}", began.elapsed());
        }
    }
}
