//! Whatever a model's server answers is an answer or a failure: no panic, no text that nobody said, no number that
//! nobody could have counted.

use catalogue::Provider;
use mangle::Input;
use outbound::{HeaderMap, Reply, StatusCode};
use proptest::prelude::*;
use schemas::answered::Usage;

use super::tests::read;
use super::*;
use crate::families::{self, Line};

const EXAMPLES: [&str; 10] = [
    r#"{"id":"chatcmpl-1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}}"#,
    r#"{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"content_filter"}]}"#,
    r#"{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
    r#"{"error":{"code":429,"message":"busy"}}"#,
    r#"{"error":"model not found"}"#,
    r#"{"choices":[{"message":{"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"<think>x</think>hello<|im_end|>"}]},"finish_reason":"length"}],"error":""}"#,
    r#"{"id":1,"choices":null,"base_resp":{"status_code":1004,"status_msg":"login fail"},"output_sensitive":false,"usage":{"prompt_tokens":"9","completion_tokens":12.0}}"#,
    r#"{"code":10013,"message":"audit","sid":"x","output":{"choices":[{"message":{"content":"hm</think>`</think>`"},"finish_reason":"null"}]}}"#,
    r#"{"object":"error","message":{"detail":[{"msg":"Extra inputs are not permitted","loc":["body","user"]}]},"type":"invalid_request_error"}"#,
    r#"{"choices":[],"usage":{"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615}}"#,
];

fn body() -> impl Strategy<Value = Input> {
    let other = [
        "<html><body>502 Bad Gateway</body></html>",
        ": processing\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"he\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"llo\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12}}\n\ndata: [DONE]\n\n",
        "{\"choices\":[{\"message\":{\"content\":\"<think>a</think>```\\n</think>\\n```<|im_end|>\"},\"x\":NaN}]}",
        "",
    ];
    prop_oneof![6 => mangle::json(EXAMPLES), 4 => mangle::bytes(other)]
}

fn believable(usage: &Usage) -> bool {
    usage.cached <= usage.input
        && usage.reasoning <= usage.output
        && usage.input.max(usage.output) <= 1_000_000_000
}

const STREAMS: [&str; 5] = [
    ": ping\n\ndata: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"再见\"}}]}\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}}\n\ndata: [DONE]\n\n",
    "data:{\"code\":0,\"sid\":\"s\",\"choices\":[{\"delta\":{\"content\":\"<think>a</think>hello\"}}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12}}\r\n\r\ndata:[DONE]\r\n\r\n",
    "{\"message\":{\"content\":\"hel\"},\"done\":false}\n{\"message\":{\"content\":\"lo\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":9,\"eval_count\":12}\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\nevent: error\ndata: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n",
    "data: {\"choices\":[{\"message\":{\"content\":\"he\"}}]}\n\ndata: {\"choices\":[{\"message\":{\"content\":\"hello\"},\"finish_reason\":\"length\"}]}\n\n",
];

/// What is read of a stream that comes in these pieces, and whose transfer ends like this.
fn read_in_pieces(body: &[u8], sizes: &[usize], transfer: Result<(), Failure>) -> ReadReply {
    let prompt = [Line { role: schemas::request::Role::User, text: "how do I reset my badge?", images: &[] }];
    let asked =
        Asked { most_tokens: 1_000, silent_cap: None, stream: true, prompt: &prompt, image_tokens: 0 };
    let growth = Box::new(Collected::default());
    let mut reading = Reading::new(families::of(Provider::Local, None), asked, &reply(body), growth);
    let (mut rest, mut sizes) = (body, sizes.iter().cycle());
    while !rest.is_empty() {
        let size = sizes.next().copied().unwrap_or(usize::MAX).min(rest.len());
        let (piece, behind) = rest.split_at(size);
        rest = behind;
        if reading.feed(piece, Duration::ZERO) == Progress::Over {
            break;
        }
    }
    reading.end(transfer)
}

fn reply(body: &[u8]) -> Reply {
    Reply {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: body.to_vec().into(),
        received: std::time::SystemTime::UNIX_EPOCH,
    }
}

proptest! {
    #![proptest_config(mangle::cases(2_000))]

    #[test]
    fn model_stream(
        body in mangle::bytes(STREAMS),
        sizes in prop::collection::vec(1_usize..40, 1..6),
        cut in any::<bool>(),
    ) {
        let transfer = || if cut { Err(Failure::new(Class::Protocol, "cut").possibly_done()) } else { Ok(()) };
        let whole = read_in_pieces(&body.0, &[], transfer());
        let pieces = read_in_pieces(&body.0, &sizes, transfer());
        prop_assert_eq!(&whole.notes, &pieces.notes);
        let class = |read: &ReadReply| read.result.as_ref().map_err(|failure| failure.class).map(|said| said.text.clone());
        prop_assert_eq!(class(&whole), class(&pieces));
        let believed = whole.notes.usage.as_ref().filter(|_| !whole.notes.usage_contradicts);
        prop_assert!(believed.is_none_or(believable), "{:?}", whole.notes.usage);
        prop_assert!(whole.result.is_err() || !cut || whole.notes.finish.is_some());
    }

    #[test]
    fn model_reply(
        body in body(),
        status in prop_oneof![6 => Just(200_u16), 4 => 200_u16..600],
        provider in prop::sample::select(&[Provider::Openai, Provider::Local][..]),
    ) {
        let reply = Reply {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.0.clone().into(),
            received: std::time::SystemTime::UNIX_EPOCH,
        };
        let ReadReply { result, notes } = read(families::of(provider, None), &reply, 1_000);
        prop_assert_eq!(notes.status, Some(status));
        for word in [&notes.model, &notes.provider_request, &notes.finish].into_iter().flatten() {
            prop_assert!(word.chars().count() <= 128);
        }
        let believed = notes.usage.as_ref().filter(|_| !notes.usage_contradicts);
        prop_assert!(believed.is_none_or(believable), "{:?}", notes.usage);
        match result {
            Ok(said) => {
                prop_assert!((200..300).contains(&status));
                prop_assert!(!safety::is_blank(&said.text) && said.text.len() <= 3 * body.len());
            }
            Err(failure) => {
                prop_assert!(failure.to_string().len() < 4_096, "{}", failure.to_string().len());
                prop_assert!(failure.code.is_none_or(|code| code.len() <= 512));
            }
        }
    }
}
