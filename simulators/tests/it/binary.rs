use crate::http::{call, client};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

#[tokio::test]
async fn the_binary_starts_both_says_where_and_ends_on_sigterm() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_simulators"))
        .args([
            "run",
            "--seed",
            "3",
            "--config",
            concat!(env!("CARGO_MANIFEST_DIR"), "/simulators.example.toml"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ready = Vec::new();
    for _ in 0..2 {
        let line = tokio::time::timeout(Duration::from_secs(10), lines.next_line()).await.unwrap().unwrap();
        ready.push(line.expect("it ended"));
    }
    let url = |name: &str| {
        let prefix = format!("ready {name} ");
        ready.iter().find_map(|line| line.strip_prefix(&prefix)).expect("no ready line").to_owned()
    };
    assert_eq!(call(client().get(format!("{}/control/inbox", url("easemob")))).await.unwrap().status, 200);
    assert_eq!(call(client().get(format!("{}/v1/models", url("model")))).await.unwrap().status, 200);
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
    assert!(ended.success());
}
