use std::path::Path;

use super::*;
use crate::rehearse::House;

/// A configuration in which much can happen.
const CONFIG: &str = r#"
[deployment]
name = "tests"
instance = "0"
partitions = 4
replication = 1
[kafka]
bootstrap = "127.0.0.1:1"
[[app]]
key = "acme#support"
bot = [{ id = "bot", names = ["小助手"] }]
chain = ["main", "spare"]
allowed_regions = ["cn"]
consent = "that of the tests"
while_answering = "interrupt"
system_prompt = "你是客服。"
answer_within = "1m"
lost_after = "30m"
notice = { after = "20s", text = "请稍等。" }
session = { idle = "30m" }
personal_data.model.style = "placeholder"
keep_answers = true
[app.canned]
failed = "failed!"
expired = "expired!"
blocked = "blocked!"
[app.commands]
new = ["/new"]
new_text = "anew!"
hand_back = ["/bot"]
[app.staff]
prefixes = ["agent_"]
text = "a person!"
[app.review]
reviewer = "desk"
when_away = "block"
[[app.route]]
name = "gold"
when = { ext = { plan = ["gold"] } }
then = { chain = ["spare"], temperature_milli = 300, stop = ["END"] }
[[app.route]]
name = "flagged"
when = { safety = { categories = ["money"] } }
then = { say = "no money!" }
[[target]]
name = "main"
provider = "local"
model = "m"
region = "cn"
[[target]]
name = "spare"
provider = "local"
model = "s"
region = "cn"
[[reviewer]]
name = "desk"
kind = "webhook"
region = "cn"
[[filter.word]]
id = "weapons"
words = ["gun"]
action = "block"
[[filter.word]]
id = "explosives"
words = ["bomb"]
action = "hold"
[[filter.rule]]
id = "amounts"
words = ["元宝"]
action = "pass"
category = "money"
"#;

fn played(cases: &str) -> Vec<play::Played> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huiyin.toml");
    std::fs::write(&path, CONFIG).unwrap();
    let house = House::new(&Config::read(&path, None, crate::rehearse::variable).unwrap()).unwrap();
    let file = File::parse(Path::new("cases.toml"), cases).unwrap();
    file.cases.iter().map(|case| play::play(&house, &file, case).unwrap()).collect()
}

/// Every case is as expected.
fn holds(cases: &str) {
    let played = played(cases);
    assert!(played.iter().all(|case| case.failures.is_empty()), "{}", report::text(&played));
}

#[test]
fn a_second_message_cuts_the_first_call_and_both_are_answered_at_once() {
    holds(
        r#"
        [[case]]
        name = "interrupt"
        expect = { answers = 1, requests = 2, cancels = 1 }
        [[case.step]]
        say = "帮我订会议室"
        expect = { callback = "intercepted", ruling = "asked", route = "chain", chain = ["main", "spare"], requests = 1, prompt = ["system: 你是客服。", "user: 帮我订会议室"], system = "你是客服。" }
        [[case.step]]
        after = "1s"
        say = "改到周二"
        expect = { ruling = "waits", reasons = ["interrupts"], cancels = 1, prompt_has = ["帮我订会议室\n改到周二"] }
        [[case.step]]
        answer = "好的。"
        expect = { says = ["好的。"], answers = 1 }
        "#,
    );
}

#[test]
fn timers_fire_and_what_nobody_answers_expires_or_is_given_up() {
    holds(
        r#"
        [[case]]
        name = "notice, then expired"
        [[case.step]]
        say = "一个问题"
        [[case.step]]
        wait = "19s"
        expect = { answers = 0 }
        [[case.step]]
        wait = "2s"
        expect = { says = ["请稍等。"] }
        [[case.step]]
        wait = "1m"
        expect = { says = ["expired!"] }
        [[case]]
        name = "vanished"
        [[case.step]]
        say = "一个问题"
        [[case.step]]
        vanish = true
        [[case.step]]
        wait = "31m"
        expect = { says = ["请稍等。", "failed!"], reasons = ["still_working"] }
        [[case]]
        name = "idle"
        [[case.step]]
        say = "我叫小明"
        answer = "你好。"
        [[case.step]]
        after = "1m"
        say = "我叫什么"
        answer = "小明。"
        expect = { prompt_has = ["我叫小明"] }
        [[case.step]]
        after = "31m"
        say = "我叫什么"
        expect = { reasons = ["session_expired"], prompt_lacks = ["小明"] }
        "#,
    );
}

