//! Answers in every form, and what is no answer.

use schemas::answered::UsageSource;

use super::*;

fn usage(input: u64, output: u64) -> Option<Usage> {
    Some(Usage { input, output, ..Usage::default() })
}

/// A usual reply with its only choice changed.
fn completion(choice: Value) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}})
}

fn message(content: Value, finish: Value) -> Value {
    completion(
        json!({"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}),
    )
}

fn with(name: &str, value: Value) -> Value {
    let mut body = message("ANSWER".into(), "stop".into());
    body[name] = value;
    body
}

fn answers(body: impl AsRef<[u8]>) {
    let shown = String::from_utf8_lossy(body.as_ref()).into_owned();
    let reading = read_body(body);
    assert_eq!(reading.result.as_ref().map(|said| said.text.as_str()), Ok("ANSWER"), "{shown}");
    assert_eq!(reading.notes.usage, usage(1000, 200), "{shown}");
}

#[test]
fn an_answer_is_read_with_everything_that_it_tells() {
    let body = json!({
        "id": "chatcmpl-1", "model": "m1-2026",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hold it.", "refusal": null}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 64},
            "completion_tokens_details": {"reasoning_tokens": 8}},
    });
    let reading = read(families::of(Provider::Openai, None), &reply(200, body.to_string()), CAP);
    assert_eq!(reading.result.unwrap(), Completion { text: "Hold it.".into(), truncated: false });
    let expected = Notes {
        status: Some(200),
        model: Some("m1-2026".into()),
        provider_request: Some("req_1".into()),
        finish: Some("stop".into()),
        flagged: None,
        usage: Some(Usage { input: 100, cached: 64, output: 20, reasoning: 8, ..Usage::default() }),
        raw_usage: Some(body["usage"].to_string()),
        usage_contradicts: false,
        time_to_first_token: None,
        oddities: vec![],
    };
    assert_eq!(reading.notes, expected);
}

#[test]
fn the_providers_own_words_of_its_usage_are_kept_unless_they_are_longer_than_a_record_carries() {
    let raw = |extra: &str| {
        let mut body = message("ANSWER".into(), "stop".into());
        body["usage"]["note"] = extra.into();
        read_body(body.to_string()).notes.raw_usage
    };
    let short = raw("n").unwrap();
    assert_eq!(short, r#"{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200,"note":"n"}"#);
    let room = schemas::answered::LONGEST_RAW_USAGE - short.len() + 1;
    assert_eq!(raw(&"n".repeat(room)).map(|raw| raw.len()), Some(schemas::answered::LONGEST_RAW_USAGE));
    assert_eq!(raw(&"n".repeat(room + 1)), None);
}

#[test]
fn what_a_server_leaves_out_is_not_made_up() {
    let bare = r#"{"id": "c1", "choices": [{"message": {"content": "hi"}, "finish_reason": "length"}]}"#;
    let without_header = Reply { headers: HeaderMap::new(), ..reply(200, bare) };
    let reading = read(families::of(Provider::Local, None), &without_header, CAP);
    assert!(reading.result.unwrap().truncated);
    assert_eq!(reading.notes.model, None);
    assert_eq!(reading.notes.provider_request.as_deref(), Some("c1"));
}

#[test]
fn tokens_that_an_answer_does_not_tell_are_estimated_and_those_of_a_failure_are_not() {
    let usage = |text: &str, finish: &str| {
        let body = json!({"choices": [{"message": {"content": text, "reasoning_content": "let me see"}, "finish_reason": finish}]});
        read(families::of(Provider::Local, None), &reply(200, body.to_string()), CAP).notes.usage
    };
    let estimated = usage("hi there", "stop").unwrap();
    assert_eq!((estimated.source, estimated.input > 0), (UsageSource::Estimated, true));
    assert!(estimated.reasoning > 0 && estimated.output > estimated.reasoning, "{estimated:?}");
    for (text, finish) in [("", "stop"), ("hi there", "content_filter"), ("hi there", "error")] {
        assert_eq!(usage(text, finish), None, "{text:?} {finish}");
    }
}

#[test]
fn one_odd_field_costs_neither_answer_nor_usage() {
    for id in [json!(12345), json!(null), json!(1.5), json!([]), json!({"a": 1}), json!("")] {
        answers(with("id", id).to_string());
    }
    for (name, value) in [
        ("model", json!(null)),
        ("model", json!(7)),
        ("created", json!("yesterday")),
        ("object", json!(null)),
        ("object", json!("error?")),
        ("system_fingerprint", json!(3)),
        ("service_tier", json!({})),
        ("extra", json!({"choices": []})),
        ("code", json!(0)),
        ("code", json!(200)),
        ("code", json!("Success")),
        ("message", json!("Success")),
        ("success", json!(true)),
        ("detail", json!(null)),
        ("data", json!(null)),
        ("result", json!("ok")),
        ("base_resp", json!({"status_code": 0, "status_msg": "success"})),
        ("error_code", json!(0)),
        ("errors", json!([])),
        ("input_sensitive", json!(false)),
        ("status", json!("completed")),
        ("code", json!(77)),
        ("code", json!(1000)),
        ("error_code", json!(7)),
        ("detail", json!("cached")),
    ] {
        answers(with(name, value).to_string());
    }
}

#[test]
fn an_empty_error_is_none_and_a_real_one_is_one() {
    for nothing in [
        json!(""),
        json!({}),
        json!(null),
        json!(false),
        json!([]),
        json!(0),
        json!("null"),
        json!(" "),
        json!("none"),
        json!({"message": "", "code": null}),
        json!({"code": 0, "message": "Success"}),
        json!([{}]),
        json!({"code": "200", "message": "ok"}),
        json!({"code": 200, "message": "OK"}),
    ] {
        answers(with("error", nothing).to_string());
    }
    let real = json!({"message": "engine stopped", "code": "engine_stopped"});
    let reading = read_body(with("error", real).to_string());
    assert_eq!(reading.result.unwrap_err().code.as_deref(), Some("engine_stopped"));
    assert_eq!(reading.notes.usage, usage(1000, 200), "it is paid");
}

#[test]
fn content_is_text_or_parts_and_thoughts_are_neither() {
    for content in [
        json!("ANSWER"),
        json!([{"type": "text", "text": "ANS"}, {"type": "text", "text": "WER"}]),
        json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "ANSWER"}]),
        json!({"type": "text", "text": "ANSWER"}),
        json!(["ANSWER"]),
        json!("<think>\nThe user is annoying.\n</think>\n\nANSWER"),
        json!("hm\n</think>\n\nANSWER"),
    ] {
        answers(message(content, "stop".into()).to_string());
    }
    let beside = json!({"message": {"content": "ANSWER", "reasoning_content": "hm", "reasoning": "hm", "tool_calls": null, "refusal": ""},
        "finish_reason": "stop"});
    answers(completion(beside).to_string());
}

