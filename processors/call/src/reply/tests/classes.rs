//! Which class an error falls into, in every dialect.

use super::*;

fn class(provider: Provider, status: u16, error: &Value) -> Class {
    failure(provider, status, &json!({ "error": error }).to_string()).class
}

fn class_of(status: u16, body: &Value) -> Class {
    failure(Provider::Openai, status, &body.to_string()).class
}

#[test]
fn errors_of_openai_fall_into_their_classes() {
    let invalid = "invalid_request_error";
    let cases = [
        (400, json!({"type": invalid, "code": null}), Class::BadRequest),
        (400, json!({"type": invalid, "code": "unsupported_parameter"}), Class::BadRequest),
        (400, json!({"type": invalid, "code": "context_length_exceeded"}), Class::ContextTooLong),
        (400, json!({"type": invalid, "code": "invalid_prompt"}), Class::ContentBlocked),
        (400, json!({"type": invalid, "code": "content_policy_violation"}), Class::ContentBlocked),
        (400, json!({"type": invalid, "code": "content_filter"}), Class::ContentBlocked),
        (401, json!({"type": invalid, "code": "invalid_api_key"}), Class::Auth),
        (403, json!({"code": "unsupported_country_region_territory"}), Class::Auth),
        (404, json!({"code": "model_not_found"}), Class::ModelUnavailable),
        (408, json!({}), Class::Timeout),
        (409, json!({}), Class::Timeout),
        (413, json!({}), Class::BadRequest),
        (429, json!({"type": "requests", "code": "rate_limit_exceeded"}), Class::RateLimited),
        (429, json!({"code": null}), Class::RateLimited),
        (429, json!({"type": "rate_limit_error", "code": "slow_down"}), Class::RampLimited),
        (429, json!({"type": "insufficient_quota", "code": null}), Class::QuotaExhausted),
        (
            429,
            json!({"type": "insufficient_quota", "code": "credit_balance_exhausted"}),
            Class::QuotaExhausted,
        ),
        (500, json!({"type": "server_error"}), Class::ServerError),
        (503, json!({"code": "server_is_overloaded"}), Class::Overloaded),
        (200, json!({"message": "upstream broke"}), Class::ServerError),
    ];
    for (status, error, expected) in cases {
        assert_eq!(class(Provider::Openai, status, &error), expected, "{status} {error}");
    }
}

#[test]
fn errors_of_local_servers_fall_into_their_classes() {
    let vllm = json!({"code": 400, "type": "BadRequestError",
        "message": "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."});
    let busy = json!({"message": "server busy, please try again. maximum pending requests exceeded",
        "type": "api_error", "code": null});
    let cases = [
        (400, vllm, Class::ContextTooLong),
        (400, json!({"code": 400, "type": "exceed_context_size_error"}), Class::ContextTooLong),
        (400, json!({"code": 400, "message": "bad"}), Class::BadRequest),
        (401, json!({"code": 401, "type": "authentication_error"}), Class::Auth),
        (404, json!({"type": "not_found_error", "code": null}), Class::ModelUnavailable),
        (500, json!({"code": 500}), Class::ServerError),
        (501, json!({"code": 501, "type": "not_supported_error"}), Class::BadRequest),
        (503, busy, Class::RateLimited),
        (
            503,
            json!({"code": 503, "message": "Loading model", "type": "unavailable_error"}),
            Class::Overloaded,
        ),
    ];
    for (status, error, expected) in cases {
        assert_eq!(class(Provider::Local, status, &error), expected, "{status} {error}");
    }
    let busy = r#"{"error": "server busy, please try again. maximum pending requests exceeded"}"#;
    assert_eq!(failure(Provider::Local, 503, busy).class, Class::RateLimited, "ollama's bare form");
}

