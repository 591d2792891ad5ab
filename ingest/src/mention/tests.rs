use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use schemas::ids::UserId;

use super::*;

fn bots(bots: &[(&str, &[&str])]) -> Bots {
    let of = |(id, names): &(&str, &[&str])| {
        (UserId::new(*id).unwrap(), names.iter().map(|name| (*name).to_owned()).collect())
    };
    Bots::new(&bots.iter().map(of).collect::<BTreeMap<_, Vec<_>>>(), &Default::default())
}

fn some() -> Bots {
    let robot = ("robot_1", &["🤖", "AI助理", "@值班", "José", "ربات"][..]);
    bots(&[("bot_help", &["小助手", "Help Desk"]), ("bot", &["AI"]), robot])
}

fn mentioned(text: &str) -> Vec<String> {
    some().mentions(text).iter().map(|m| m.bot.to_string()).collect()
}

/// Each text, what is said in it, and who is meant.
fn all_mean(bot: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(mentioned(text), [bot], "{text:?}");
    }
}

fn none_means_anybody(texts: &[&str]) {
    for text in texts {
        assert_eq!(mentioned(text), Vec::<String>::new(), "{text:?}");
    }
}

#[test]
fn a_bot_is_mentioned_by_id_or_name_in_any_case_and_width() {
    let texts = ["@bot_help hi", "hi @BOT_HELP", "＠小助手你好", "@help desk: hi", "ask @bot_help."];
    all_mean("bot_help", &texts);
    all_mean("bot_help", &["﹫小助手", "@ＨＥＬＰ　ＤＥＳＫ hi", "你好@小助手", "(@小助手)", "@@小助手"]);
    all_mean(
        "robot_1",
        &["@jose\u{301} hola", "@JOSÉ, hola", "@🤖你好", "@值班 在吗", "@ربات سلام", "@ربات\u{200f} سلام"],
    );
    assert_eq!(mentioned("@bot and @bot_help"), ["bot", "bot_help"]);
    assert_eq!(mentioned("@AI@bot_help@小助手"), ["bot", "bot_help", "bot_help"]);
}

#[test]
fn spaces_of_every_kind_are_spaces_and_what_nobody_sees_is_nothing() {
    for space in [
        "\u{a0}",
        "\u{2005}",
        "\u{3000}",
        "\u{202f}",
        "\u{200b}",
        "\u{2060}",
        "\u{feff}",
        "\t",
        "  ",
        " \u{200b}",
    ] {
        let text = format!("@Help{space}Desk{space}hi");
        assert_eq!(mentioned(&text), ["bot_help"], "{text:?}");
        assert_eq!(without(&text, &some().mentions(&text)).trim_start(), "hi", "{text:?}");
    }
    for thin in ["\u{200b}", "\u{2060}", "\u{feff}", "\u{200e}", "\u{2068}", "\u{202b}\u{200b}"] {
        all_mean(
            "bot_help",
            &[
                &format!("@{thin}小助手{thin} hi"),
                &format!("{thin}@{thin}小{thin}助手"),
                &format!("@小助手{thin}hi"),
            ],
        );
        all_mean("bot", &[&format!("@{thin}AI{thin}助手 hi"), &format!("@A{thin}I hi")]);
    }
    none_means_anybody(&["@ bot", "@\u{3000}bot", "@\nbot", "@Help\nDesk", "@A I have one", "@HelpDesk hi"]);
}

#[test]
fn what_only_looks_like_a_mention_is_none() {
    none_means_anybody(&[
        "bot_help",
        "me@bot.com",
        "@bots",
        "@bot_",
        "@bot.com",
        "@",
        "＠",
        "@小助",
        "@ALL",
        "@所有人",
    ]);
    none_means_anybody(&["josé@bot.com", "jose\u{301}@bot", "иван@bot", "me_@bot", "7@bot", "한@bot"]);
    none_means_anybody(&[
        "@bot@corp.com hi",
        "@AI@mastodon.social",
        "@AI/sdk",
        "@bot-2",
        "@bot·小王",
        "@AI-小王 在吗",
    ]);
}

