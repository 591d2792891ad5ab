//! What tests of calls behind a purse have in common: an app with one target, a request to it, and an attempt.

use catalogue::Bundle;
use schemas::answered::Attempt;
use schemas::ids::{MessageId, TargetName};
use schemas::request::{Request, Role};

const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main"]
    allowed_regions = ["cn"]
    label = "AI"
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "main"
    provider = "openai"
    model = "sim-main"
    region = "cn"
    timeout = "5s"
    context_tokens = 8000
"#;

/// What the target's model costs.
pub(crate) const PRICE: &str = r#"
    [[price]]
    provider = "openai"
    model = "sim-main"
    currency = "CNY"
    from = "2020-01-01"
    input = "1"
    cached = "1"
    output = "10"
"#;

/// The app's bundle, with what else is in its file.
pub(crate) fn bundle(also: &str) -> Bundle {
    catalogue::validate(&toml::from_str(&format!("{CATALOGUE}{also}")).unwrap()).unwrap()
}

/// A request of long ago, which had ten seconds.
pub(crate) fn request() -> Request {
    let example = include_str!("../../../schemas/examples/requests/valid-answer.json");
    let mut request: Request = serde_json::from_str(example).unwrap();
    request.lane = "acme#support/group/7@alice".parse().unwrap();
    request.message = MessageId::of(request.lane.conversation.app(), "chat", "1").unwrap();
    request.chain = vec![TargetName::new("main").unwrap()];
    request.allowed_regions = vec!["cn".to_owned()];
    request.prompt.truncate(1);
    request.prompt[0].role = Role::User;
    request.max_output_tokens = 1_000;
    request.decided_at = 1_000;
    request.answer_by = 11_000;
    request
}

/// An attempt at a target that gave an answer.
pub(crate) fn attempt(target: &TargetName) -> Attempt {
    let example = include_str!("../../../schemas/examples/events/valid-answered-done.json");
    let answered: serde_json::Value = serde_json::from_str(example).unwrap();
    let attempt: Attempt = serde_json::from_value(answered["attempts"][0].clone()).unwrap();
    Attempt { target: target.clone(), ..attempt }
}
