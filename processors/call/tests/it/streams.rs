//! Streams as hostile as they come.

use std::time::{Duration, Instant};

use schemas::answered::{Answered, UsageSource};
use serde_json::{Value, json};

use crate::meter::Meter;
use crate::server::{Act, Answer, Server, completion};
use crate::world::{World, attempts, text};

const PATIENCE: Duration = Duration::from_millis(300);

/// What `main` does with a stream, while `spare` answers everything as a whole.
async fn after(acts: Vec<Act>) -> Answered {
    let (main, spare) = (Server::start().await, Server::start().await);
    main.will([Answer::stream(acts)]);
    World::of_streams(&main, &spare, PATIENCE).await.ask("hello there").await
}

fn event(document: &Value) -> String {
    format!("data: {document}\n\n")
}

fn delta(text: &str) -> String {
    event(
        &json!({"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}),
    )
}

fn thought(field: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {field: "let me think"}}]}))
}

fn finish(word: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": word}], "usage": null}))
}

fn usage() -> String {
    event(
        &json!({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 64}, "completion_tokens_details": {"reasoning_tokens": 8}}}),
    )
}

const DONE: &str = "data: [DONE]\n\n";

fn usual() -> String {
    [&delta(""), &delta("再"), &delta("见 and goodbye"), &finish("stop"), &usage(), DONE]
        .map(|it| it as &str)
        .concat()
}

#[tokio::test]
async fn the_time_between_the_pieces_of_a_stream_is_measured() {
    let meter = Meter::of(call::gen_ai::metrics::OUTPUT_CHUNK);
    let _installed = metrics::set_default_local_recorder(&meter);
    let rest = || Act::Rest(Duration::from_millis(20));
    let end = || Act::send(finish("stop") + &usage() + DONE);
    let apart = vec![Act::send(thought("reasoning_content")), rest(), Act::send(delta("再")), rest(), end()];
    assert_eq!(text(&after(apart).await), "再");
    let between = meter.take();
    assert!(between.len() == 1 && between[0] > 0.0, "{between:?}");
    let together = vec![Act::send(delta("再") + &delta("见")), rest(), Act::send(": ping\n\n"), end()];
    assert_eq!(text(&after(together).await), "再见");
    assert_eq!(meter.take(), [0.0]);
}

#[tokio::test]
async fn a_stream_is_an_answer_with_its_usage_and_its_first_token() {
    let whole = vec![Act::send(usual())];
    let bytes = usual().bytes().map(|byte| Act::Send(vec![byte])).collect();
    for acts in [whole, bytes] {
        let answered = after(acts).await;
        assert_eq!((attempts(&answered), text(&answered)), (vec![("main", "ok")], "再见 and goodbye"));
        let attempt = &answered.attempts[0];
        let usage = attempt.usage.as_ref().unwrap();
        let counts = [usage.input, usage.cached, usage.output, usage.reasoning];
        assert_eq!((counts, usage.source), ([100, 64, 20, 8], UsageSource::Provider));
        assert!(attempt.time_to_first_token_ms.is_some_and(|ms| ms <= attempt.duration_ms));
        let told = [&attempt.provider_request, &attempt.model_answered, &attempt.finish];
        assert_eq!(told.map(|it| it.as_deref().unwrap()), ["c1", "m", "stop"]);
    }
}

#[tokio::test]
async fn the_first_token_is_when_it_came_and_not_when_the_reply_began() {
    let rest = Act::Rest(Duration::from_millis(120));
    let acts = vec![
        Act::send(": ping\n\n"),
        Act::send(delta("")),
        rest.clone(),
        Act::send(delta("a")),
        rest,
        Act::send(usual()),
    ];
    let answered = after(acts).await;
    let attempt = &answered.attempts[0];
    let first = attempt.time_to_first_token_ms.unwrap();
    assert!((120..230).contains(&first), "{first}");
    assert!(attempt.duration_ms >= 240, "{}", attempt.duration_ms);
}