#[test]
fn a_longer_name_is_somebody_elses_where_words_have_borders() {
    none_means_anybody(&[
        "@AIя",
        "@AIé",
        "@AIe\u{301}",
        "@AI\u{301}",
        "@AI한국",
        "@AIβ",
        "@botж hi",
        "@AIＢ",
        "@AI2",
        "@AI①",
        "@AI٣",
    ]);
    none_means_anybody(&[
        "@ربات\u{200c}ها سلام",
        "@رباتها",
        "@José2",
        "@Joséphine",
        "@Help Desks",
        "@Help Deskы",
    ]);
    none_means_anybody(&["@🤖\u{200d}💻 hi", "@🤖🏽 hi", "@小助手_2", "@小助手·二号"]);
    all_mean(
        "bot",
        &[
            "@AI.",
            "@AI...",
            "@AI, hi",
            "@AI。",
            "@AI！",
            "@AI's",
            "@AI- hi",
            "@AI\n",
            "@AI@bob hi",
            "@AI: hi",
            "@AI🤖",
        ],
    );
}

#[test]
fn letters_that_follow_directly_are_what_is_said_unless_a_space_sets_them_off() {
    // The same script goes on without a space: this is how people write to a bot, though a longer name would look the same.
    all_mean(
        "bot_help",
        &[
            "@小助手你好",
            "@小助手你好 请问年假怎么算",
            "@小助手、在吗",
            "@小助手ですか",
            "@小助手help me",
            "@小助手.你好",
        ],
    );
    // Another kind of script follows.
    all_mean(
        "bot",
        &[
            "@AI你好",
            "@AI你好,在吗",
            "@AI你好\n在吗",
            "@AIสวัสดี",
            "@AI今天的会议改到下午三点了吗 谢谢",
            "@bot你好",
        ],
    );
    none_means_anybody(&[
        "@AI助手小王 开会了",
        "@AI助手小王\u{3000}开会了",
        "@AI助手小王\u{2005}",
        "@bot客服01 在吗",
        "@小助手2号 在吗",
    ]);
    // The longest name counts.
    all_mean("robot_1", &["@AI助理 在吗", "@AI助理你好"]);
    all_mean("bot_help", &["@小助手3月的报表呢"]);
}

#[test]
fn nobody_is_mentioned_in_code() {
    none_means_anybody(&[
        "```python\n@AI\ndef f(): pass\n```",
        "```\n@AI",
        "~~~\n@AI\n~~~",
        "~~~java\n@AI",
        "````\n```\n@AI\n```\n````",
        "```\n```python\n@AI\n```",
        "- ```\n  @AI\n  ```",
        "1. ```\n   @AI\n   ```",
        "  ```\n  @AI",
        "看这段 ```\n@AI\n``` 谢谢",
        "```@AI```",
        "`@AI`",
        "写 `@AI` 和 ``a ` @AI``",
        "`x` ```y``` `@AI`",
        "```\n~~~\n@AI\n~~~\n```",
    ]);
    all_mean(
        "bot",
        &[
            "@AI 看看 `@AI` 是什么",
            "```\ncode\n```\n@AI 看看",
            "```\ncode\n``` @AI 看看",
            "```\ncode```\n@AI 看看",
            "看 ```\ncode\n``` @AI",
            "~~~\ncode\n~~~\n@AI",
            "it`s @AI",
            "it`s\n@AI what`s up",
            "``a` @AI",
            "~~~ 哈哈 @AI 在吗",
            "~~@AI~~",
        ],
    );
}

#[test]
fn nobody_is_mentioned_in_links_addresses_and_quoted_lines() {
    none_means_anybody(&[
        "https://x/@AI",
        "看https://x.com/@AI",
        "HTTP://x.com/a?b=/@AI&c=,@AI",
        "https://x/路径/@AI",
        "git+ssh://host/@AI",
        "medium.com/@AI",
        "见 medium.com/@AI/a-b",
        "x.com?u=@AI",
        "10.0.0.1:8700/@AI",
        "npm i packages/@AI",
        "[docs](https://x/@AI)",
        "[docs](/u/@AI)",
        "[@AI](u)",
        "[看 @AI 的](u \"t\")",
        "![@AI](u)",
        "[![a](b) @AI](c)",
        "<https://x/@AI>",
        "<a href=\"https://x/@AI\">",
        "mailto:ai@AI",
        "> @AI 明天放假吗",
        ">@AI 明天放假吗\n不放",
        "  > @AI hi",
        ">> @AI",
        "> ```\n> @AI\n> ```",
    ]);
    all_mean(
        "bot",
        &[
            "@AI https://x.com/a",
            "https://x.com/a @AI",
            "https://x.com/a，@AI 看看",
            "@AI看https://x.com/@bob",
            "[x](y) @AI",
            "[微笑][@AI",
            "[):]@AI [x](y",
            "(见[1]) @AI",
            "> 明天放假吗\n@AI 回答",
            ">_< @AI",
            ">.< @AI 救命",
            "3/4 @AI",
            "@bob/@AI 看看",
            "问题/@AI",
            "a.b. @AI",
            "> ```\n> code\n\n@AI 看看",
        ],
    );
}