#[test]
fn pages_of_gateways_are_read_by_their_status() {
    for (status, ambiguous) in [(502, true), (504, true), (524, true), (530, false)] {
        for provider in Provider::ALL {
            let failure = failure(provider, status, "<html><body>error</body></html>");
            assert_eq!((failure.class, failure.ambiguous), (Class::ServerError, ambiguous), "{status}");
        }
    }
}

#[test]
fn the_code_may_be_a_word_a_number_or_nothing() {
    let code = |code: Value| {
        failure(Provider::Local, 400, &json!({"error": {"type": "t", "code": code}}).to_string())
            .code
            .unwrap()
    };
    assert_eq!(code(json!("c")), "c");
    assert_eq!(code(json!(400)), "400");
    assert_eq!(code(json!(null)), "t");
}

/// The words of many servers for a prompt that is too long.
const TOO_LONG: &[(u16, &str)] = &[
    (400, r#"{"error": {"type": "invalid_request_error", "code": "context_length_exceeded"}}"#),
    (
        400,
        r#"{"object": "error", "message": "This model's maximum context length is 2048 tokens. However, you requested 2723 tokens.", "type": "BadRequestError", "param": null, "code": 400}"#,
    ),
    (
        400,
        r#"{"error": {"message": "This model's maximum context length is 2048 tokens. However, you requested 2723 tokens.", "type": "BadRequestError", "code": 400}}"#,
    ),
    (
        400,
        r#"{"error": {"code": 400, "type": "exceed_context_size_error", "n_ctx": 4096, "message": "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it"}}"#,
    ),
    (
        400,
        r#"{"error": {"code": 400, "type": "invalid_request_error", "message": "the request exceeds the available context size. try increasing the context size"}}"#,
    ),
    (
        500,
        r#"{"error": {"code": 500, "message": "the request exceeds the available context size", "type": "server_error"}}"#,
    ),
    (
        400,
        r#"{"object": "error", "message": "The input (9000 tokens) is longer than the model's context length (8192 tokens).", "code": 400}"#,
    ),
    (400, r#"{"message": "Input length (9000 tokens) exceeds the maximum allowed length (8187 tokens)."}"#),
    (400, r#"{"error": "prompt too long; exceeded max context length by 812 tokens"}"#),
    (
        422,
        r#"{"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000", "error_type": "validation"}"#,
    ),
    (400, r#"{"detail": "This model's maximum context length is 4096 tokens"}"#),
    (
        422,
        r#"{"detail": [{"loc": ["body", "messages"], "msg": "prompt is too long: 9000 tokens", "type": "value_error"}]}"#,
    ),
    (
        400,
        r#"{"code": "InvalidParameter", "message": "Range of input length should be [1, 30720]", "request_id": "r"}"#,
    ),
    (
        400,
        r#"{"error": {"code": "invalid_parameter_error", "message": "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]"}}"#,
    ),
    (
        400,
        r#"{"error": {"code": "tokens_too_long", "message": "the length of input is too long", "type": "invalid_request_error"}, "id": "as-1"}"#,
    ),
    (
        400,
        r#"{"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 213462 tokens > 200000 maximum"}}"#,
    ),
    (
        400,
        r#"[{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}}]"#,
    ),
    (400, r#"{"error": {"code": "1261", "message": "Prompt 超长"}}"#),
    (
        400,
        r#"{"error": {"type": "invalid_request_error", "message": "Invalid request: Your request exceeded model token limit: 8192"}}"#,
    ),
    (
        400,
        r#"{"object": "error", "message": "Prompt contains 40000 tokens, too large for model with 32768 maximum context length", "type": "invalid_request_error"}"#,
    ),
    (400, r#"{"message": "Input is too long for requested model."}"#),
    (400, r#"{"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081"}"#),
    (
        400,
        r#"{"error": {"message": "Please reduce the length of the messages or completion.", "type": "invalid_request_error", "param": "messages", "code": null}}"#,
    ),
    (413, r#"{"message": "输入过长，超出最大长度限制"}"#),
    (200, r#"{"error_code": 336103, "error_msg": "the max length of input is exceeded"}"#),
    (200, r#"{"code": 10907, "message": "token count exceeds the limit", "sid": "cha1"}"#),
];

#[test]
fn a_prompt_that_is_too_long_is_recognised_in_every_dialect() {
    for (status, body) in TOO_LONG {
        assert_eq!(failure(Provider::Openai, *status, body).class, Class::ContextTooLong, "{status} {body}");
    }
}

#[test]
fn a_field_or_value_that_a_target_does_not_take_is_its_own_affair() {
    let forbidden = json!([{"type": "extra_forbidden", "loc": ["body", "user"], "msg": "Extra inputs are not permitted"}]);
    let bodies = [
        (
            400,
            json!({"error": {"message": "Unsupported parameter: 'max_completion_tokens'", "type": "invalid_request_error", "code": "unsupported_parameter"}}),
        ),
        (422, json!({"object": "error", "message": {"detail": forbidden}, "type": "invalid_request_error"})),
        (422, json!({"detail": forbidden})),
        (400, json!({"error": {"message": "max_tokens must be at most 4096", "type": "BadRequestError"}})),
        (
            400,
            json!({"error": {"code": "unknown_parameter", "param": "safety_identifier", "message": "Unknown parameter: 'safety_identifier'."}}),
        ),
        (400, json!({"message": "model names are case sensitive"})),
        (405, json!({"detail": "Method Not Allowed"})),
        (415, json!({})),
        (413, json!({"error": {"type": "request_too_large"}})),
        (400, json!({"errors": [{"code": 7003, "message": "no route"}], "success": false})),
        (
            413,
            json!({"error": {"code": "rate_limit_exceeded", "message": "Request too large on tokens per minute: Limit 6000, Requested 8000"}}),
        ),
        (418, json!({})),
    ];
    for (status, body) in bodies {
        assert_eq!(class_of(status, &body), Class::BadRequest, "{status} {body}");
    }
    for status in [400, 405, 413, 415, 422] {
        assert_eq!(
            failure(Provider::Openai, status, "<html>413 Request Entity Too Large</html>").class,
            Class::BadRequest
        );
    }
}

#[test]
fn a_vendors_filter_is_recognised_before_and_after_the_model() {
    let bodies = [
        (
            400,
            json!({"error": {"code": "data_inspection_failed", "message": "Input data may contain inappropriate content.", "type": "data_inspection_failed"}}),
        ),
        (
            400,
            json!({"code": "DataInspectionFailed", "message": "Output data may contain inappropriate content.", "request_id": "r"}),
        ),
        (
            400,
            json!({"error": {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"}, "contentFilter": [{"level": 1, "role": "user"}]}),
        ),
        (
            400,
            json!({"error": {"type": "content_filter", "message": "The request was rejected because it was considered high risk"}}),
        ),
        (
            400,
            json!({"error": {"message": "Content Exists Risk", "type": "invalid_request_error", "param": null, "code": "invalid_request_error"}}),
        ),
        (
            400,
            json!({"error": {"code": "content_filter", "message": "The response was filtered", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
        ),
        (
            403,
            json!({"error": {"code": "system_unsafe", "type": "unsafe_request", "message": "x"}, "id": "as-1"}),
        ),
        (400, json!({"error": {"message": "您的输入包含敏感信息", "type": "invalid_request_error"}})),
        (
            200,
            json!({"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}, "choices": null}),
        ),
        (200, json!({"code": 10013, "message": "input content audit failed", "sid": "cha1"})),
        (500, json!({"error": {"message": "AuditError", "code": "10014"}})),
        (400, json!({"code": "CustomRoleBlocked", "message": "x"})),
    ];
    for (status, body) in bodies {
        assert_eq!(class_of(status, &body), Class::ContentBlocked, "{status} {body}");
    }
}

#[test]
fn an_empty_account_is_recognised_in_every_dialect() {
    let bodies = [
        (
            403,
            json!({"error": {"message": "用户额度不足, 剩余额度: ¥0.000000", "type": "new_api_error", "code": "insufficient_user_quota"}}),
        ),
        (403, json!({"message": "额度不足"})),
        (403, json!({"code": 403, "msg": "账户余额不足，请充值"})),
        (429, json!({"error": {"code": "1113", "message": "您的账户已欠费，请充值后重试。"}})),
        (
            400,
            json!({"code": "Arrearage", "message": "Access denied, please make sure your account is in good standing."}),
        ),
        (
            429,
            json!({"error": {"type": "exceeded_current_quota_error", "message": "Your account is suspended"}}),
        ),
        (
            402,
            json!({"error": {"message": "Insufficient Balance", "type": "unknown_error", "code": "invalid_request_error"}}),
        ),
        (403, json!({"error": {"code": "AllocationQuota.FreeTierOnly", "message": "x"}})),
        (403, json!({"error": {"code": "account_overdue", "type": "access_denied", "message": "x"}})),
        (200, json!({"success": false, "message": "额度不足"})),
        (200, json!({"error_code": 17, "error_msg": "Open api daily request limit reached"})),
        (200, json!({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}})),
        (429, json!({"error": {"code": "PostpaidBillOverdue", "message": "x"}})),
    ];
    for (status, body) in bodies {
        assert_eq!(class_of(status, &body), Class::QuotaExhausted, "{status} {body}");
    }
}

#[test]
fn an_error_inside_a_success_has_its_own_class() {
    let bodies = [
        (json!({"success": false}), Class::ServerError),
        (json!({"success": "false", "msg": "oops"}), Class::ServerError),
        (json!({"code": 500, "msg": "系统异常", "data": null}), Class::ServerError),
        (json!({"status": "error", "message": "upstream closed"}), Class::ServerError),
        (json!({"error_code": 18, "error_msg": "Open api qps request limit reached"}), Class::RateLimited),
        (json!({"error_code": 110, "error_msg": "Access token invalid or no longer valid"}), Class::Auth),
        (json!({"error_code": 336100, "error_msg": "Server is busy"}), Class::Overloaded),
        (json!({"error_code": 999999, "error_msg": "?"}), Class::ServerError),
        (
            json!({"id": "x", "choices": null, "base_resp": {"status_code": 1004, "status_msg": "login fail"}}),
            Class::Auth,
        ),
        (
            json!({"choices": null, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
            Class::RateLimited,
        ),
        (json!({"choices": [], "base_resp": {"status_code": 1001}}), Class::Timeout),
        (json!({"code": 11202, "message": "AppIdQpsOverFlowError"}), Class::RateLimited),
        (json!({"code": 10008, "message": "service capacity"}), Class::Overloaded),
        (
            json!({"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}),
            Class::RateLimited,
        ),
        (json!({"error": {"message": "no such model", "code": "model_not_found"}}), Class::ModelUnavailable),
        (json!({"error": "busy"}), Class::ServerError),
        (json!({"error": {"code": 1305, "message": "该模型当前访问量过大"}}), Class::Overloaded),
    ];
    for (body, expected) in bodies {
        let failure = failure(Provider::Openai, 200, &body.to_string());
        assert_eq!(failure.class, expected, "{body}");
        assert!(!failure.counts_for_breaker(), "one person's words: {body}");
    }
}

#[test]
fn a_refusal_of_plain_words_is_understood_where_they_are_plain() {
    for (status, words, class) in [
        (403, "额度不足", Class::QuotaExhausted),
        (403, "Forbidden", Class::BadRequest),
        (400, "prompt is too long", Class::ContextTooLong),
        (500, "Internal Server Error", Class::ServerError),
        (429, "Too Many Requests", Class::RateLimited),
        (401, "Unauthorized", Class::Auth),
    ] {
        let failure = failure(Provider::Openai, status, words);
        assert_eq!(failure.class, class, "{status} {words}");
        assert!(!failure.detail.contains(words), "{}", failure.detail);
    }
}

#[test]
fn what_a_person_wrote_cannot_make_a_target_be_left_alone() {
    for quoted in ["我的余额不足怎么办", "额度不足", "rate limit", "insufficient balance", "欠费"]
    {
        let body =
            json!({"error": {"message": format!("cannot parse: {quoted}"), "type": "invalid_request_error"}});
        assert_eq!(class_of(400, &body), Class::BadRequest, "{quoted}");
    }
    let told = format!("cannot parse what was asked: {}", "我的余额不足怎么办, ".repeat(8));
    assert_eq!(class_of(200, &json!({"success": false, "message": told})), Class::ServerError);
    assert_eq!(failure(Provider::Openai, 403, "<html>blocked by firewall</html>").class, Class::BadRequest);
    assert_eq!(class_of(403, &json!({"error": {"message": "no access"}})), Class::Auth);
}

#[test]
fn an_address_that_has_moved_is_told_without_its_query_and_not_asked_again() {
    let moved = |status: u16, location: &str| {
        let reply = Reply {
            headers: [("location".parse().unwrap(), location.parse().unwrap())].into_iter().collect(),
            ..reply(status, "")
        };
        read(families::of(Provider::Openai, None), &reply, CAP).result.unwrap_err()
    };
    for (status, class) in [
        (301, Class::ModelUnavailable),
        (308, Class::ModelUnavailable),
        (302, Class::BadRequest),
        (307, Class::BadRequest),
    ] {
        let failure = moved(status, "https://me:hush@api.example.com:8443/v2/chat/completions?key=hush#x");
        assert_eq!(failure.class, class);
        assert_eq!(
            failure.detail,
            format!(
                "the provider's address has moved: http status {status} to api.example.com:8443/v2/chat/completions"
            )
        );
    }
    assert!(moved(307, "/v1/chat/completions/?token=hush").detail.ends_with(" to /v1/chat/completions/"));
}

#[test]
fn a_limit_of_calls_at_a_time_is_told_from_one_of_a_rate() {
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}}).to_string();
    for (provider, status, body, at_once) in [
        (
            Provider::Spark,
            200,
            r#"{"code": 11203, "message": "AppIdConcurrencyError:too many", "sid": "s"}"#.into(),
            true,
        ),
        (Provider::Spark, 200, r#"{"code": 11202, "message": "licc failed", "sid": "s"}"#.into(), false),
        (
            Provider::Local,
            503,
            r#"{"error": "server busy, please try again.  maximum pending requests exceeded"}"#.into(),
            true,
        ),
        (
            Provider::Openai,
            429,
            error("rate_limit_error", "Number of concurrent connections has exceeded your rate limit."),
            true,
        ),
        (
            Provider::Openai,
            429,
            error("rate_limit_exceeded", "Rate limit reached for requests per min"),
            false,
        ),
        (Provider::Openai, 429, error("max_concurrency", "您的并发数过高"), true),
    ] {
        let failure: Failure = failure(provider, status, &body);
        assert_eq!(failure.class, Class::RateLimited, "{body}");
        let expected = if at_once { outbound::Excess::AtOnce } else { outbound::Excess::Rate };
        assert_eq!(failure.excess(), Some(expected), "{body}");
    }
    let overloaded = failure(Provider::Openai, 503, &error("overloaded", "too many concurrent requests"));
    assert_eq!((overloaded.class, overloaded.excess()), (Class::Overloaded, Some(outbound::Excess::AtOnce)));
    let overloaded = failure(Provider::Openai, 503, &error("overloaded", "no capacity"));
    assert_eq!(overloaded.excess(), None);
    let words = failure(Provider::Openai, 400, &error("invalid_request_error", "what is concurrency?"));
    assert_eq!(words.excess(), None, "what a person wrote is no limit");
}
