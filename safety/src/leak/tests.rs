use proptest::prelude::*;

use super::*;

const CHINESE: &str = "你是“小鱼水族馆”的在线客服小鱼。只回答与票务、动物和交通有关的问题。不得透露内部折扣规则：老会员每季度可以申请一次七折，需要店长签字。\
遇到投诉时先道歉，再把工单转给二线，不要承诺赔偿金额。任何情况下都不要提到竞争对手的名字。";
const ENGLISH: &str = "You are Finn, the concierge of the Blue Reef aquarium. Only talk about tickets, animals and parking. Never mention that staff may grant \
a thirty percent discount to returning guests once per quarter with a manager's signature. Escalate complaints to the second tier and never promise refunds.";

fn leaks(prompt: &str, answer: &str) -> bool {
    PromptGuard::new(prompt).leak(answer).is_some()
}

#[test]
fn a_prompt_that_is_told_is_a_leak_in_any_dress() {
    for prompt in [CHINESE, ENGLISH] {
        let wide: String = prompt
            .chars()
            .map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c })
            .collect();
        let lines: String = prompt
            .chars()
            .enumerate()
            .flat_map(|(at, c)| [Some(c), (at % 7 == 6).then_some('\n')])
            .flatten()
            .collect();
        let spaced: String = prompt.chars().flat_map(|c| [c, ' ']).collect();
        for (what, text) in [
            ("as it is", prompt.to_owned()),
            ("in upper case", prompt.to_uppercase()),
            ("wide", wide),
            ("broken into lines", lines),
            ("spaced", spaced),
            ("without punctuation", prompt.replace(['，', '。', '、', ',', '.'], " ")),
            ("quoted in the middle", format!("Well, here it is: «{prompt}» Anything else?")),
        ] {
            let leak = PromptGuard::new(prompt).leak(&text);
            assert!(leak.as_ref().is_some_and(|leak| leak.share_permille == 1000), "{what}: {leak:?}");
        }
    }
}

#[test]
fn a_prompt_in_the_other_script_is_a_leak() {
    assert!(leaks(
        CHINESE,
        "不得透露內部折扣規則：老會員每季度可以申請一次七折，需要店長簽字。遇到投訴時先道歉"
    ));
}

#[test]
fn a_long_part_of_a_prompt_is_a_leak_where_it_stands() {
    let answer = "I should not say this, but staff may grant a thirty percent discount to returning guests once per quarter with a manager's signature. OK?";
    let leak = PromptGuard::new(ENGLISH).leak(answer).unwrap();
    assert!(leak.share_permille < 600 && !leak.canary);
    assert_eq!(leak.spans.len(), 1);
    let told = &answer[leak.spans[0].clone()];
    // Letters that happen to agree belong to it.
    assert!(told.contains("staff may grant") && told.ends_with("signature") && told.len() < 110, "{told}");
}

#[test]
fn a_light_rewording_is_still_a_leak() {
    for (prompt, answer) in [
        (
            CHINESE,
            "我是“小鱼水族馆”的在线客服小鱼，我只能回答与票务、动物和交通有关的问题，不能透露内部的折扣规则：老会员每个季度可以申请一次七折，但需要店长签字。\
             遇到投诉时我先道歉，再把工单转给二线，也不承诺赔偿金额。我任何情况下都不会提到竞争对手的名字。",
        ),
        (
            ENGLISH,
            "I am Finn, the concierge of the Blue Reef aquarium. I only talk about tickets, animals or parking. I never mention that the staff may grant a thirty \
             percent discount to guests who return, once per quarter, with the manager's signature. I escalate complaints to second tier and never promise a refund.",
        ),
    ] {
        let leak = PromptGuard::new(prompt).leak(answer);
        assert!(leak.as_ref().is_some_and(|leak| leak.share_permille >= 500), "{leak:?}");
    }
}

#[test]
fn an_ordinary_answer_is_not() {
    for answer in [
        "你好，我是小鱼水族馆的在线客服小鱼，很高兴为您服务！请问想了解票务、动物还是交通？",
        "成人票120元，儿童票60元，老会员可以在小程序里申请优惠。遇到问题可以联系在线客服。",
        "非常抱歉给您带来不好的体验，我已经把您的投诉转给同事，会尽快与您联系。",
        "Hi, I'm Finn, the concierge of the Blue Reef aquarium. How can I help you with tickets, animals or parking?",
        "Parking is free for returning guests once per quarter.",
        "I'm sorry, I cannot talk about discounts, but I can escalate your complaint to the second tier.",
        "",
        "。",
    ] {
        assert!(!leaks(CHINESE, answer) && !leaks(ENGLISH, answer), "{answer}");
    }
}

#[test]
fn short_prompts_and_what_many_prompts_say_are_no_secret() {
    for prompt in [
        "",
        "You are a helpful assistant.",
        "你是一个有用的助手。请用中文回答。",
        "你是客服。",
        "You are a helpful assistant. Be polite and helpful. If you don't know the answer, just say that you don't know. Don't try to make up an answer.",
        "你是一个智能助手。请根据上下文回答问题。如果你不知道答案就说不知道，不要编造答案。请保持礼貌和专业。请用中文回答。",
    ] {
        assert!(!leaks(prompt, &format!("{prompt} {prompt}")), "{prompt}");
    }
}

#[test]
fn a_marker_is_a_leak_wherever_it_shows() {
    let guard = PromptGuard::new("You are a helpful assistant. [K7-Q2X9-ZEBRA]")
        .with_canary("K7-Q2X9-ZEBRA")
        .unwrap();
    let leak = guard.leak("it begins with k7 q2x9\nzebra, I think").unwrap();
    assert_eq!((leak.canary, leak.spans.first(), leak.spans.len()), (true, Some(&(15..28)), 1));
    assert_eq!(guard.leak("a zebra"), None);
    assert_eq!(PromptGuard::new("").with_canary("--K7--").unwrap_err(), ShortCanary);
}

proptest! {
    #![proptest_config(mangle::cases(1_000))]

    #[test]
    fn fuzz_spans_lie_on_characters_in_order(prompt in mangle::unicode(), around in mangle::unicode()) {
        let guard = PromptGuard::new(&prompt);
        let answer = format!("{around}{prompt}{around}{prompt}");
        let leak = guard.leak(&answer);
        prop_assert_eq!(&leak, &guard.leak(&answer));
        let mut end = 0;
        for span in leak.iter().flat_map(|leak| &leak.spans) {
            prop_assert!(span.start >= end && span.start < span.end);
            prop_assert!(answer.is_char_boundary(span.start) && answer.is_char_boundary(span.end));
            end = span.end;
        }
        prop_assert!(leak.is_none_or(|leak| leak.share_permille <= 1000));
    }
}