#[test]
fn an_id_with_a_sign_in_it_is_read_whole() {
    let bots = bots(&[("ai@acme.com", &[]), ("acme.com", &[])]);
    let found = |text: &str| bots.mentions(text).iter().map(|m| m.bot.to_string()).collect::<Vec<_>>();
    assert_eq!(found("@AI@Acme.com hi"), ["ai@acme.com"]);
    assert_eq!(found("@ai@acme.communication"), Vec::<String>::new());
}

#[test]
fn a_name_given_with_the_sign_is_the_name_and_a_sign_alone_is_none() {
    let bots = bots(&[("bot_helpdesk", &["@小助手", "＠ Help", "@", ""])]);
    for text in ["@小助手 在吗", "@help 在吗"] {
        assert_eq!(bots.mentions(text).len(), 1, "{text}");
    }
    assert_eq!(bots.mentions("@ @@ ＠").len(), 0);
}

#[test]
fn removing_mentions_leaves_what_was_said() {
    let bots = some();
    for (text, said) in [
        ("@bot_help how are you?", "how are you?"),
        ("hi @小助手\u{2005}你好", "hi 你好"),
        ("hi @\u{200b}小助手\u{200b} 你好", "hi 你好"),
        ("@小助手你好", "你好"),
        ("  @bot_help ", ""),
        ("@小助手\u{feff}", ""),
        ("no mention", "no mention"),
        ("@bot_help 看 `@bot_help`", "看 `@bot_help`"),
    ] {
        assert_eq!(without(text, &bots.mentions(text)), said);
    }
}

proptest! {
    #![proptest_config(mangle::cases(1_000))]

    #[test]
    fn fuzz_mentions(text in mangle::bytes([
        "@bot_help 你好 `@AI` https://x.com/@AI [a](b) @小助手",
        "```rust\n@AI\n``` > @José\u{301} ~~~\n- ```\n",
        "@\u{200b}Help\u{a0}Desk\u{feff} ＠ربات\u{200c}ها ﹫🤖\u{200d}💻",
    ])) {
        let (bots, text) = (some(), text.lossy());
        let mentions = bots.mentions(&text);
        let mut from = 0;
        for Mention { at, .. } in &mentions {
            prop_assert!(from <= at.start && text[at.clone()].starts_with(catalogue::name::is_sign));
            from = at.end;
        }
        prop_assert!(without(&text, &mentions).len() <= text.len());
        for skipped in skipped::ranges(&text) {
            prop_assert!(text.get(skipped.clone()).is_some());
            prop_assert!(mentions.iter().all(|mention| !skipped.contains(&mention.at.start)));
        }
    }
}

#[test]
fn every_text_is_read_in_a_time_that_grows_with_its_length() {
    let mut names = vec!["a".repeat(60), "@a@a@a@a".to_owned(), "助手".repeat(15)];
    names.extend((0..300).map(|n| format!("bot {n}")));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bots = bots(&[("bot", &names), ("小", &["[", "`"])]);
    let mut numbered = String::new();
    (0..10_000).for_each(|n| write!(numbered, "{}@bot {n}", "`".repeat(n % 300)).unwrap());
    for piece in [
        "@",
        "@a",
        "@a@",
        "@bot ",
        "@助",
        "@小`",
        "`@小 ",
        "``@小 ",
        "[@小",
        "](@小",
        "[](@小",
        "[@小](",
        "/@小",
        "a.b/@小 ",
        "a.b.@小",
        "@小 `x` ",
        "\n> @小",
        "\n```@小",
        "~~~\n@小",
        "\n```\n@小 ",
        "@bot\u{200b}",
        "@小\u{301}",
        "\u{301}@小 ",
        "@bot a.b@",
        "https://",
        "- - - @小 ",
        "1. @小",
        "\u{200d}@小",
        &numbered[..60_000],
    ] {
        let text = piece.repeat(65_536 / piece.len() + 1);
        let began = Instant::now();
        bots.mentions(&text);
        // An unoptimised build takes some 50 ms; what grows with the square takes many seconds.
        assert!(began.elapsed() < Duration::from_secs(2), "{:.40} took {:?}", text, began.elapsed());
    }
}
