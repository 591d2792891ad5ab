//! Whatever comes in a family's own forms is an answer or a failure, the same in whatever pieces it comes.

use catalogue::Provider;
use mangle::Input;
use outbound::Reply;
use proptest::prelude::*;

use super::of;
use super::samples::{self, read_in_pieces};
use crate::reply::ReadReply;

/// A wire with replies and streams of its own.
type Forms = (Provider, &'static str, [&'static str; 3]);

const FORMS: [Forms; 7] = [
    (
        Provider::Claude,
        "messages",
        [
            r#"{"id":"msg_1","type":"message","model":"m","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"再见"}],"stop_reason":"end_turn","usage":{"input_tokens":36,"cache_creation_input_tokens":30,"cache_read_input_tokens":64,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":20,"output_tokens_details":{"thinking_tokens":8}}}"#,
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":36,\"cache_read_input_tokens\":64,\"output_tokens\":1}}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"再见\"}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"},\"usage\":{\"output_tokens\":20}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\",\"details\":{\"error_code\":\"x\"}}}\n\n",
        ],
    ),
    (
        Provider::Ernie,
        "v2",
        [
            r#"{"id":"as-1","choices":[{"message":{"role":"assistant","content":"再见"},"finish_reason":"stop","flag":0}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}"#,
            "data: {\"id\":\"as-1\",\"choices\":[{\"delta\":{\"content\":\"再见\"},\"flag\":0}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"stop\",\"flag\":4,\"ban_round\":2}]}\n\ndata: [DONE]\n\n",
            r#"{"error":{"code":"tpm_rate_limit_exceeded","message":"x","type":"rate_limit_exceeded"},"id":"as-1"}"#,
        ],
    ),
    (
        Provider::Ernie,
        "v1",
        [
            r#"{"id":"as-1","result":"再见","is_truncated":false,"need_clear_history":false,"finish_reason":"normal","usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}"#,
            "data: {\"id\":\"as-1\",\"sentence_id\":0,\"is_end\":false,\"result\":\"再\",\"finish_reason\":\"normal\"}\n\ndata: {\"sentence_id\":1,\"is_end\":true,\"result\":\"见\",\"is_truncated\":true,\"finish_reason\":\"normal\",\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120}}\n\n",
            r#"{"error_code":336100,"error_msg":"busy","id":"as-1"}"#,
        ],
    ),
    (
        Provider::Tongyi,
        "chat",
        [
            r#"{"id":"chatcmpl-1","model":"qwen-plus","choices":[{"message":{"role":"assistant","content":"再见","reasoning_content":"hm"},"finish_reason":"stop","index":0}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":8}}}"#,
            "data: {\"choices\":[{\"delta\":{\"content\":\"再见\",\"reasoning_content\":null},\"index\":0}],\"usage\":null}\n\ndata: {\"error\":{\"code\":\"insufficient_quota\",\"message\":\"x\"},\"request_id\":\"r\"}\n\n",
            r#"{"code":"Throttling.AllocationQuota","message":"Free allocated quota exceeded.","request_id":"r"}"#,
        ],
    ),
    (
        Provider::Spark,
        "http",
        [
            r#"{"code":0,"message":"Success","sid":"cha1@dx1","choices":[{"message":{"role":"assistant","content":"再见"},"index":0}],"usage":{"prompt_tokens":6,"completion_tokens":42,"total_tokens":48}}"#,
            "data:{\"code\":0,\"message\":\"Success\",\"sid\":\"cha1@dx1\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"再见\"},\"index\":0}],\"usage\":{\"prompt_tokens\":6,\"completion_tokens\":4,\"total_tokens\":10}}\n\ndata:{\"code\":10014,\"message\":\"x\",\"sid\":\"cha1@dx1\"}\n\ndata:[DONE]\n\n",
            r#"{"error":{"message":"AppIdNoAuthError:x","type":"api_error","param":null,"code":"11200"}}"#,
        ],
    ),
    (
        Provider::Spark,
        "websocket",
        [
            r#"{"header":{"code":10013,"message":"x","sid":"cht1@dx1","status":2}}"#,
            "data: {\"header\":{\"code\":0,\"message\":\"Success\",\"sid\":\"cht1@dx1\",\"status\":0},\"payload\":{\"choices\":{\"status\":0,\"seq\":0,\"text\":[{\"content\":\"再\",\"role\":\"assistant\",\"index\":0}]}}}\n\ndata: {\"header\":{\"code\":0,\"sid\":\"cht1@dx1\",\"status\":2},\"payload\":{\"choices\":{\"status\":2,\"seq\":1,\"text\":[{\"content\":\"见\",\"role\":\"assistant\",\"index\":0}]},\"usage\":{\"text\":{\"question_tokens\":4,\"prompt_tokens\":5,\"completion_tokens\":9,\"total_tokens\":14}}}}\n\n",
            r#"{"message":"HMAC signature does not match"}"#,
        ],
    ),
    (
        Provider::Local,
        "ollama",
        [
            r#"{"model":"m","message":{"role":"assistant","content":"再见","thinking":"hm"},"done_reason":"stop","done":true,"prompt_eval_count":20,"eval_count":6}"#,
            "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"再见\"},\"done\":false}\n{\"error\":\"x\"}\n",
            r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#,
        ],
    ),
];

fn reply() -> impl Strategy<Value = (Provider, &'static str, Input)> {
    let forms = prop::sample::select(&FORMS[..]);
    forms.prop_flat_map(|(provider, wire, examples)| {
        let body = prop_oneof![mangle::bytes(examples), mangle::json([examples[0]])];
        (Just(provider), Just(wire), body)
    })
}

proptest! {
    #![proptest_config(mangle::cases(2_000))]

    #[test]
    fn model_families(
        (provider, wire, body) in reply(),
        status in prop_oneof![6 => Just(200_u16), 2 => 200_u16..600],
        sizes in prop::collection::vec(1_usize..40, 1..6),
    ) {
        let family = of(provider, Some(wire));
        let reply = Reply { body: body.0.into(), ..samples::reply(status, &[], "") };
        let whole = read_in_pieces(family, &reply, &[]);
        let pieces = read_in_pieces(family, &reply, &sizes);
        prop_assert_eq!(&whole.notes, &pieces.notes);
        let class = |read: &ReadReply| match &read.result {
            Ok(said) => Ok(said.text.clone()),
            Err(failure) => Err((failure.class, failure.code.clone())),
        };
        prop_assert_eq!(class(&whole), class(&pieces));
        if let Some(usage) = whole.notes.usage.filter(|_| !whole.notes.usage_contradicts) {
            let written = usage.input_cache_write_5m + usage.input_cache_write_1h;
            prop_assert!(usage.cached + written <= usage.input && usage.reasoning <= usage.output, "{:?}", usage);
        }
        if let Ok(said) = whole.result {
            prop_assert!(reply.status.is_success() && !safety::is_blank(&said.text));
        }
    }
}
