//! What servers answered in the field, byte for byte, through the whole step: what a person gets, what it cost, and who
//! is asked next.

use schemas::answered::{Answered, Outcome, UsageSource};
use schemas::ids::TargetName;
use schemas::request::Request;
use serde_json::{Value, json};

use crate::server::{Answer, Server, completion};
use crate::world::{World, attempts, reason, text};

/// Input 2, cached 0.2, output 8 CNY for a million tokens; the second target takes a longer prompt.
const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main", "spare"]
    allowed_regions = ["cn"]
    label = "AI"
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "main"
    provider = "openai"
    model = "m"
    region = "cn"
    timeout = "5s"
    context_tokens = 16000
    [[target]]
    name = "spare"
    provider = "local"
    model = "m"
    region = "cn"
    timeout = "5s"
    context_tokens = 200000
    [[price]]
    provider = "openai"
    model = "m"
    currency = "CNY"
    from = "2020-01-01"
    input = "2"
    cached = "0.2"
    output = "8"
"#;

struct Line {
    main: Server,
    spare: Server,
    world: World,
}

impl Line {
    async fn new() -> Self {
        let (main, spare) = (Server::start().await, Server::start().await);
        let world = World::of_servers(&main, &spare, CATALOGUE).await;
        Self { main, spare, world }
    }

    fn request(&self, chain: &[&str]) -> Request {
        let mut request = self.world.request("hello", 10_000);
        request.chain = chain.iter().map(|name| TargetName::new(*name).unwrap()).collect();
        request
    }

    /// What came of a request whose first call is answered so.
    async fn after(&self, answer: Answer) -> Answered {
        self.main.will([answer]);
        self.world.run(&self.request(&["main", "spare"])).await
    }

    async fn after_body(&self, body: impl Into<Vec<u8>>) -> Answered {
        self.after(Answer::new(200, body)).await
    }
}

fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut body: Value = serde_json::from_str(&completion("ANSWER")).unwrap();
    change(&mut body);
    body.to_string()
}

/// Cost of the only attempt in millionths of a CNY.
fn micros(answered: &Answered) -> Option<String> {
    let [attempt] = answered.attempts.as_slice() else { panic!("{answered:?}") };
    attempt.cost.as_ref().map(|cost| (cost.pico / 1_000_000).to_string())
}

#[tokio::test]
async fn an_odd_form_of_an_answer_is_an_answer_at_its_price() {
    let line = Line::new().await;
    let content = |content: Value| changed(|body| body["choices"][0]["message"]["content"] = content);
    let good = completion("ANSWER");
    let bodies = [
        content(json!([{"type": "text", "text": "ANS"}, {"type": "text", "text": "WER"}])),
        content(
            json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "ANSWER"}]),
        ),
        content(json!("<think>\nThe user is annoying.\n</think>\n\nANSWER")),
        content(json!("The user is annoying.\n</think>\n\nANSWER")),
        content(json!("ANSWER<|im_end|>")),
        changed(|body| body["id"] = json!(12345)),
        changed(|body| body["error"] = json!("")),
        changed(|body| body["error"] = json!({})),
        changed(|body| body["usage"]["prompt_tokens_details"] = json!([])),
        good.replace("\"index\":0", "\"logprob\":NaN,\"x\":-Infinity"),
        format!("\u{feff}{good}"),
        format!(": processing\n\n{good}"),
        format!("{good}\n\ndata: [DONE]\n\n"),
        format!("data: {}\n\ndata: [DONE]\n\n", good.replace("\"message\"", "\"delta\"")),
    ];
    for body in bodies {
        let answered = line.after_body(body.clone()).await;
        assert_eq!((text(&answered), micros(&answered).as_deref()), ("ANSWER", Some("3600")), "{body}");
    }
    assert!(line.spare.asked().is_empty());
}

