#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
use std::io::BufRead;
fn main() {
    for line in std::io::stdin().lock().lines() {
        let v: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = v["text"].as_str().unwrap();
        let s = decide::complexity::score(text, &decide::complexity::Context::default());
        let f = decide::complexity::features(text);
        println!("{}", serde_json::json!({"id": v["id"], "label": v["label"], "text": text, "f": f, "score": s.score, "class": s.class, "signals": s.signals}));
    }
}