#[test]
fn choices_are_found_where_they_are() {
    let choice = json!({"message": {"content": "ANSWER"}, "finish_reason": "stop"});
    let empty = json!({"message": {"content": ""}, "finish_reason": "stop"});
    let counts = json!({"prompt_tokens": 1000, "completion_tokens": 200});
    for body in [
        json!({"choices": choice, "usage": counts}),
        json!({"choices": {"0": choice}, "usage": counts}),
        json!({"choices": [null, choice], "usage": counts}),
        json!({"choices": [empty, choice], "usage": counts}),
        json!({"choices": [{"text": "ANSWER", "finish_reason": "stop"}], "usage": counts}),
        json!({"choices": [{"message": "ANSWER"}], "usage": counts}),
        json!({"choices": [{"message": null, "delta": {"content": "ANSWER"}}], "usage": counts}),
        json!({"choices": [{"delta": {"content": "ANSWER"}}], "usage": counts}),
        json!({"code": 200, "msg": "ok", "data": {"choices": [choice], "usage": counts}}),
        json!({"output": {"choices": [choice]}, "usage": {"input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200}}),
        json!({"output": {"text": "ANSWER", "finish_reason": "stop"}, "usage": {"input_tokens": 1000, "output_tokens": 200}}),
        json!({"choices": [{"message": {"content": "ANSWER"}, "usage": counts}]}),
        json!({"model": "m", "message": {"role": "assistant", "content": "ANSWER"}, "done": true, "done_reason": "stop", "prompt_eval_count": 1000, "eval_count": 200}),
        json!({"id": "as-1", "result": "ANSWER", "is_truncated": false, "usage": counts}),
    ] {
        answers(body.to_string());
    }
}

#[test]
fn the_wire_may_be_odd_as_long_as_its_meaning_is_plain() {
    let good = message("ANSWER".into(), "stop".into()).to_string();
    let odd = |from: &str, to: &str| good.replacen(from, to, 1);
    for body in [
        format!("\u{feff}{good}"),
        format!("\n\n{good}"),
        format!(": processing\n\n: processing\n\n{good}"),
        format!("{good}\n\ndata: [DONE]\n\n"),
        format!("{good} trailing"),
        odd("\"index\":0", "\"logprobs\":{\"content\":[{\"token\":\"A\",\"logprob\":NaN}]}"),
        odd("\"index\":0", "\"score\":-Infinity"),
        odd("\"index\":0", "\"score\":1e999"),
        odd("\"index\":0", "\"index\":0,"),
        odd("\"role\":\"assistant\"", "\"content\":\"first\""),
        odd("\"id\":\"chatcmpl-1\"", "\"id\":\"\\ud83d\""),
        format!("data: {good}\n\ndata: [DONE]\n\n"),
        format!("[{good}]"),
        json!(good).to_string(),
    ] {
        answers(body);
    }
    answers(good.encode_utf16().flat_map(u16::to_le_bytes).fold(vec![0xff, 0xfe], |mut all, byte| {
        all.push(byte);
        all
    }));
}

#[test]
fn broken_characters_are_replaced_and_the_rest_stays() {
    let good = message("ANSWER".into(), "stop".into()).to_string();
    for (broken, expected) in [
        (good.replace("ANSWER", "AN\\ud83dSWER").into_bytes(), "AN\u{fffd}SWER"),
        (good.replace("ANSWER", "ANSWER\\udc00").into_bytes(), "ANSWER\u{fffd}"),
        (good.replace("ANSWER", "\\ud83d\\ude00").into_bytes(), "😀"),
        (
            [
                good.split_once("SWER").unwrap().0.as_bytes(),
                b"\xe7\x8eSWER",
                good.split_once("SWER").unwrap().1.as_bytes(),
            ]
            .concat(),
            "AN\u{fffd}SWER",
        ),
    ] {
        assert_eq!(read_body(broken).result.unwrap().text, expected);
    }
}

#[test]
fn a_stream_that_nobody_asked_for_is_put_together() {
    let streams = [
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"ANS\"},\"finish_reason\":null}]}\n\ndata: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"WER\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200}}\n\ndata: [DONE]\n\n",
        "data:{\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"ANSWER\"}}],\"usage\":null}\r\n\r\ndata:{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\ndata:{\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200}}\r\n\r\ndata:[DONE]\r\n\r\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"<think>h\"}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"m</think>ANSWER\"}}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200}}\n\ndata: [DONE]\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"ANS\"}}]}\n\ndata: {\"object\":\"chat.completion\",\"choices\":[{\"message\":{\"content\":\"ANSWER\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200}}\n\n",
        "id:1\nevent:result\n:HTTP_STATUS/200\ndata:{\"output\":{\"choices\":[{\"message\":{\"content\":\"ANS\"},\"finish_reason\":\"null\"}]}}\n\nid:2\nevent:result\ndata:{\"output\":{\"choices\":[{\"message\":{\"content\":\"ANSWER\"},\"finish_reason\":\"stop\"}]},\"usage\":{\"input_tokens\":1000,\"output_tokens\":200}}\n\n",
        "{\"message\":{\"content\":\"ANS\"},\"done\":false}\n{\"message\":{\"content\":\"WER\"},\"done\":false}\n{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":1000,\"eval_count\":200}\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"ANSWER\"},\"finish_reason\":\"stop\",\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200}}]}\n\n",
        "data: {\"choices\":[{\"text\":\"ANS\"}]}\n\ndata: {\"choices\":[{\"text\":\"WER\",\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200}}\n\n",
    ];
    for stream in streams {
        answers(stream);
        assert!(read_body(stream).notes.oddities.contains(&Oddity::UnaskedStream), "{stream}");
    }
}

#[test]
fn a_stream_with_a_hole_an_error_or_no_end_is_no_answer_and_its_tokens_count() {
    let first = "data: {\"choices\":[{\"delta\":{\"content\":\"Half\"}}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200}}\n\n";
    let cases = [
        (String::new(), Class::Protocol, "cut"),
        ("data: {\"choices\":[{\"delta\"\n\ndata: [DONE]\n\n".to_owned(), Class::Protocol, "cut"),
        (
            "data: {\"error\":{\"message\":\"x\",\"code\":\"server_overloaded\"}}\n\ndata: [DONE]\n\n"
                .to_owned(),
            Class::Overloaded,
            "server_overloaded",
        ),
        (
            "event: error\ndata: {\"message\":\"x\",\"type\":\"overloaded_error\"}\n\n".to_owned(),
            Class::Overloaded,
            "overloaded_error",
        ),
        (
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\ndata: [DONE]\n\n"
                .to_owned(),
            Class::ContentBlocked,
            "content_filter",
        ),
        (
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"network_error\"}]}\n\ndata: [DONE]\n\n"
                .to_owned(),
            Class::Protocol,
            "network_error",
        ),
    ];
    for (rest, class, code) in cases {
        let reading = read_body(format!("{first}{rest}"));
        let failure = reading.result.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (class, Some(code)), "{rest}");
        assert_eq!(reading.notes.usage, usage(1000, 200), "{rest}");
    }
}