#[test]
fn failures_commands_and_staff_are_played() {
    holds(
        r#"
        [[case]]
        name = "a failure is told"
        [[case.step]]
        say = "一个问题"
        [[case.step]]
        fail = "timeout"
        expect = { ruling = "answered", reasons = ["failed", "timeout"], says = ["failed!"] }
        [[case]]
        name = "a command"
        [[case.step]]
        say = "/new"
        expect = { says = ["anew!"], requests = 0 }
        [[case]]
        name = "staff in a group"
        group = "184524748161025"
        user = "alice"
        [[case.step]]
        say = "＠小助手 门卡坏了"
        expect = { ruling = "asked" }
        [[case.step]]
        say = "alice 我来处理"
        from = "agent_anna"
        expect = { reasons = ["taken_over"], says = ["a person!"], cancels = 1 }
        [[case.step]]
        say = "@bot 要多久"
        expect = { ruling = "taken_over", answers = 0 }
        [[case.step]]
        say = "/bot"
        from = "agent_anna"
        [[case.step]]
        say = "@bot 谢谢"
        expect = { ruling = "asked", prompt_has = ["我来处理"] }
        "#,
    );
}

#[test]
fn messages_are_changed_and_systems_take_over() {
    holds(
        r#"
        [[case]]
        name = "a recall and an edit"
        [[case.step]]
        say = "一个问题"
        id = "q"
        [[case.step]]
        recall = "q"
        expect = { ruling = "cancelled", cancels = 1, answers = 0 }
        [[case.step]]
        say = "另一个问题"
        id = "r"
        [[case.step]]
        edit = { message = "r", text = "第三个问题" }
        expect = { cancels = 1, prompt_has = ["第三个问题"], prompt_lacks = ["另一个问题"] }
        [[case]]
        name = "a system takes over and hands back"
        [[case.step]]
        take_over = "carol"
        expect = { reasons = ["taken_over"] }
        [[case.step]]
        say = "喂"
        expect = { ruling = "taken_over" }
        [[case.step]]
        hand_back = true
        [[case.step]]
        say = "喂"
        expect = { ruling = "asked" }
        "#,
    );
}

#[test]
fn the_filter_and_reviews_are_played() {
    holds(
        r#"
        [[case]]
        name = "stopped"
        [[case.step]]
        say = "a gun"
        expect = { callback = "blocked", verdict = "block", rules = ["weapons"], ruling = "blocked", says = ["blocked!"] }
        [[case]]
        name = "held, and let on"
        [[case.step]]
        say = "a bomb"
        expect = { ruling = "held", requests = 1 }
        [[case.step]]
        review = "safe"
        expect = { ruling = "asked", prompt_has = ["user: a bomb"] }
        [[case]]
        name = "an answer that is stopped, held and let out, held and not let out"
        [[case.step]]
        say = "一个问题"
        answer = "a gun"
        expect = { says_lacks = ["gun"], answers = 1 }
        [[case.step]]
        say = "一个问题"
        [[case.step]]
        answer = "a bomb"
        review = "safe"
        expect = { says = ["a bomb"] }
        [[case.step]]
        say = "一个问题"
        [[case.step]]
        answer = "a bomb"
        review = "unsafe"
        expect = { says_lacks = ["bomb"], answers = 1 }
        "#,
    );
}

#[test]
fn findings_parameters_and_personal_data_are_compared() {
    holds(
        r#"
        [[case]]
        name = "found at the callback"
        [[case.step]]
        say = "一百块"
        found = [{ rule = "amounts", category = "money" }]
        expect = { route = "flagged", says = ["no money!"] }
        [[case]]
        name = "a late finding"
        [[case.step]]
        say = "一个问题"
        id = "q"
        answer = "一个回答"
        [[case.step]]
        finding = { message = "q", category = "price" }
        expect = { reasons = ["price", "retracted"], retracts = 1 }
        [[case]]
        name = "personal data are hidden from the model and come back"
        [[case.step]]
        say = "我的电话是13800138000"
        expect = { prompt_has = ["[PHONE_1]"], prompt_lacks = ["13800138000"] }
        [[case.step]]
        answer = "打[PHONE_1]"
        expect = { says = ["打13800138000"] }
        [[case]]
        name = "parameters"
        [[case.step]]
        say = "写一封邮件"
        ext = { plan = "gold" }
        expect = { route = "gold", chain = ["spare"], temperature_milli = 300, stop = ["END"], thinking = "unsaid", answer_within = "60s", score = { from = 350, to = 649 } }
        "#,
    );
}

