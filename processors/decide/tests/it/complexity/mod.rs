//! The scorer on the labelled set, and whether its class survives how people write.

use decide::complexity::{Class, Context, score};

mod disturbed;

#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Prompt {
    pub(crate) id: String,
    pub(crate) lang: String,
    pub(crate) text: String,
    pub(crate) label: Class,
}

fn read(lines: &str) -> Vec<Prompt> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn tuning() -> Vec<Prompt> {
    read(include_str!("tuning.jsonl"))
}

fn test() -> Vec<Prompt> {
    read(include_str!("test.jsonl"))
}

fn blind() -> Vec<Prompt> {
    read(include_str!("blind.jsonl"))
}

pub(crate) fn class(text: &str) -> Class {
    score(text, &Context::default()).class
}

/// Per mille that is right, and per mille that is wrong by two classes.
fn judged(prompts: &[Prompt]) -> (usize, usize) {
    let far = |a: Class, b: Class| a != b && a != Class::Standard && b != Class::Standard;
    let right = prompts.iter().filter(|prompt| class(&prompt.text) == prompt.label).count();
    let wrong = prompts.iter().filter(|prompt| far(class(&prompt.text), prompt.label)).count();
    (right * 1000 / prompts.len(), wrong * 1000 / prompts.len())
}

#[test]
fn prompts_that_the_scorer_was_not_tuned_on_get_their_class() {
    for prompts in [test(), blind()] {
        let (right, far) = judged(&prompts);
        assert!(right >= 780 && far <= 20, "{right} ‰ right, {far} ‰ wrong by two classes");
    }
}

#[test]
fn the_labelled_set_is_large_and_without_repetition() {
    let mut prompts = [tuning(), test(), blind()].into_iter().flatten().collect::<Vec<_>>();
    let of = |lang: &str| prompts.iter().filter(|prompt| prompt.lang == lang).count();
    assert!(of("zh") >= 600 && of("en") >= 300, "{} Chinese, {} English", of("zh"), of("en"));
    let all = prompts.len();
    prompts.sort_by(|a, b| a.text.cmp(&b.text));
    let twice: Vec<&str> =
        prompts.windows(2).filter(|two| two[0].text == two[1].text).map(|two| two[0].id.as_str()).collect();
    assert!(twice.is_empty(), "{twice:?} of {all}");
}

#[test]
fn a_follow_up_weighs_more_with_a_history() {
    let alone = score("继续", &Context::default());
    let later = score("继续", &Context { history_turns: 4, ..Context::default() });
    assert!(later.score > alone.score);
    assert!(later.signals.iter().any(|signal| signal.name == "history"));
    // Thanks are thanks.
    let thanks = |turns| score("谢谢", &Context { history_turns: turns, ..Context::default() }).score;
    assert_eq!(thanks(0), thanks(9));
}

#[test]
fn nothing_and_very_much_are_scored() {
    assert_ne!(class(""), Class::Hard);
    assert_ne!(class("？？？"), Class::Hard);
    let long = "今天天气很好，我们去公园玩。".repeat(20_000);
    assert!(score(&long, &Context::default()).score <= 1000);
}

#[test]
fn the_signals_add_up_to_the_score() {
    for prompt in tuning() {
        let found = score(&prompt.text, &Context::default());
        let sum: i32 = found.signals.iter().map(|signal| signal.points).sum();
        assert_eq!(sum.clamp(0, 1000), i32::try_from(found.score).unwrap(), "{}", prompt.id);
    }
}

/// `cargo test --release -p decide scoring_is_fast -- --ignored --nocapture`
#[test]
#[ignore = "measures; needs a release build and a quiet machine"]
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn scoring_is_fast() {
    for text in [
        "我们公司想给客服系统换一个更快的模型，每天大概两万条消息，要求回答在两秒之内，成本不能比现在高，请比较三种方案的利弊，说明迁移步骤和风险，最后给出你的建议，并估算一年的费用大概是多少，谢谢，越详细越好。",
        "Please compare three plans to replace our support model: answers in two seconds, no higher costs.",
    ] {
        let context = Context::default();
        let _warm = score(text, &context);
        let started = std::time::Instant::now();
        let rounds = 20_000;
        let sum: u64 = (0..rounds).map(|_| u64::from(score(text, &context).score)).sum();
        let each = started.elapsed() / rounds;
        println!("{} characters, {each:?} each, score {}", text.chars().count(), sum / u64::from(rounds));
        assert!(each.as_micros() < 20, "{each:?}");
    }
}
