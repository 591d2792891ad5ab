//! Calls to each wire, and what streams say.

use crate::http::{Answered, call, client};
use serde_json::{Value, json};
use simulators::Handle;
use simulators::model::{self, Config};

/// Names of wires with their paths.
pub(crate) const WIRES: [(&str, &str); 11] = [
    ("openai", "/openai/v1/chat/completions"),
    ("claude", "/claude/v1/messages"),
    ("tongyi", "/tongyi/compatible-mode/v1/chat/completions"),
    ("native", "/tongyi/api/v1/services/aigc/text-generation/generation"),
    ("ernie", "/ernie/v2/chat/completions"),
    ("ernie-v1", "/ernie/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/"),
    ("spark", "/spark/v1/chat/completions"),
    ("ollama", "/ollama/api/chat"),
    ("ollama-like", "/ollama/v1/chat/completions"),
    ("vllm", "/vllm/v1/chat/completions"),
    ("llamacpp", "/llamacpp/v1/chat/completions"),
];

/// A stand-in with one key of each form.
pub(crate) async fn keyed() -> Handle {
    let api_keys = vec!["sk-sim".into(), "ak:sk".into()];
    model::start(Config { seed: 7, api_keys, ..Config::default() }).await.unwrap()
}

pub(crate) async fn token(sim: &Handle) -> String {
    let path = "/ernie/oauth/2.0/token?grant_type=client_credentials&client_id=ak&client_secret=sk";
    let given = call(client().post(sim.url(path))).await.unwrap().json();
    given["access_token"].as_str().unwrap().to_owned()
}

fn path(wire: &str) -> &'static str {
    WIRES.iter().find(|(name, _)| *name == wire).unwrap().1
}

fn is_native(wire: &str) -> bool {
    wire == "native"
}

/// A well-formed body of a wire with some more fields.
pub(crate) fn body(wire: &str, model: &str, more: &Value) -> Value {
    let messages = json!([{ "role": "user", "content": "hello there, how are you today?" }]);
    let mut body = match wire {
        "native" => {
            let parameters = json!({ "result_format": "message", "incremental_output": true });
            json!({ "model": model, "input": { "messages": messages }, "parameters": parameters })
        }
        "claude" => json!({ "model": model, "max_tokens": 500, "messages": messages }),
        "ernie-v1" => json!({ "messages": messages }),
        "ollama" => json!({ "model": model, "stream": false, "messages": messages }),
        _ => json!({ "model": model, "messages": messages }),
    };
    let fields = if is_native(wire) { &mut body["parameters"] } else { &mut body };
    for (name, value) in more.as_object().into_iter().flatten() {
        if is_native(wire) && name == "stream" {
            continue;
        }
        fields[name] = value.clone();
    }
    body
}

/// A call of a wire with some more fields; the key is right.
pub(crate) async fn asking(sim: &Handle, wire: &str, model: &str, more: Value) -> reqwest::RequestBuilder {
    let mut url = sim.url(path(wire));
    if wire == "ernie-v1" {
        url = format!("{url}{model}?access_token={}", token(sim).await);
    }
    let request = client().post(url).json(&body(wire, model, &more));
    match wire {
        "claude" => request.header("x-api-key", "sk-sim").header("anthropic-version", "2023-06-01"),
        "native" if more["stream"] == true => {
            request.bearer_auth("sk-sim").header("x-dashscope-sse", "enable")
        }
        "ernie-v1" => request,
        _ => request.bearer_auth("sk-sim"),
    }
}

pub(crate) async fn ask(sim: &Handle, wire: &str, model: &str, more: Value) -> Answered {
    call(asking(sim, wire, model, more).await).await.unwrap()
}

/// The data of a stream's frames, in order, JSON or not.
pub(crate) fn frames(text: &str) -> Vec<String> {
    let is_events = text.contains("data:");
    let data = |line: &str| line.strip_prefix("data:").map(|data| data.trim().to_owned());
    let lines = text.trim_start_matches('\u{feff}').lines();
    if is_events { lines.filter_map(data).collect() } else { lines.map(str::to_owned).collect() }
}

/// The text that a stream of a wire says.
pub(crate) fn said(wire: &str, text: &str) -> String {
    let piece = |frame: String| {
        let frame: Value = serde_json::from_str(&frame).ok()?;
        let piece = match wire {
            "claude" => &frame["delta"]["text"],
            "native" => &frame["output"]["choices"][0]["message"]["content"],
            "ernie-v1" => &frame["result"],
            "ollama" => &frame["message"]["content"],
            _ => &frame["choices"][0]["delta"]["content"],
        };
        piece.as_str().map(str::to_owned)
    };
    frames(text).into_iter().filter_map(piece).collect()
}

/// The text of a whole answer of a wire.
pub(crate) fn answered(wire: &str, reply: &Value) -> Value {
    match wire {
        "claude" => reply["content"][0]["text"].clone(),
        "native" => reply["output"]["choices"][0]["message"]["content"].clone(),
        "ernie-v1" => reply["result"].clone(),
        "ollama" => reply["message"]["content"].clone(),
        _ => reply["choices"][0]["message"]["content"].clone(),
    }
}