#[tokio::test]
async fn tokens_are_priced_in_every_dialect_and_never_on_a_contradiction() {
    let line = Line::new().await;
    let cases = [
        (
            json!({"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200, "cached_tokens": 900}),
            Some("1980"),
            false,
        ),
        (
            json!({"prompt_tokens": 1000, "completion_tokens": 200, "prompt_cache_hit_tokens": 900}),
            Some("1980"),
            false,
        ),
        (
            json!({"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1300, "completion_tokens_details": {"reasoning_tokens": 100}}),
            Some("4400"),
            false,
        ),
        (
            json!({"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1700, "prompt_tokens_details": {"cached_tokens": 128},
            "completion_tokens_details": {"reasoning_tokens": 500}}),
            Some("7369"),
            false,
        ),
        (json!({"prompt_tokens": "1000", "completion_tokens": 200.0}), Some("3600"), false),
        (json!({"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 9000}), None, true),
        (json!({"prompt_tokens": 1000, "completion_tokens": 200, "cached_tokens": 2000}), None, true),
    ];
    for (usage, cost, contradicts) in cases {
        let answered = line.after_body(changed(|body| body["usage"] = usage.clone())).await;
        assert_eq!((text(&answered), micros(&answered).as_deref()), ("ANSWER", cost), "{usage}");
        let attempt = &answered.attempts[0];
        assert_eq!((attempt.usage_contradicts, attempt.may_be_billed), (contradicts, true), "{usage}");
        assert_eq!(attempt.usage.as_ref().map(|usage| usage.source), Some(UsageSource::Provider), "{usage}");
    }
    for usage in [json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}), json!(null)] {
        let answered = line.after_body(changed(|body| body["usage"] = usage.clone())).await;
        let attempt = &answered.attempts[0];
        assert_eq!(attempt.usage.as_ref().map(|usage| usage.source), Some(UsageSource::Estimated), "{usage}");
        assert!(attempt.cost.is_some() && attempt.may_be_billed && !attempt.usage_contradicts, "{usage}");
    }
}

#[tokio::test]
async fn a_used_up_cap_is_told_and_paid_once_and_silences_nobody() {
    let line = Line::new().await;
    let used_up = changed(|body| {
        body["choices"][0] = json!({"message": {"content": "", "reasoning_content": "long thoughts"}, "finish_reason": "length"});
    });
    for _ in 0..40 {
        let answered = line.after_body(used_up.clone()).await;
        assert_eq!((reason(&answered), attempts(&answered)), ("cap_used_up", vec![("main", "cap_used_up")]));
        assert_eq!(micros(&answered).as_deref(), Some("3600"));
    }
    assert!(line.spare.asked().is_empty(), "it would cost the same there");
    let others = line.world.run(&line.request(&["main"])).await;
    assert_eq!(text(&others), "OTHER", "the target is as good as before");
}

#[tokio::test]
async fn whatever_one_person_makes_a_model_say_its_target_stays_open_to_others() {
    let line = Line::new().await;
    let finish = |word: &str| changed(|body| body["choices"][0]["finish_reason"] = json!(word));
    let bodies = [
        changed(|body| body["choices"][0]["message"]["content"] = json!(" ")),
        changed(|body| body["choices"][0]["message"]["content"] = json!("\u{200b}\u{3164}")),
        changed(|body| body["choices"][0]["message"] = json!({"content": null, "refusal": "I cannot."})),
        changed(|body| body["choices"] = json!([])),
        finish("sensitive"),
        finish("network_error"),
        json!({"success": false}).to_string(),
        json!({"error": {"message": "cannot do this"}}).to_string(),
    ];
    for body in bodies {
        line.main.always(Some(Answer::new(200, body.clone())));
        for _ in 0..25 {
            let answered = line.world.run(&line.request(&["main"])).await;
            assert!(matches!(answered.outcome, Outcome::Failed { .. }), "{body}");
        }
        line.main.always(None);
        assert_eq!(text(&line.world.run(&line.request(&["main"])).await), "OTHER", "{body}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_asked_for_elsewhere_and_not_for_ever_at_one_place() {
    let line = Line::new().await;
    let blank = changed(|body| body["choices"][0]["message"]["content"] = json!(" \u{200b}"));
    let answered = line.after_body(blank.clone()).await;
    assert_eq!((text(&answered), attempts(&answered)), ("OTHER", vec![("main", "empty"), ("spare", "ok")]));
    line.main.will(std::iter::repeat_n(Answer::new(200, blank), 9));
    let answered = line.world.run(&line.request(&["main"])).await;
    assert_eq!((reason(&answered), answered.attempts.len()), ("empty", 2));
}

#[tokio::test]
async fn a_stopped_answer_is_blocked_and_a_broken_one_is_asked_for_elsewhere() {
    let line = Line::new().await;
    let finish = |word: &str| changed(|body| body["choices"][0]["finish_reason"] = json!(word));
    for blocked in
        [finish("sensitive"), finish("SAFETY"), changed(|body| body["output_sensitive"] = json!(true))]
    {
        let answered = line.after_body(blocked).await;
        assert_eq!((reason(&answered), micros(&answered).as_deref()), ("content_blocked", Some("3600")));
    }
    let answered = line.after_body(finish("network_error")).await;
    assert_eq!((text(&answered), answered.attempts.len()), ("OTHER", 2));
    assert_eq!(answered.attempts[0].code.as_deref(), Some("network_error"));
    assert!(answered.attempts[0].cost.is_some(), "the half is paid");
}

#[tokio::test]
async fn a_vendors_error_beside_an_empty_completion_is_one_failure_with_its_usage() {
    let line = Line::new().await;
    let body = changed(|body| {
        body["choices"] = json!(null);
        body["base_resp"] = json!({"status_code": 1004, "status_msg": "login fail"});
    });
    line.main.will([Answer::new(200, body)]);
    let answered = line.world.run(&line.request(&["main"])).await;
    assert_eq!((reason(&answered), micros(&answered).as_deref()), ("auth", Some("3600")));
}

#[tokio::test]
async fn a_request_that_one_target_does_not_take_goes_to_the_next_one() {
    let forbidden = json!({"object": "error", "type": "invalid_request_error",
        "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "user"], "msg": "Extra inputs are not permitted"}]}});
    let unsupported = json!({"error": {"message": "Unsupported parameter: 'max_completion_tokens'",
        "type": "invalid_request_error", "code": "unsupported_parameter"}});
    let page = "<html>413 Request Entity Too Large</html>".to_owned();
    for (status, body) in [
        (400, unsupported.to_string()),
        (422, forbidden.to_string()),
        (413, page.clone()),
        (405, page.clone()),
        (415, page.clone()),
        (404, page),
    ] {
        let line = Line::new().await;
        let answered = line.after(Answer::new(status, body)).await;
        assert_eq!(text(&answered), "OTHER", "{status}");
        assert_eq!((answered.attempts.len(), line.main.asked().len()), (2, 1), "asked once: {status}");
        assert!(!answered.attempts[0].may_be_billed, "a refusal costs nothing");
    }
}

#[tokio::test]
async fn a_prompt_that_is_too_long_goes_to_the_larger_target_and_to_no_smaller_one() {
    let too_long = [
        json!({"object": "error", "message": "This model's maximum context length is 2048 tokens.", "type": "BadRequestError", "param": null, "code": 400}),
        json!({"error": {"code": 400, "message": "the request exceeds the available context size.", "type": "invalid_request_error"}}),
    ];
    for body in too_long {
        let line = Line::new().await;
        let answered = line.after(Answer::new(400, body.to_string())).await;
        assert_eq!(attempts(&answered), [("main", "context_too_long"), ("spare", "ok")]);
        line.spare.will([Answer::new(400, body.to_string())]);
        let answered = line.world.run(&line.request(&["spare", "main"])).await;
        assert_eq!(attempts(&answered), [("spare", "context_too_long")]);
    }
}

#[tokio::test]
async fn a_moved_address_is_named_in_the_record_and_asked_once() {
    let line = Line::new().await;
    for (status, location) in [
        (307, "https://new.example.com/v2/chat/completions?key=hush"),
        (301, "https://new.example.com/v2/chat/completions"),
    ] {
        let answered = line.after(Answer::new(status, "").with(&format!("location: {location}"))).await;
        assert_eq!((text(&answered), answered.attempts.len()), ("OTHER", 2));
        let detail = answered.attempts[0].detail.as_deref().unwrap();
        assert!(detail.ends_with(" to new.example.com/v2/chat/completions"), "{detail}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_described_in_the_record_without_a_word_of_it() {
    let line = Line::new().await;
    line.main.will([Answer::new(200, "<html>Dear Alice"), Answer::new(200, "<html>Dear Alice")]);
    let answered = line.world.run(&line.request(&["main"])).await;
    assert_eq!((reason(&answered), answered.attempts.len()), ("protocol", 2));
    for attempt in &answered.attempts {
        assert!(attempt.may_be_billed);
        let detail = attempt.detail.as_deref().unwrap();
        assert_eq!(
            detail,
            "read the reply: it is no completion (content type application/json, encoding -, 16 bytes, begins <html>* *)"
        );
    }
}

#[tokio::test]
async fn a_field_that_a_strict_server_forbids_is_not_sent_to_it() {
    let line = Line::new().await;
    line.world.run(&line.request(&["spare"])).await;
    line.world.run(&line.request(&["main"])).await;
    let (spare, main) = (line.spare.asked(), line.main.asked());
    assert!(spare[0].get("user").is_none() && spare[0].get("messages").is_some());
    assert!(main[0].get("safety_identifier").is_some());
}
