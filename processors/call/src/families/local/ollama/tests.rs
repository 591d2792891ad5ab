use catalogue::Provider;
use serde_json::json;

use super::*;
use crate::families::Line;
use crate::families::samples::{
    address, failed, fall_into_their_classes, heard, known, request, sent, tokens,
};
use crate::reply::{Asked, Collected, Oddity, Reading};

#[test]
fn the_window_is_that_of_the_target() {
    let expected = json!({
        "model": "qwen3:8b",
        "messages": [
            {"role": "system", "content": "You are the help desk."},
            {"role": "user", "content": "how do I reset my badge?"},
        ],
        "stream": true,
        "think": false,
        "options": {"num_ctx": 8000, "num_predict": 1000, "temperature": 0.7},
    });
    assert_eq!(sent(&Ollama, &request(), &known(Provider::Local, "qwen3:8b"), &[]), expected);
    let bare = sent(&Ollama, &request(), &known(Provider::Local, "m"), &["num_ctx", "think"]);
    assert_eq!((bare.get("think"), bare["options"].get("num_ctx")), (None, None));
}

#[test]
fn the_address_is_the_servers_root() {
    let misplaced = |base: &str| Ollama.misplaced(&known(Provider::Local, "m"), &address(base)).is_some();
    assert!(!misplaced("http://127.0.0.1:11434") && !misplaced("https://gateway.example.com/ollama"));
    for base in ["http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/api", "http://127.0.0.1:11434/api/chat"]
    {
        assert!(misplaced(base), "{base}");
    }
}

const WHOLE: &str = r#"{"model":"m","created_at":"2026-11-22T08:00:00Z","message":{"role":"assistant","content":"At the desk."},"done_reason":"stop","done":true,"total_duration":5,"prompt_eval_count":20,"eval_count":6}"#;

#[test]
fn its_counts_and_its_end_are_read() {
    let read = heard(&Ollama, 200, WHOLE);
    assert_eq!(tokens(&read), [20, 0, 6, 0]);
    assert_eq!(read.result.unwrap().text, "At the desk.");
    let cut = heard(&Ollama, 200, &WHOLE.replace("\"stop\"", "\"length\"")).result.unwrap();
    assert!(cut.truncated);
    let silent = WHOLE.replace("At the desk.", "").replace("\"stop\"", "\"load\"");
    assert_eq!(failed(&Ollama, 200, &silent).class, Class::Empty, "a reply that only loads the model");
}

#[test]
fn a_prompt_that_the_server_cut_is_noticed() {
    let long = "今天天气很好".repeat(500);
    let prompt = [Line { role: schemas::request::Role::User, text: &long, images: &[] }];
    let asked =
        Asked { most_tokens: 1_000, silent_cap: None, stream: true, prompt: &prompt, image_tokens: 0 };
    let oddities = |body: &str| {
        let reply = crate::families::samples::reply(200, &[], body);
        let mut reading = Reading::new(&Ollama, asked, &reply, Box::new(Collected::default()));
        reading.feed(&reply.body, std::time::Duration::ZERO);
        reading.end(Ok(())).notes.oddities
    };
    assert_eq!(oddities(WHOLE), [Oddity::PromptCut]);
    assert_eq!(oddities(&WHOLE.replace("\"prompt_eval_count\":20", "\"prompt_eval_count\":1800")), []);
}

fn piece(text: &str) -> String {
    json!({"model": "m", "message": {"role": "assistant", "content": text, "thinking": "hm"}, "done": false})
        .to_string()
        + "\n"
}

#[test]
fn lines_are_one_answer_and_an_error_among_them_is_one() {
    let read =
        heard(&Ollama, 200, &(piece("At ") + &piece("the ") + &WHOLE.replace("At the desk.", "desk.")));
    assert_eq!(read.result.unwrap().text, "At the desk.");
    let broken =
        piece("At ") + "{\"error\":\"an error was encountered while running the model: CUDA error\"}\n";
    assert_eq!(failed(&Ollama, 200, &broken).class, Class::ServerError);
    assert_eq!(failed(&Ollama, 200, &(piece("At ") + &piece("the "))).class, Class::Protocol, "no last line");
}

#[test]
fn a_broken_line_makes_the_answer_none_and_its_tokens_are_read_all_the_same() {
    for broken in ["{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"cont\n", "{\"done\":fal}\n"] {
        let read = heard(&Ollama, 200, &(piece("At ") + broken + &piece("the ") + WHOLE));
        assert_eq!(tokens(&read), [20, 0, 6, 0], "{broken}");
        assert_eq!(read.result.unwrap_err().class, Class::Protocol, "{broken}");
    }
}

#[test]
fn what_stands_behind_the_last_line_does_not_matter() {
    for behind in ["\":12}\n", "{\"done\":fal}\n", "{\"message\":{\"cont\n", "[1\n"] {
        let read = heard(&Ollama, 200, &(piece("At ") + WHOLE + "\n" + behind));
        assert_eq!(tokens(&read), [20, 0, 6, 0], "{behind}");
        assert_eq!(read.result.unwrap().text, "At At the desk.", "{behind}");
    }
}

#[test]
fn errors_fall_into_their_classes() {
    let rows = [
        (400, r#"{"error":"invalid options: num_ctx"}"#, Class::BadRequest),
        (404, r#"{"error":"model \"m\" not found, try pulling it first"}"#, Class::ModelUnavailable),
        (500, r#"{"error":"llama runner process has terminated"}"#, Class::ServerError),
        (
            503,
            r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#,
            Class::RateLimited,
        ),
        (503, r#"{"error":"loading"}"#, Class::Overloaded),
    ];
    fall_into_their_classes(&Ollama, &rows);
}