#[test]
fn the_end_of_an_answer_is_what_its_word_means() {
    for finished in [
        json!("stop"),
        json!("STOP"),
        json!("end_turn"),
        json!("eos_token"),
        json!(""),
        json!(null),
        json!("tool_calls"),
        json!({"type": "stop"}),
    ] {
        answers(message("ANSWER".into(), finished).to_string());
    }
    for blocked in [
        "content_filter",
        "sensitive",
        "SAFETY",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "BLOCKLIST",
        "SPII",
        "risk",
        "refusal",
        "content-filter",
    ] {
        let failure =
            read_body(message("Half of a forb".into(), blocked.into()).to_string()).result.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (Class::ContentBlocked, Some(blocked)));
    }
    for broken in ["network_error", "error", "failed", "abort", "insufficient_system_resource"] {
        let failure = read_body(message("Half".into(), broken.into()).to_string()).result.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (Class::Protocol, Some(broken)));
        assert!(failure.ambiguous && !failure.counts_for_breaker());
    }
    for cut in ["length", "max_tokens", "MAX_TOKENS", "model_length"] {
        let said = read_body(message("ANS".into(), cut.into()).to_string()).result.unwrap();
        assert_eq!(said, Completion { text: "ANS".into(), truncated: true });
    }
    let unknown = read_body(message("ANSWER".into(), "OTHER".into()).to_string());
    assert_eq!(unknown.result.unwrap().text, "ANSWER");
    assert_eq!(
        (unknown.notes.oddities, unknown.notes.finish.as_deref()),
        (vec![Oddity::UnknownFinish], Some("OTHER"))
    );
}