#[tokio::test]
async fn a_stream_without_its_end_is_no_answer_and_what_it_generated_is_booked_as_an_estimate() {
    let said = || Act::send(delta("This answer has some forty characters or so"));
    for acts in [
        vec![said(), Act::Cut],
        vec![said()],
        vec![said(), Act::send("data: {\"choices\": [{\"del"), Act::Cut],
    ] {
        let answered = after(acts).await;
        assert_eq!(attempts(&answered), [("main", "protocol"), ("spare", "ok")]);
        assert_eq!(text(&answered), "OTHER");
        let attempt = &answered.attempts[0];
        let usage = attempt.usage.as_ref().unwrap();
        assert_eq!(usage.source, UsageSource::Estimated);
        assert!((5..=20).contains(&usage.input) && (10..=20).contains(&usage.output), "{usage:?}");
        assert!(attempt.may_be_billed && attempt.cost.is_some() && attempt.time_to_first_token_ms.is_some());
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_behind_its_reason_to_finish_is_an_answer() {
    for end in [Act::Cut, Act::Rest(Duration::ZERO), Act::Hang] {
        let began = Instant::now();
        let answered = after(vec![Act::send(delta("hi") + &finish("stop")), end]).await;
        assert_eq!((attempts(&answered), text(&answered)), (vec![("main", "ok")], "hi"));
        assert_eq!(answered.attempts[0].usage.as_ref().unwrap().source, UsageSource::Estimated);
        assert!(began.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn the_mark_of_the_end_suffices_and_nothing_behind_it_is_waited_for() {
    let answered = after(vec![Act::send(delta("hi") + DONE + &delta("there")), Act::Hang]).await;
    assert_eq!((attempts(&answered), text(&answered)), (vec![("main", "ok")], "hi"));
    assert!(answered.attempts[0].duration_ms < 250, "{}", answered.attempts[0].duration_ms);
}

#[tokio::test]
async fn silence_ends_an_attempt_before_and_after_the_first_token() {
    let pings = (0..20).flat_map(|_| [Act::send(": ping\n\n"), Act::Rest(PATIENCE / 6)]);
    let cases = [
        (vec![Act::Hang], "first_token_timeout", None),
        (pings.collect(), "first_token_timeout", None),
        (vec![Act::send(delta("")), Act::Hang], "first_token_timeout", Some(UsageSource::Estimated)),
        (vec![Act::send(delta("hi")), Act::Hang], "idle_timeout", Some(UsageSource::Estimated)),
        (vec![Act::send(thought("reasoning")), Act::Hang], "idle_timeout", Some(UsageSource::Estimated)),
    ];
    for (acts, code, source) in cases {
        let answered = after(acts).await;
        assert_eq!(attempts(&answered), [("main", "timeout"), ("spare", "ok")]);
        let attempt = &answered.attempts[0];
        assert_eq!((attempt.code.as_deref(), attempt.status), (Some(code), Some(200)));
        assert_eq!(attempt.usage.as_ref().map(|usage| usage.source), source, "{code}");
        assert!(attempt.may_be_billed && attempt.duration_ms < 1_000, "{}", attempt.duration_ms);
    }
}

#[tokio::test]
async fn a_stream_that_goes_on_outlives_the_time_of_its_first_token() {
    let piece = |_| [Act::send(delta("x")), Act::Rest(PATIENCE / 3)];
    let acts = (0..6).flat_map(piece).chain([Act::send(finish("stop") + DONE)]).collect();
    assert_eq!(text(&after(acts).await), "xxxxxx");
}

#[tokio::test]
async fn thoughts_never_come_out_however_they_are_sent() {
    let split = ["<th", "ink>let me ", "think</thi", "nk>\n\nhi"].map(delta).concat();
    let apart = |field| thought(field) + &delta("hi");
    for said in [split, apart("reasoning_content"), apart("reasoning"), apart("thinking")] {
        let answered = after(vec![Act::send(said + &finish("stop") + DONE)]).await;
        assert_eq!((attempts(&answered), text(&answered)), (vec![("main", "ok")], "hi"));
        let usage = answered.attempts[0].usage.as_ref().unwrap();
        assert!(usage.reasoning > 0 && usage.reasoning < usage.output, "{usage:?}");
    }
}

#[tokio::test]
async fn usage_is_read_from_whatever_piece_has_it_and_the_last_holds() {
    let counted = |out: u64, text: &str| {
        event(
            &json!({"choices": [{"index": 0, "delta": {"content": text}}], "usage": {"prompt_tokens": 9, "completion_tokens": out}}),
        )
    };
    let streams = [
        counted(1, "hi") + &counted(7, " there") + &finish("stop") + DONE,
        counted(3, "hi there")
            + &finish("stop")
            + &event(&json!({"usage": {"prompt_tokens": 9, "completion_tokens": 7}}))
            + DONE,
    ];
    for stream in streams {
        let answered = after(vec![Act::send(stream)]).await;
        let usage = answered.attempts[0].usage.as_ref().unwrap();
        assert_eq!((usage.input, usage.output, usage.source), (9, 7, UsageSource::Provider));
    }
    let cut =
        after(vec![Act::send(counted(7, "hi")), Act::send(delta("x".repeat(40).as_str())), Act::Cut]).await;
    let usage = cut.attempts[0].usage.as_ref().unwrap();
    assert_eq!((usage.input, usage.output, usage.source), (9, 7 + 12, UsageSource::Estimated));
}

#[tokio::test]
async fn errors_filters_and_refusals_within_a_success_are_found() {
    let error = json!({"error": {"message": "slow", "type": "server_error", "code": "server_is_overloaded"}});
    let cases = [
        (delta("hi") + &event(&error) + DONE, "overloaded", "server_is_overloaded"),
        (
            format!("{}event: error\ndata: {{\"code\": \"rate_limit_exceeded\"}}\n\n", delta("hi")),
            "rate_limited",
            "rate_limit_exceeded",
        ),
        (delta("hi") + &error.to_string() + "\n\n", "overloaded", "server_is_overloaded"),
        (delta("hi") + "data: {\"choices\": [{\"del\n\n" + &finish("stop") + DONE, "protocol", "cut"),
        (DONE.to_owned(), "empty", "empty"),
        (delta("") + &finish("stop") + &usage() + DONE, "empty", "empty"),
        (delta("") + &finish("length") + &usage() + DONE, "cap_used_up", "length"),
        (
            event(
                &json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "f"}}]}}]}),
            ) + &finish("tool_calls")
                + DONE,
            "empty",
            "empty",
        ),
        (delta("hi") + &finish("content_filter") + DONE, "content_blocked", "content_filter"),
        (
            delta("hi")
                + &event(&json!({"choices": [{"delta": {"refusal": "no"}}]}))
                + &finish("stop")
                + DONE,
            "content_blocked",
            "refusal",
        ),
    ];
    for (stream, class, code) in cases {
        let answered = after(vec![Act::send(&stream)]).await;
        let attempt = &answered.attempts[0];
        assert_eq!(
            (attempt.error.as_deref(), attempt.code.as_deref()),
            (Some(class), Some(code)),
            "{stream}"
        );
        let ends = matches!(class, "content_blocked" | "cap_used_up");
        assert_eq!(answered.attempts.len(), if ends { 1 } else { 2 }, "{stream}");
    }
}

