//! The vendors' own clients pass against the stand-ins, and what they are told to have spent is what stands on the invoice.
//! `dev/lib/sdk-tests.sh` installs them and runs this.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests fail loudly")]

use serde_json::Value;
use simulators::model::{self, Config};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The directory that they are installed in.
const PACKAGES: &str = "HUIYIN_SDKS";
const LONGEST: Duration = Duration::from_secs(120);

async fn passes(client: &str) {
    let packages = std::env::var(PACKAGES).expect("HUIYIN_SDKS names no directory: run dev/lib/sdk-tests.sh");
    let api_keys = vec!["sk-sim".into(), "ak:sk".into()];
    let sim = model::start(Config { seed: 7, api_keys, ..Config::default() }).await.unwrap();
    let speaking = Command::new("python3")
        .args([
            "-B",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/speak.py"),
            client,
            sim.url("").as_str(),
        ])
        .env("PYTHONPATH", packages)
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let spoken = tokio::time::timeout(LONGEST, speaking).await.expect("it hangs").expect("python3 runs");
    let (told, complaints) =
        (String::from_utf8_lossy(&spoken.stdout), String::from_utf8_lossy(&spoken.stderr));
    assert!(spoken.status.success(), "{told}{complaints}");
    let told: Value = serde_json::from_str(told.lines().last().unwrap_or_default()).unwrap();
    rustls::crypto::ring::default_provider().install_default().ok();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let invoice = http.get(sim.url("/control/ledger")).send().await.unwrap().text().await.unwrap();
    let invoice: Value = serde_json::from_str(&invoice).unwrap();
    let totals = &invoice["totals"];
    assert_eq!(
        (&told["prompt"], &told["completion"]),
        (&totals["prompt_tokens"], &totals["completion_tokens"]),
        "{invoice}"
    );
}

#[tokio::test]
async fn openai_and_what_imitates_it() {
    passes("openai").await;
}

#[tokio::test]
async fn anthropic() {
    passes("anthropic").await;
}

#[tokio::test]
async fn dashscope() {
    passes("dashscope").await;
}

#[tokio::test]
async fn qianfan() {
    passes("qianfan").await;
}

#[tokio::test]
async fn spark() {
    passes("spark").await;
}

#[tokio::test]
async fn ollama() {
    passes("ollama").await;
}