#[test]
fn the_sign_of_a_filter_lets_nothing_out() {
    let choice = |more: Value| {
        let mut choice = json!({"message": {"content": "Half"}, "finish_reason": "stop"});
        choice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        completion(choice)
    };
    let filtered = json!({"content_filter_results": {"hate": {"filtered": true, "severity": "high"}}});
    let refusal = json!({"message": {"content": null, "refusal": "I cannot help with that."}});
    let part = json!([{"type": "refusal", "refusal": "I cannot."}]);
    for body in [
        with("output_sensitive", json!(true)),
        with("input_sensitive", json!(true)),
        choice(filtered),
        choice(refusal),
        choice(json!({"flag": 3})),
        message(part, "stop".into()),
    ] {
        let reading = read_body(body.to_string());
        let failure = reading.result.unwrap_err();
        assert_eq!(failure.class, Class::ContentBlocked, "{body}");
        assert!(!failure.counts_for_breaker());
        assert!(reading.notes.usage.is_some());
    }
    let passed = json!({"message": {"content": "ANSWER"}, "flag": 1, "content_filter_results": {"hate": {"filtered": false}}});
    answers(choice(passed).to_string());
}

#[test]
fn nothing_said_is_nobodys_health_and_its_tokens_still_count() {
    let thoughts = completion(
        json!({"message": {"content": "", "reasoning_content": "long thoughts"}, "finish_reason": "stop"}),
    );
    let mut silent: Vec<Value> = [
        json!(null),
        json!(""),
        json!(" \n"),
        json!("\u{200b}\u{3164}"),
        json!([]),
        json!("<think>hm</think>"),
        json!([{"type": "thinking", "thinking": "hm"}]),
    ]
    .into_iter()
    .map(|content| message(content, "stop".into()))
    .collect();
    silent.extend([
        thoughts,
        with("choices", json!([])),
        with("choices", json!(null)),
        with("choices", json!([{"finish_reason": "stop"}])),
    ]);
    for body in silent {
        let reading = read_body(body.to_string());
        let failure = reading.result.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (Class::Empty, Some("empty")), "{body}");
        assert!(failure.ambiguous && !failure.counts_for_breaker(), "{body}");
        assert_eq!(reading.notes.usage, usage(1000, 200), "{body}");
    }
}