#[test]
fn what_differs_is_told_with_the_line_and_the_rules() {
    let played = played(
        "[[case]]\nname = \"wrong\"\n[[case.step]]\nsay = \"hello\"\n[case.step.expect]\nroute = \"gold\"\nsays = [\"x\"]\nscore = { to = 1 }\nskipped = { gold = \"regex\" }\nrequests = 2\n",
    );
    let [failure] = played[0].failures.as_slice() else { panic!("{played:?}") };
    let told: Vec<(&str, usize)> = failure.differences.iter().map(|it| (it.what, it.line)).collect();
    assert_eq!(told, [("route", 6), ("score", 8), ("skipped", 9), ("says", 7), ("requests", 10)]);
    let text = report::text(&played);
    for part in [
        "FAIL cases.toml:1 wrong\n     step 1, line 3: say \"hello\"\n",
        "       route (line 6)\n         expected \"gold\"\n         got      \"chain\"\n",
        "            gold     no: ext is none\n            flagged  no: safety is none\n",
        "1 of 1 failed\n",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&report::json(&played).unwrap()).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&0.into(), &1.into()));
    assert_eq!(json["cases"][0]["failures"][0]["differences"][0]["expected"], "gold");
}

#[test]
fn a_step_that_cannot_be_played_ends_its_case() {
    let played = played(
        "[[case]]\nname = \"nothing waits\"\n[[case.step]]\nanswer = \"x\"\n[[case.step]]\nsay = \"y\"\n[[case]]\nname = \"unknown\"\n[[case.step]]\nrecall = \"z\"\n[[case]]\nname = \"of all\"\nexpect = { answers = 5 }\n[[case.step]]\nsay = \"y\"\n",
    );
    let errors: Vec<Option<&str>> = played.iter().map(|case| case.failures[0].error.as_deref()).collect();
    assert_eq!(errors, [Some("no request waits for a model"), Some("no message \"z\" was said"), None]);
    assert_eq!((played[2].failures[0].step, played[2].failures[0].act.as_str()), (None, "all steps"));
}

#[test]
fn names_that_the_configuration_does_not_have_are_mistakes_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let config = file("huiyin.toml", CONFIG);
    for (case, told) in [
        (
            "[[case.step]]\nsay = \"x\"\nexpect.route = \"silver\"\n",
            ":5: the configuration has no route \"silver\"",
        ),
        (
            "[[case.step]]\nsay = \"x\"\nexpect.skipped = { silver = \"ext\" }\n",
            ":5: the configuration has no route \"silver\"",
        ),
        (
            "[[case.step]]\nsay = \"x\"\nexpect.chain = [\"other\"]\n",
            ":5: the configuration has no target \"other\"",
        ),
        ("app = \"acme#other\"\n[[case.step]]\nsay = \"x\"\n", ":1: the app acme#other is not configured"),
        ("bot = \"clerk\"\n[[case.step]]\nsay = \"x\"\n", ":1: the app has no bot clerk"),
    ] {
        let path = file("cases.toml", &format!("[[case]]\nname = \"n\"\n{case}"));
        let test = Test { files: vec![path], only: None, json: false };
        let error = test.run(|| Ok(Config::read(&config, None, crate::rehearse::variable)?)).err().unwrap();
        assert!(error.is::<Unusable>() && error.to_string().ends_with(told), "{case}\n{error}");
    }
    let path = file("cases.toml", "[[case]]\nname = \"n\"\n[[case.step]]\nsay = \"x\"\n");
    let test = Test { files: vec![path], only: Some("other".to_owned()), json: false };
    let error = test.run(|| Ok(Config::read(&config, None, crate::rehearse::variable)?)).err().unwrap();
    assert!(error.to_string().contains("no case has \"other\" in its name"), "{error}");
}
