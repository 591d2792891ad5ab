use super::*;

fn same(text: &str) {
    assert_eq!(answer(text), text, "{text:?}");
}

#[test]
fn a_thought_before_the_answer_is_nobodys_business() {
    for text in [
        "<think>\nThe user is annoying.\n</think>\n\nANSWER",
        "<think>hm</think>ANSWER",
        "  \n\u{feff}<think>hm</think>\nANSWER\n",
        "<THINK>hm</THINK>ANSWER",
        "<thinking>hm</thinking>ANSWER",
        "<thought>hm</thought>ANSWER",
        "<reasoning>hm</reasoning>ANSWER",
        "<think effort=\"low\">hm</think>ANSWER",
        "<think>hm</thinking>ANSWER",
        "<think></think>ANSWER",
        "<think>a</think><think>b</think>ANSWER",
        "<think>a<think>b</think>c</think>ANSWER",
        "<think>they ask for </think>, so.</think>ANSWER",
        "<think>```\nlet x = 1;\n</think>ANSWER",
        "&lt;think&gt;hm&lt;/think&gt;ANSWER",
        "◁think▷嗯◁/think▷ANSWER",
        "[THINK]hm[/THINK]ANSWER",
        "<seed:think>hm</seed:think>ANSWER",
        "<|begin_of_thought|>hm<|end_of_thought|>\n<|begin_of_solution|>ANSWER<|end_of_solution|>",
        "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>ANSWER<|END_RESPONSE|>",
        "<think>hm</think><answer>ANSWER</answer>",
        "<details type=\"reasoning\" done=\"true\">\n<summary>Thought for 3 seconds</summary>\n> hm\n</details>\nANSWER",
        "<details style=\"color:gray\" open> <summary> 思考中... </summary>hm</details>\n\nANSWER",
    ] {
        assert_eq!(answer(text), "ANSWER", "{text:?}");
    }
}

#[test]
fn a_lone_closing_tag_ends_a_thought_that_began_with_the_text() {
    for text in [
        "The user is annoying.\n</think>\n\nANSWER",
        "hm</think>ANSWER",
        "a</think>b</think>ANSWER",
        "I must not write `<think>` here.\n</think>\nANSWER",
        "嗯◁/think▷ANSWER",
        "hm[/THINK]ANSWER",
        "```\nunfinished\n</think>\nANSWER",
    ] {
        assert_eq!(answer(text), "ANSWER", "{text:?}");
    }
}

#[test]
fn a_thought_without_an_end_is_all_there_is() {
    for text in [
        "<think>\nThe user",
        "<think>",
        "[THINK]hm",
        "◁think▷hm",
        "<thinking>hm\n\nANSWER?",
        "hm</think>",
        "<|channel|>analysis<|message|>hm",
    ] {
        assert_eq!(answer(text), "", "{text:?}");
    }
}

#[test]
fn a_thought_on_lines_of_its_own_goes_and_what_is_around_it_stays() {
    assert_eq!(answer("One.\n<think>\nhm\n</think>\nTwo."), "One.\n\nTwo.");
    assert_eq!(answer("One.\n\n<think>hm</think>\n\nTwo."), "One.\n\n\n\nTwo.");
    assert_eq!(answer("One.\n<think>\nhm and then nothing"), "One.");
}

#[test]
fn what_somebody_asked_about_is_answered() {
    same("Use `<think>` and `</think>` around it.");
    same("```xml\n<think>\nreasoning\n</think>\nanswer\n```\nThat is how.");
    same("- Like this:\n  ```\n  </think>\n  ```\n");
    same("The model writes <think> first and </think> last.");
    same("模型会输出 <think> 和 </think> 标签。");
    same("A template ends with `<|im_end|>`, older ones with `[/INST]`.");
    same("```\n<|im_start|>user\nhi<|im_end|>\n```");
    same("ChatML uses <|im_end|> to end a turn.");
    same("<b>bold</b> and [links](https://example.com) and a < b > c & d");
    same("Old: <s>10 €</s> New: 8 €");
    same("<s>10 €</s> 8 €");
    same("<details><summary>Steps</summary>one</details>");
    same("analysis of the figures: fine");
    same("<answers>");
    assert_eq!(answer("<think>they ask about tags</think>Write `</think>` last."), "Write `</think>` last.");
    assert_eq!(answer("hm</think>```\n</think>\n```"), "```\n</think>\n```");
}

#[test]
fn marks_of_templates_go_with_what_the_model_tells_itself_behind_them() {
    for text in [
        "ANSWER<|im_end|>",
        "ANSWER<|endoftext|>\n",
        "ANSWER <|eot_id|>",
        "ANSWER</s>",
        "<s> ANSWER</s>",
        "ANSWER<｜end▁of▁sentence｜>",
        "ANSWER<end_of_turn>\n<start_of_turn>user\nmore?",
        "ANSWER<|im_end|>\n<|im_start|>user\nmore?<|im_end|>",
        "ANSWER<|im_start|>user more?",
        "<|im_start|>assistant\nANSWER<|im_end|>",
        "<|start_header_id|>assistant<|end_header_id|>\n\nANSWER<|eot_id|>",
        "[/INST] ANSWER",
        "<｜Assistant｜><think>hm</think>ANSWER",
        "<|assistant|>ANSWER<|user|>",
        "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>ANSWER<|return|>",
        "<|channel|>analysis<|message|>hm<|end|><|channel|>final <|constrain|>text<|message|>ANSWER",
        "<|start|>assistant<|channel|>final<|message|>ANSWER",
        "analysisThe user asks.assistantfinalANSWER",
    ] {
        assert_eq!(answer(text), "ANSWER", "{text:?}");
    }
}

#[test]
fn a_text_without_any_of_it_is_not_touched() {
    for text in ["", " ", "\nANSWER\n", "1 < 2\n", "a [b] c "] {
        assert!(matches!(answer(text), Cow::Borrowed(same) if same == text), "{text:?}");
    }
}
