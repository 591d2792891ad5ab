mod asked;
mod candidate;
mod own;
#[path = "../../../../processors/conversation/tests/it/recorded/recording.rs"]
#[allow(dead_code, reason = "the recordings are read here, and not written")]
mod recording;
mod scene;
mod tape;