#[test]
fn a_cap_that_was_used_up_before_a_word_is_said_so() {
    for content in [
        json!(""),
        json!(null),
        json!(" "),
        json!("<think>so many thou"),
        json!([{"type": "thinking", "thinking": "hm"}]),
    ] {
        let reading = read_body(message(content.clone(), "length".into()).to_string());
        let failure = reading.result.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (Class::CapUsedUp, Some("length")), "{content}");
        assert!(failure.ambiguous && !failure.counts_for_breaker());
        assert_eq!(reading.notes.usage, usage(1000, 200));
    }
}

#[test]
fn an_error_beside_an_empty_completion_keeps_its_usage() {
    let body = json!({"id": "x", "choices": null, "base_resp": {"status_code": 1004, "status_msg": "login fail"},
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}});
    let read = read_body(body.to_string());
    let failure = read.result.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Auth, Some("1004")));
    assert_eq!(read.notes.usage, usage(1000, 200));
    let inner = completion(
        json!({"message": {"content": "Half"}, "error": {"code": 502, "message": "x"}, "finish_reason": "error"}),
    );
    assert_eq!(read_body(inner.to_string()).result.unwrap_err().code.as_deref(), Some("502"));
}

#[test]
fn what_is_no_completion_at_all_is_told_by_its_form_and_never_by_its_words() {
    let page = Reply {
        headers: [("content-type".parse().unwrap(), "text/html; charset=utf-8".parse().unwrap())]
            .into_iter()
            .collect(),
        ..reply(200, "<html><title>Sign in, Alice</title>")
    };
    let failure = read(families::of(Provider::Openai, None), &page, CAP).result.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Protocol, Some("unreadable")));
    let expected = "read the reply: it is no completion (content type text/html; charset=utf-8, encoding -, 35 bytes, begins <html><title>* *, *</title>)";
    assert_eq!(failure.detail, expected);
    for body in [
        "",
        "{\"choi",
        "[]",
        "null",
        "42",
        "\"hi\"",
        "OK",
        "{}",
        "{\"foo\": 1}",
        "<html>",
        "{\"choices\":[{\"message\":{\"content\":\"half",
    ] {
        let failure = failure_of(body);
        assert_eq!(failure.class, Class::Protocol, "{body}");
        assert!(failure.ambiguous && failure.counts_for_breaker(), "the wire is broken: {body}");
    }
}

fn failure_of(body: &str) -> Failure {
    read_body(body).result.unwrap_err()
}

#[test]
fn an_answer_far_beyond_its_cap_is_cut_as_if_the_cap_had_been_kept() {
    let long = "这是一个很长的回答。".repeat(10_000);
    let reading = read_body(message(long.clone().into(), "stop".into()).to_string());
    let said = reading.result.unwrap();
    assert!(said.truncated && long.starts_with(&said.text));
    assert_eq!(said.text.chars().count(), 3_636, "four times the cap, by the estimate");
    assert_eq!(reading.notes.oddities, [Oddity::Overlong]);
    let usual = "工".repeat(1_800);
    assert_eq!(
        self::read_body(message(usual.clone().into(), "stop".into()).to_string()).result.unwrap(),
        Completion { text: usual, truncated: false }
    );
}

#[test]
fn a_failure_never_quotes_the_providers_message() {
    for error in [
        json!({"error": {"message": "your prompt was: 身份证", "code": "invalid_prompt"}}),
        json!({"error": "身份证"}),
        json!({"detail": "身份证"}),
    ] {
        assert!(!format!("{:?}", failure(Provider::Openai, 400, &error.to_string())).contains("身份证"));
    }
}