#[tokio::test]
async fn a_plain_reply_to_a_question_for_a_stream_is_read_as_what_it_is() {
    let (main, spare) = (Server::start().await, Server::start().await);
    let world = World::of_streams(&main, &spare, PATIENCE).await;
    main.will([Answer::new(200, completion("PLAIN"))]);
    let answered = world.ask("hello").await;
    assert_eq!((attempts(&answered), text(&answered)), (vec![("main", "ok")], "PLAIN"));
    assert_eq!(answered.attempts[0].time_to_first_token_ms, None);
    let [asked] = main.asked().try_into().unwrap();
    assert_eq!((&asked["stream"], &asked["stream_options"]), (&json!(true), &json!({"include_usage": true})));
}

#[tokio::test]
async fn a_refusal_is_read_as_a_whole() {
    let (main, spare) = (Server::start().await, Server::start().await);
    let world = World::of_streams(&main, &spare, PATIENCE).await;
    main.will([Answer::new(429, r#"{"error": {"code": "insufficient_quota", "message": "pay"}}"#)]);
    let answered = world.ask("hello").await;
    assert_eq!(attempts(&answered), [("main", "quota_exhausted"), ("spare", "ok")]);
}

#[tokio::test]
async fn the_stand_ins_streams_are_answers_unless_they_broke() {
    let world = World::patient(PATIENCE).await;
    for (fault, class) in [
        (json!({"kind": "split_utf8"}), "ok"),
        (json!({"kind": "pings", "every": 1}), "ok"),
        (json!({"kind": "trickle", "every": "20ms"}), "ok"),
        (json!({"kind": "tight_data"}), "ok"),
        (json!({"kind": "crlf"}), "ok"),
        (json!({"kind": "byte_order_mark"}), "ok"),
        (json!({"kind": "missing_done"}), "ok"),
        (json!({"kind": "usage_in_choice"}), "ok"),
        (json!({"kind": "usage_everywhere"}), "ok"),
        (json!({"kind": "cut_stream", "after_chunks": 2}), "protocol"),
        (json!({"kind": "reset_stream", "after_chunks": 2}), "protocol"),
        (json!({"kind": "malformed_frame", "after_chunks": 2}), "protocol"),
        (json!({"kind": "stall", "after_chunks": 2}), "timeout"),
        (json!({"kind": "slow_first_byte", "after": "5s"}), "timeout"),
        (json!({"kind": "stream_error", "after_chunks": 2}), "overloaded"),
    ] {
        world.fault("sim-main", 1, fault.clone()).await;
        let answered = world.ask("hello, 环 there").await;
        let first = &answered.attempts[0];
        assert_eq!(first.error.as_deref().unwrap_or("ok"), class, "{fault}: {first:?}");
        assert!(text(&answered).contains("hello, 环 there"), "{fault}");
        let told = first.usage.as_ref().map(|usage| usage.source);
        let expected = match class {
            "ok" => Some(UsageSource::Provider),
            _ if fault["kind"] == "slow_first_byte" => None,
            _ if fault["kind"] == "malformed_frame" => Some(UsageSource::Provider),
            _ => Some(UsageSource::Estimated),
        };
        assert_eq!(told, expected, "{fault}");
    }
}
