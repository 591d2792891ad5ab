use outbound::Class;

use super::FAMILY;
use crate::families::samples::{failed, fall_into_their_classes, heard, tokens};

/// What vLLM, SGLang and llama.cpp say, whose codes are the numbers of HTTP.
const ERRORS: &[(u16, &str, Class)] = &[
    (
        400,
        r#"{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens in the messages.","type":"BadRequestError","param":"input_tokens","code":400}}"#,
        Class::ContextTooLong,
    ),
    (401, r#"{"error":"Unauthorized"}"#, Class::Auth),
    (
        404,
        r#"{"error":{"message":"The model `m` does not exist.","type":"NotFoundError","param":"model","code":404}}"#,
        Class::ModelUnavailable,
    ),
    (
        500,
        r#"{"error":{"message":"EngineCore encountered an issue.","type":"InternalServerError","param":null,"code":500}}"#,
        Class::ServerError,
    ),
    (
        400,
        r#"{"object":"error","message":"Requested token count exceeds the model's maximum context length of 4096 tokens.","type":"BadRequestError","param":null,"code":400}"#,
        Class::ContextTooLong,
    ),
    (
        400,
        r#"{"object":"error","message":"The input (5000 tokens) is longer than the model's context length (4096 tokens).","type":"BadRequest","param":null,"code":400}"#,
        Class::ContextTooLong,
    ),
    (
        503,
        r#"{"object":"error","message":"The request queue is full.","type":"ServiceUnavailable","param":null,"code":503}"#,
        Class::RateLimited,
    ),
    (
        503,
        r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
        Class::Overloaded,
    ),
    (
        400,
        r#"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}}"#,
        Class::ContextTooLong,
    ),
    (401, r#"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#, Class::Auth),
    (
        501,
        r#"{"error":{"code":501,"message":"This server does not support it","type":"not_supported_error"}}"#,
        Class::BadRequest,
    ),
];

#[test]
fn errors_of_each_server_fall_into_their_classes() {
    fall_into_their_classes(&FAMILY, ERRORS);
}

#[test]
fn pings_between_the_pieces_and_fields_of_its_own_are_passed_over() {
    let stream = concat!(
        ": ping\n\n",
        "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null},\"index\":0,\"finish_reason\":null}]}\n\n",
        ":\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"At the desk.\"},\"index\":0,\"finish_reason\":null}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"index\":0,\"finish_reason\":\"stop\"}],\"timings\":{\"cache_n\":4,\"prompt_n\":6,\"predicted_n\":4}}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":4,\"total_tokens\":14,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n",
        "data: [DONE]\n\n",
    );
    let read = heard(&FAMILY, 200, stream);
    assert_eq!(tokens(&read), [10, 4, 4, 0]);
    assert_eq!(read.result.unwrap().text, "At the desk.");
}

/// What llama.cpp b1-0c1e570 sent.
const OF_LLAMA_CPP: &str = r#"{"choices":[{"finish_reason":"length","index":0,"message":{"role":"assistant","content":"Sky, sea and jeans."}}],"created":1796018984,"model":"gemma-3-270m","system_fingerprint":"b1-0c1e570","object":"chat.completion","usage":{"completion_tokens":60,"prompt_tokens":29,"total_tokens":89,"prompt_tokens_details":{"cached_tokens":24}},"id":"chatcmpl-uq9MjOScTiRGyj1wQb2LhrlCWnXTKMS1","timings":{"cache_n":24,"prompt_n":5,"prompt_ms":1090.223,"prompt_per_token_ms":37.593896551724136,"prompt_per_second":26.600062556009185,"predicted_n":60,"predicted_ms":13455.672,"predicted_per_token_ms":228.0622372881356,"predicted_per_second":4.384767999695592}}"#;
const ITS_STREAM: &str = concat!(
    r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1796018985,"id":"chatcmpl-5r8","model":"gemma-3-270m","system_fingerprint":"b1-0c1e570","object":"chat.completion.chunk"}"#,
    "\n\n",
    r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Sky, sea"}}],"created":1796018985,"id":"chatcmpl-5r8","model":"gemma-3-270m","system_fingerprint":"b1-0c1e570","object":"chat.completion.chunk"}"#,
    "\n\n",
    r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" and jeans."}}],"created":1796018987,"id":"chatcmpl-5r8","model":"gemma-3-270m","system_fingerprint":"b1-0c1e570","object":"chat.completion.chunk"}"#,
    "\n\n",
    r#"data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],"created":1796019021,"id":"chatcmpl-5r8","model":"gemma-3-270m","system_fingerprint":"b1-0c1e570","object":"chat.completion.chunk"}"#,
    "\n\n",
    r#"data: {"choices":[],"created":1796019021,"id":"chatcmpl-5r8","model":"gemma-3-270m","system_fingerprint":"b1-0c1e570","object":"chat.completion.chunk","usage":{"completion_tokens":60,"prompt_tokens":29,"total_tokens":89,"prompt_tokens_details":{"cached_tokens":24}},"timings":{"cache_n":24,"prompt_n":5,"prompt_ms":1079.68,"predicted_n":60,"predicted_ms":35211.226,"predicted_per_second":1.6756019798912993}}"#,
    "\n\ndata: [DONE]\n\n",
);

#[test]
fn a_real_reply_and_a_real_stream_of_llama_cpp_are_read() {
    for sent in [OF_LLAMA_CPP, ITS_STREAM] {
        let read = heard(&FAMILY, 200, sent);
        assert_eq!(tokens(&read), [29, 24, 60, 0]);
        let said = read.result.unwrap();
        assert_eq!((said.text.as_str(), said.truncated), ("Sky, sea and jeans.", true));
    }
    let too_long = r#"{"error":{"code":400,"message":"request (9009 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9009,"n_ctx":4096}}"#;
    assert_eq!(failed(&FAMILY, 400, too_long).class, Class::ContextTooLong);
}

#[test]
fn an_error_that_comes_within_a_stream_is_one() {
    let after = |error: &str| {
        let piece = "data: {\"choices\":[{\"delta\":{\"content\":\"At the\"},\"index\":0,\"finish_reason\":null}]}\n\n";
        let failed = failed(&FAMILY, 200, &format!("{piece}data: {{\"error\":{error}}}\n\n"));
        assert!(failed.told, "one person's answer may be the reason");
        failed.class
    };
    for (error, class) in [
        (r#"{"code":500,"message":"the slot failed","type":"server_error"}"#, Class::ServerError),
        (r#"{"code":503,"message":"Loading model","type":"unavailable_error"}"#, Class::Overloaded),
        (
            r#"{"code":503,"message":"The request queue is full.","type":"ServiceUnavailable"}"#,
            Class::RateLimited,
        ),
        (r#"{"code":400,"message":"the prompt is odd","type":"invalid_request_error"}"#, Class::BadRequest),
        (r#"{"code":7,"message":"odd","type":"odd"}"#, Class::ServerError),
        (r#"{"code":null,"message":"gone","type":"odd"}"#, Class::ServerError),
    ] {
        assert_eq!(after(error), class, "{error}");
    }
}
