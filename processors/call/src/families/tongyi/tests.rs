use catalogue::Provider;
use schemas::request::Request;
use serde_json::json;

use super::*;
use crate::families::samples::{
    address, failed, fall_into_their_classes, heard, known, request, sent, tokens,
};

fn body(model: &str) -> serde_json::Value {
    sent(&Tongyi, &request(), &known(Provider::Tongyi, model), &[])
}

#[test]
fn a_model_that_can_do_without_thinking_is_told_to() {
    let expected = json!({
        "model": "qwen-plus",
        "messages": [
            {"role": "system", "content": "You are the help desk."},
            {"role": "user", "content": "how do I reset my badge?"},
        ],
        "max_tokens": 1000,
        "temperature": 0.7,
        "enable_thinking": false,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(body("qwen-plus"), expected);
}

#[test]
fn only_models_that_have_the_switch_get_it() {
    for model in [
        "qwen-plus-latest",
        "qwen-flash",
        "qwen-turbo",
        "qwen3-32b",
        "qwen3-max",
        "qwen3.8-max",
        "Qwen3.5-plus",
    ] {
        assert_eq!(body(model)["enable_thinking"], json!(false), "{model}");
    }
    for model in [
        "qwen-max",
        "qwen-long",
        "qwq-plus",
        "qwen2.5-72b-instruct",
        "qwen3-30b-a3b-thinking-2507",
        "qwen3-coder-plus",
    ] {
        assert_eq!(body(model).get("enable_thinking"), None, "{model}");
    }
    let without =
        sent(&Tongyi, &request(), &known(Provider::Tongyi, "qwen-plus"), &["enable_thinking", "max_tokens"]);
    assert_eq!((without.get("enable_thinking"), without.get("max_tokens")), (None, None));
}

#[test]
fn what_is_thought_has_a_budget_of_its_own() {
    let mut to = known(Provider::Tongyi, "qwen-plus");
    to.traits.thinking = Thinking::On;
    let body = sent(&Tongyi, &request(), &to, &[]);
    let (thinking, budget, cap) = (&body["enable_thinking"], &body["thinking_budget"], &body["max_tokens"]);
    assert_eq!((thinking, budget, cap), (&json!(true), &json!(1000), &json!(1000)));
    to.traits.thinking = Thinking::Always;
    let body = sent(&Tongyi, &request(), &to, &[]);
    assert_eq!((body.get("enable_thinking"), body.get("thinking_budget")), (None, None));
}

#[test]
fn a_temperature_of_two_is_sent_as_the_highest_that_is_taken() {
    let sent_for = |milli| {
        let request = Request { temperature_milli: Some(milli), ..request() };
        sent(&Tongyi, &request, &known(Provider::Tongyi, "qwen-plus"), &[])["temperature"].clone()
    };
    assert_eq!([0, 1_990, 1_995, 2_000].map(sent_for), [json!(0.0), json!(1.99), json!(1.99), json!(1.99)]);
    let cool = Target { temperature: false, ..known(Provider::Tongyi, "qwen-plus") };
    assert_eq!(sent(&Tongyi, &request(), &cool, &[]).get("temperature"), None);
}

#[test]
fn only_the_compatible_mode_of_the_vendor_is_called() {
    let misplaced =
        |base: &str| Tongyi.misplaced(&known(Provider::Tongyi, "qwen-plus"), &address(base)).is_some();
    for base in [
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/",
        "https://ws-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
        "https://gateway.example.com/qwen",
    ] {
        assert!(!misplaced(base), "{base}");
    }
    for base in ["https://dashscope.aliyuncs.com/api/v1", "https://dashscope-us.aliyuncs.com"] {
        assert!(misplaced(base), "{base}");
    }
}

/// The vendor's table of errors, in the spelling of the compatible mode and in that of its own interface.
const ERRORS: &[(u16, &str, Class)] = &[
    (
        400,
        r#"{"error":{"code":"invalid_parameter_error","type":"invalid_request_error","message":"m"}}"#,
        Class::BadRequest,
    ),
    (400, r#"{"code":"InvalidParameter","message":"m","request_id":"r"}"#, Class::BadRequest),
    (
        400,
        r#"{"error":{"code":"invalid_parameter_error","message":"Range of input length should be [1, 129024]"}}"#,
        Class::ContextTooLong,
    ),
    (
        400,
        r#"{"code":"InvalidParameter","message":"Range of input length should be [1, 30720]"}"#,
        Class::ContextTooLong,
    ),
    (
        400,
        r#"{"error":{"code":"Arrearage","type":"Arrearage","message":"Access denied, please make sure your account is in good standing."}}"#,
        Class::QuotaExhausted,
    ),
    (400, r#"{"code":"Arrearage","message":"Access denied."}"#, Class::QuotaExhausted),
    (
        400,
        r#"{"error":{"code":"data_inspection_failed","message":"Input data may contain inappropriate content."}}"#,
        Class::ContentBlocked,
    ),
    (
        400,
        r#"{"code":"DataInspectionFailed","message":"Output data may contain inappropriate content."}"#,
        Class::ContentBlocked,
    ),
    (400, r#"{"code":"CustomRoleBlocked","message":"m"}"#, Class::ContentBlocked),
    (400, r#"{"code":"FaqRuleBlocked","message":"m"}"#, Class::ContentBlocked),
    (400, r#"{"code":"IPInfringementSuspect","message":"m"}"#, Class::ContentBlocked),
    (
        400,
        r#"{"error":{"code":"invalid_parameter_error","message":"This model only support stream mode, please enable the stream parameter."}}"#,
        Class::BadRequest,
    ),
    (401, r#"{"error":{"code":"invalid_api_key","message":"Incorrect API key provided."}}"#, Class::Auth),
    (401, r#"{"code":"InvalidApiKey","message":"Invalid API-key provided."}"#, Class::Auth),
    (401, r#"{"code":"NOT AUTHORIZED","message":"Access denied."}"#, Class::Auth),
    (403, r#"{"code":"AccessDenied","message":"m"}"#, Class::Auth),
    (403, r#"{"code":"AccessDenied.Unpurchased","message":"m"}"#, Class::Auth),
    (403, r#"{"code":"Model.AccessDenied","message":"m"}"#, Class::Auth),
    (403, r#"{"code":"Workspace.AccessDenied","message":"m"}"#, Class::Auth),
    (
        403,
        r#"{"error":{"code":"AllocationQuota.FreeTierOnly","message":"The free tier of the model has been exhausted."}}"#,
        Class::QuotaExhausted,
    ),
    (404, r#"{"code":"ModelNotFound","message":"m"}"#, Class::ModelUnavailable),
    (404, r#"{"error":{"code":"model_not_found","message":"m"}}"#, Class::ModelUnavailable),
    (404, r#"{"error":{"code":"model_not_supported","message":"m"}}"#, Class::ModelUnavailable),
    (408, r#"{"code":"RequestTimeOut","message":"m"}"#, Class::Timeout),
    (500, r#"{"code":"RequestTimeOut","message":"m"}"#, Class::Timeout),
    (
        413,
        r#"{"error":{"message":"Exceeded limit on max bytes to request body : 16777216"}}"#,
        Class::BadRequest,
    ),
    (429, r#"{"code":"Throttling","message":"m"}"#, Class::RateLimited),
    (429, r#"{"code":"Throttling.RateQuota","message":"m"}"#, Class::RateLimited),
    (429, r#"{"code":"LimitRequests","message":"m"}"#, Class::RateLimited),
    (429, r#"{"error":{"code":"limit_requests","type":"limit_requests","message":"m"}}"#, Class::RateLimited),
    (429, r#"{"code":"Throttling.BurstRate","message":"m"}"#, Class::RampLimited),
    (429, r#"{"error":{"code":"limit_burst_rate","message":"m"}}"#, Class::RampLimited),
    (
        429,
        r#"{"code":"Throttling.AllocationQuota","message":"Allocated quota exceeded, please increase your quota limit."}"#,
        Class::RateLimited,
    ),
    (
        429,
        r#"{"error":{"code":"insufficient_quota","type":"insufficient_quota","message":"You exceeded your current quota, please check your plan and billing details."}}"#,
        Class::RateLimited,
    ),
    (429, r#"{"error":{"code":null,"type":"insufficient_quota","message":"m"}}"#, Class::RateLimited),
    (
        429,
        r#"{"error":{"code":"insufficient_quota","type":"insufficient_quota","message":"Free allocated quota exceeded. If you wish to continue, switch the use of the free tier only off in the console."}}"#,
        Class::QuotaExhausted,
    ),
    (
        429,
        r#"{"code":"Throttling.AllocationQuota","message":"Free allocated quota exceeded."}"#,
        Class::QuotaExhausted,
    ),
    (429, r#"{"code":"CommodityNotPurchased","message":"m"}"#, Class::QuotaExhausted),
    (429, r#"{"code":"PrepaidBillOverdue","message":"m"}"#, Class::QuotaExhausted),
    (429, r#"{"error":{"code":"PostpaidBillOverdue","message":"m"}}"#, Class::QuotaExhausted),
    (500, r#"{"code":"InternalError","message":"m"}"#, Class::ServerError),
    (500, r#"{"code":"InternalError.Algo","message":"m"}"#, Class::ServerError),
    (500, r#"{"code":"InternalError.Timeout","message":"m"}"#, Class::ServerError),
    (500, r#"{"code":"SystemError","message":"m"}"#, Class::ServerError),
    (500, r#"{"code":"ModelServiceFailed","message":"m"}"#, Class::ServerError),
    (
        503,
        r#"{"code":"ModelServingError","message":"Too many requests. Your requests are being throttled due to system capacity limits."}"#,
        Class::Overloaded,
    ),
    (503, r#"{"error":{"code":"ModelUnavailable","message":"m"}}"#, Class::Overloaded),
];

#[test]
fn errors_fall_into_their_classes_in_both_spellings() {
    fall_into_their_classes(&Tongyi, ERRORS);
}

#[test]
fn an_error_within_a_stream_has_its_class_whatever_text_came_before_it() {
    let text = "data: {\"choices\":[{\"delta\":{\"content\":\"the first\"},\"index\":0}]}\n\n";
    let errors = [
        (r#"{"error":{"code":"insufficient_quota","message":"m"},"request_id":"r"}"#, Class::RateLimited),
        (r#"{"error":{"code":"data_inspection_failed","message":"m"}}"#, Class::ContentBlocked),
        (r#"{"error":{"code":"internal_error","message":"m"}}"#, Class::ServerError),
        (r#"{"code":"InternalError.Algo","message":"m","request_id":"r"}"#, Class::ServerError),
        (r#"{"code":"DataInspectionFailed","message":"m","request_id":"r"}"#, Class::ContentBlocked),
    ];
    for (error, expected) in errors {
        for begin in ["", text] {
            let failure = failed(&Tongyi, 200, &format!("{begin}data: {error}\n\n"));
            assert_eq!(failure.class, expected, "{begin}{error}");
        }
    }
}

#[test]
fn reasoning_is_counted_and_not_said() {
    let stream = concat!(
        "data: {\"id\":\"chatcmpl-1\",\"model\":\"qwen-plus\",\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"they want\"},\"index\":0}],\"usage\":null}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"At the desk.\",\"reasoning_content\":null},\"index\":0}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"stop\",\"index\":0}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":5000,\"total_tokens\":5100,",
        "\"prompt_tokens_details\":{\"cached_tokens\":64},\"completion_tokens_details\":{\"reasoning_tokens\":4990}}}\n\n",
        "data: [DONE]\n\n",
    );
    let read = heard(&Tongyi, 200, stream);
    assert_eq!(tokens(&read), [100, 64, 5_000, 4_990]);
    let said = read.result.unwrap();
    assert_eq!(
        (said.text.as_str(), said.truncated),
        ("At the desk.", false),
        "more thoughts than the cap are no cut"
    );
}

#[test]
fn a_stream_without_its_end_is_no_answer() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"At the\"},\"index\":0}]}\n\n";
    assert_eq!(failed(&Tongyi, 200, stream).class, Class::Protocol);
}
