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
