//! Turns that are chosen for data sets, over rows made by hand.

use account::datasets::{CUTS, Choice, ChosenTurn, Wanted};

use crate::scene::Scene;

/// 2025-01-02T00:00:00Z.
const DAY: i64 = 1_735_776_000_000;

const REQUESTS: &str = "INSERT INTO {db}.requests (app, at, request, kind, turn, message, chat_kind, conversation, user, outcome, target, tier,
    rule, class, took_ms, source_partition) VALUES
('a#one', '2025-01-02 08:00:09', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a1', 'm1', 'chat', 'c1', 'u1', 'done', 'large', 'gold', 'hard', 'hard', 9000, 1),
('a#one', '2025-01-02 09:00:01', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a2', 'm2', 'chat', 'c2', 'u2', 'done', 'small', '', 'rest', 'simple', 1000, 2),
('a#two', '2025-01-02 10:00:02', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a3', 'm3', 'chat', 'c3', 'u3', 'failed', '', '', '', '', 2000, 3),
('a#one', '2025-01-03 00:00:05', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a4', 'm4', 'chat', 'c1', 'u1', 'done', 'small', '', 'rest', 'simple', 6000, 1),
('a#one', '2025-01-03 00:00:05', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a5', 'm5', 'chat', 'c1', 'u1', 'done', 'small', '', 'rest', 'simple', 5000, 1),
('a#one', '2025-01-02 08:00:08', generateUUIDv4(), 'review', '00000000-0000-0000-0000-0000000000a1', 'm1', 'chat', 'c1', 'u1', 'reviewed', 'judge', '', '', '', 90000, 1)";

const MESSAGES: &str = "INSERT INTO {db}.messages (app, at, message, chat_kind, conversation, sender, input, ruling, turn, action, tier, source_partition) VALUES
('a#one', '2025-01-02 08:00:00', 'm1', 'chat', 'c1', 'u1', 'message', 'asked', '00000000-0000-0000-0000-0000000000a1', 'mask', 'gold', 1),
('a#two', '2025-01-02 10:00:00', 'm3', 'chat', 'c3', 'u3', 'message', 'asked', '00000000-0000-0000-0000-0000000000a3', 'pass', 'silver', 3),
('a#one', '2025-01-02 11:00:00', 'm6', 'chat', 'c1', 'u1', 'message', 'blocked', NULL, 'block', '', 1),
('a#one', '2025-01-03 11:00:00', 'm7', 'chat', 'c1', 'u1', 'message', 'blocked', NULL, 'block', '', 1)";

const CALLS: &str = "INSERT INTO {db}.model_calls (app, at, request, kind, turn, message, chat_kind, conversation, attempt, cost, billing, currency, calls) VALUES
('a#one', '2025-01-02 08:00:01', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a1', 'm1', 'chat', 'c1', 1, 0.5, 'priced', 'CNY', 1),
('a#one', '2025-01-02 08:00:04', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a1', 'm1', 'chat', 'c1', 2, 1.25, 'priced', 'CNY', 1),
('a#one', '2025-01-02 09:00:00', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a2', 'm2', 'chat', 'c2', 1, 2, 'priced', 'CNY', 1),
('a#one', '2025-01-02 09:00:00', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a2', 'm2', 'chat', 'c2', 1, -1.5, 'correction', 'CNY', 0),
('a#two', '2025-01-02 10:00:00', generateUUIDv4(), 'answer', '00000000-0000-0000-0000-0000000000a3', 'm3', 'chat', 'c3', 1, 0.000000000001, 'priced', 'USD', 1)";

const FEEDBACK: &str = "INSERT INTO {db}.feedback (app, at, id, kind, origin, rating, turn, chat_kind, user) VALUES
('a#one', '2025-01-02 08:11:00', 'f1', 'rating', 'command', 5, '00000000-0000-0000-0000-0000000000a1', 'chat', 'u1'),
('a#one', '2025-01-02 08:12:00', 'f2', 'rating', 'command', 2, '00000000-0000-0000-0000-0000000000a1', 'chat', 'u1'),
('a#one', '2025-01-09 09:12:00', 'f3', 'rating', 'command', 1, '00000000-0000-0000-0000-0000000000a2', 'chat', 'u2'),
('a#two', '2025-01-02 10:12:00', 'f4', 'rating', 'command', 3, '00000000-0000-0000-0000-0000000000a3', 'chat', 'u3')";

const FINDINGS: &str = "INSERT INTO {db}.safety_events (app, at, id, place, direction, message, chat_kind, conversation, rule, action, shadow) VALUES
('a#one', '2025-01-02 08:00:00', generateUUIDv4(), 'guard', 'input', 'm1', 'chat', 'c1', 'phone', 'mask', false),
('a#one', '2025-01-02 09:00:01', generateUUIDv4(), 'answer', 'output', 'm2', 'chat', 'c2', 'weapons', 'replace', false),
('a#two', '2025-01-02 10:00:00', generateUUIDv4(), 'guard', 'input', 'm3', 'chat', 'c3', 'weapons', 'block', true),
('a#one', '2025-01-02 11:00:00', generateUUIDv4(), 'guard', 'input', 'm6', 'chat', 'c1', 'casino', 'block', false)";

async fn stored() -> Scene {
    let scene = Scene::migrated().await;
    for sql in [REQUESTS, MESSAGES, CALLS, FEEDBACK, FINDINGS] {
        scene.execute(sql).await;
    }
    scene
}

fn wanted(by: &str) -> Wanted {
    Wanted {
        choice: Choice::read(by).unwrap(),
        app: String::new(),
        from: DAY,
        to: DAY + 86_400_000,
        limit: 100,
        seed: 1,
    }
}

async fn chosen(scene: &Scene, wanted: Wanted) -> Vec<ChosenTurn> {
    scene.store.choose_turns(&wanted).await.unwrap_or_else(|error| panic!("{wanted:?}: {error:?}"))
}

fn messages(turns: &[ChosenTurn]) -> Vec<&str> {
    turns.iter().map(|turn| turn.message.as_str()).collect()
}

#[tokio::test]
async fn every_way_to_choose_gives_its_turns_in_its_order() {
    let scene = stored().await;
    for (by, expected, sorted) in [
        ("expensive", &["m1", "m3", "m2"][..], false),
        ("slow", &["m1", "m4", "m3", "m2"], false),
        ("rated-low", &["m2", "m1"], false),
        ("random", &["m1", "m2", "m3", "m4"], true),
        ("blocked", &["m2", "m6"], true),
        ("failed", &["m3"], true),
        ("route=rest", &["m2", "m4"], true),
        ("target=large", &["m1"], true),
        ("tier=gold", &["m1"], true),
        ("tier=silver", &["m3"], true),
        ("class=simple", &["m2", "m4"], true),
        ("hit=weapons", &["m2"], true),
        ("hit=' OR 1 = 1 --", &[], true),
    ] {
        let found = chosen(&scene, wanted(by)).await;
        let mut found = messages(&found);
        if sorted {
            found.sort_unstable();
        } else if by == "expensive" {
            // The dearest of each currency come first, in any order.
            found[..2].sort_unstable();
        }
        assert_eq!(found, expected, "{by}");
    }
    for cut in CUTS {
        let by = format!("{}{}", cut.name, if cut.name.ends_with('=') { "x" } else { "" });
        chosen(&scene, wanted(&by)).await;
    }
    let of_app = chosen(&scene, Wanted { app: "a#two".to_owned(), ..wanted("slow") }).await;
    assert_eq!(messages(&of_app), ["m3"]);
    scene.drop().await;
}

#[tokio::test]
async fn a_turn_has_what_rows_know_of_it_and_chance_is_that_of_the_seed() {
    let scene = stored().await;
    let slow = chosen(&scene, Wanted { limit: 1, ..wanted("slow") }).await;
    let [first] = &slow[..] else { panic!("{slow:?}") };
    let eight = DAY + 8 * 3_600_000;
    let expected = ChosenTurn {
        app: "a#one".to_owned(),
        conversation: "c1".to_owned(),
        turn: "00000000-0000-0000-0000-0000000000a1".to_owned(),
        message: "m1".to_owned(),
        partition: 1,
        at: eight,
        route: "hard".to_owned(),
        target: "large".to_owned(),
        class: "hard".to_owned(),
        tier: "gold".to_owned(),
        action: "mask".to_owned(),
        latency_ms: Some(9_000),
        cost: vec![("CNY".to_owned(), "1.75".to_owned())],
        rating: Some(2),
    };
    assert_eq!(*first, expected);
    let blocked = chosen(&scene, wanted("hit=casino")).await;
    assert_eq!(
        (blocked[0].turn.as_str(), blocked[0].action.as_str(), blocked[0].rating),
        ("", "block", None)
    );
    assert!(blocked[0].cost.is_empty() && blocked[0].latency_ms.is_none());

    let drawn = async |seed| {
        let turns = chosen(&scene, Wanted { seed, limit: 2, ..wanted("random") }).await;
        messages(&turns).join(" ")
    };
    assert_eq!(drawn(1).await, drawn(1).await);
    let mut draws = std::collections::BTreeSet::new();
    for seed in 0..20 {
        draws.insert(drawn(seed).await);
    }
    assert!(draws.len() > 3, "{draws:?}");
    scene.drop().await;
}
