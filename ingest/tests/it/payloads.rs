//! Every form in which a callback may come: one file per form, with what must be made of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::line::{Line, now, post, signed};
use crate::publisher::Mood;

/// Fields of a record that a file may leave out because they differ from run to run.
const VARYING: [&str; 5] = ["raw", "verdict", "reply", "sent_at", "received_at"];

#[tokio::test(start_paused = true)]
async fn every_form_of_a_callback_is_read_as_its_file_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/payloads");
    let files: BTreeMap<_, _> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    assert!(files.len() > 20, "{} files", files.len());
    for (name, text) in files {
        let file: Value = serde_json::from_str(&text).unwrap();
        // Everything is recorded, so that everything can be seen.
        let line = Line::new("record = \"all\"", Mood::Acknowledges);
        let path = file["path"].as_str().unwrap_or("/pre");
        let (status, reply) =
            line.send(post(path, signed(file["callback"].clone(), now()).to_string())).await;
        assert_eq!((status.as_u16(), &reply), (200, &file["reply"]), "{name:?}");
        let records: Vec<Value> = line
            .memory
            .events()
            .iter()
            .map(|event| serde_json::to_value(event).unwrap())
            .map(|mut record| {
                let action = record["verdict"]["action"].take();
                let fields = record.as_object_mut().unwrap();
                fields.retain(|field, _| !VARYING.contains(&field.as_str()));
                if action != json!("pass") {
                    fields.insert("action".into(), action);
                }
                record
            })
            .collect();
        assert_eq!(json!(records), file["records"], "{name:?}");
    }
}
