//! What is stored must stay readable: examples of every record, and the JSON Schemas that are checked in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests fail loudly")]

mod aigc;
mod examples;
mod fuzz;
mod json_schemas;
mod wire;
