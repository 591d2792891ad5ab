//! Turns of replays: stored once, as the newest results have them, and taken away.

use account::{ReplayHead, ReplayJudged, ReplaySide, ReplayStored, ReplayTurn};
use schemas::money::Money;
use serde_json::json;

use crate::scene::Scene;

const NOW: i64 = 1_735_689_600_000;

fn head(name: &str, manifest: &str) -> ReplayHead {
    ReplayHead {
        name: name.to_owned(),
        manifest: manifest.to_owned(),
        from: Some(NOW - 1_000),
        to: None,
        models: "live",
        fork_at: Some(2),
        baseline: "production".to_owned(),
        candidate: "cheaper.toml".to_owned(),
    }
}

fn side(target: &str, pico: Option<i128>, latency_ms: u64) -> ReplaySide {
    ReplaySide {
        verdict: "pass",
        rules: vec!["phone".to_owned()],
        request: "same".to_owned(),
        route: "rest".to_owned(),
        target: target.to_owned(),
        characters: Some(12),
        tokens_input: Some(100),
        tokens_output: Some(20),
        cost: pico.map(|pico| Money { currency: "CNY".to_owned(), pico }),
        latency_ms: Some(latency_ms),
        source: "live",
        ..ReplaySide::default()
    }
}

fn turn(number: usize, better: Option<&'static str>) -> ReplayTurn {
    ReplayTurn {
        app: "acme#support".to_owned(),
        conversation: format!("acme#support/chat/bot/u{}", number % 3),
        turn: format!("t{number}"),
        class: "simple".to_owned(),
        footing: "closed",
        judged: better.map(|better| ReplayJudged { better, score: 1.0, equal: false }),
        baseline: side("large", Some(4_000_000_000_000), 900),
        candidate: side("small", Some(1_000_000_000_000), 300),
        ..ReplayTurn::default()
    }
}

async fn stored(scene: &Scene, head: &ReplayHead, turns: &[ReplayTurn]) -> [usize; 3] {
    let ReplayStored { stored, present, replaced } =
        scene.store.store_replay(head, turns, NOW).await.unwrap();
    [stored, present, replaced]
}

#[tokio::test]
async fn the_rows_of_a_replay_are_those_of_its_newest_results_however_often_they_are_stored() {
    let scene = Scene::migrated().await;
    let (one, other) = (head("cheaper", "m1"), head("it's \\ another", "m9"));
    let mut turns: Vec<ReplayTurn> = (0..5).map(|number| turn(number, None)).collect();
    assert_eq!(stored(&scene, &one, &turns[..3]).await, [3, 0, 0]);
    assert_eq!(stored(&scene, &other, &turns).await, [5, 0, 0]);
    assert_eq!(stored(&scene, &one, &turns[..3]).await, [0, 3, 0], "nothing changes");
    assert_eq!(stored(&scene, &one, &turns).await, [2, 3, 0], "the replay went on");
    turns[4].judged = Some(ReplayJudged { better: "tie", score: 0.0, equal: true });
    assert_eq!(stored(&scene, &one, &turns).await, [5, 0, 5], "it was judged");
    assert_eq!(stored(&scene, &one, &turns).await, [0, 5, 0]);
    assert_eq!(scene.rows("replay_results").await, 10);

    scene.store.forget_replay("it's \\ another").await.unwrap();
    scene.store.forget_replay("of which there is none").await.unwrap();
    assert_eq!(scene.rows("replay_results").await, 5);
    // The blocks have the tokens that they had: what was taken away is forgotten with them.
    assert_eq!(stored(&scene, &other, &turns[..4]).await, [4, 0, 0]);
    scene.store.forget_replay("cheaper").await.unwrap();
    assert_eq!(stored(&scene, &one, &turns).await, [5, 0, 0]);
    assert_eq!(scene.rows("replay_results").await, 9);
    // A name that is used again is another replay.
    assert_eq!(stored(&scene, &head("cheaper", "m2"), &turns[..2]).await, [2, 0, 5]);
    let told = "SELECT concat(name, ' ', manifest, ' ', toString(count())) FROM {db}.replay_results GROUP BY name, manifest ORDER BY name";
    assert_eq!(scene.lines(told).await, ["cheaper m2 2", "it's \\ another m9 4"]);
    scene.drop().await;
}

#[tokio::test]
async fn the_query_tells_what_changed_what_both_sides_cost_and_what_the_judge_prefers() {
    let scene = Scene::migrated().await;
    let mut turns: Vec<ReplayTurn> =
        [Some("candidate"), Some("tie"), Some("baseline"), Some("candidate"), None, None]
            .into_iter()
            .enumerate()
            .map(|(number, better)| turn(number, better))
            .collect();
    turns[1].candidate.verdict = "block";
    turns[2].candidate.request = "another".to_owned();
    turns[3].candidate.cost = None;
    turns[3].candidate.error = "timeout".to_owned();
    turns[3].candidate.latency_ms = None;
    turns[4].class = "hard".to_owned();
    turns[4].candidate.route = "hard".to_owned();
    turns[4].candidate.target = "large".to_owned();
    turns[5].cold_start = true;
    turns[5].drift = "cold_state";
    stored(&scene, &head("cheaper", "m1"), &turns).await;
    let of_class = scene.query("replay", &[("name", "cheaper"), ("by", "class")]).await;
    let columns = of_class.columns.clone();
    assert_eq!(columns[..4], ["name", "class", "currency", "currency_now"]);
    // turns, cold, verdict, route, target, drift, errors, same requests, cost, cost now, latencies, judged, win rate
    let expected = json!([
        ["cheaper", "hard", "CNY", "CNY", 1, 0, 0, 1, 0, 0, 0, 100, "4", "1", 900, 300, 0, null],
        ["cheaper", "simple", "CNY", "", 1, 0, 0, 0, 1, 0, 1, 100, null, null, null, null, 1, 1],
        ["cheaper", "simple", "CNY", "CNY", 4, 1, 1, 0, 3, 1, 0, 66.7, "12", "3", 900, 300, 3, 0.5],
    ]);
    assert_eq!(json!(of_class.rows), expected, "{}", of_class.to_text());
    let all = scene.query("replay", &[("app", "acme#support")]).await;
    assert_eq!(all.rows.len(), 2, "{}", all.to_text());
    assert!(scene.query("replay", &[("name", "dearer")]).await.rows.is_empty());
    scene.drop().await;
}

#[tokio::test]
async fn what_commands_stored_is_in_no_count_and_cannot_be_made_anew() {
    let scene = Scene::migrated().await;
    stored(&scene, &head("cheaper", "m1"), &[turn(1, None)]).await;
    assert!(scene.query("counts", &[]).await.rows.is_empty());
    let refused = account::rebuild::Scope::of(&["replay_results".to_owned()]).unwrap_err();
    assert!(refused.contains("there is no table \"replay_results\""), "{refused}");
    scene.drop().await;
}
