use super::super::tests::{read, told};
use super::*;
use crate::bundle::Bundle;
use crate::model_traits::ThinkingSwitch;
use crate::zone::Weekday;

/// A file with two apps of different regions, whose first ends with `settings`, and shared routes.
fn file(settings: &str, shared: &str) -> String {
    format!(
        r#"
[[app]]
key = "acme#support"
chain = ["main"]
allowed_regions = ["cn"]
label = "AI"
bot = [{{ id = "helpdesk" }}]
time_zone = "Asia/Shanghai"
{settings}

[[app]]
key = "acme#sales"
chain = ["abroad"]
allowed_regions = ["us"]
label = "AI"
bot = [{{ id = "seller" }}]

{shared}

[[target]]
name = "main"
provider = "openai"
model = "gpt-5"
region = "cn"

[[target]]
name = "deep"
provider = "claude"
model = "claude-sonnet-4-5"
region = "cn"

[[target]]
name = "never"
provider = "openai"
model = "gpt-4o"
region = "cn"

[[target]]
name = "abroad"
provider = "local"
model = "qwen"
region = "us"
context_tokens = 2048

[[filter.rule]]
id = "insults"
words = ["笨蛋"]
action = "pass"
category = "abuse"
"#
    )
}

fn wrong(settings: &str, shared: &str) -> Vec<(String, String)> {
    let text = file(settings, shared);
    told(&text, read(&text).unwrap_err())
}

fn good(settings: &str, shared: &str) -> Bundle {
    let text = file(settings, shared);
    read(&text).unwrap_or_else(|problems| panic!("{:?}", told(&text, problems)))
}

fn support(bundle: &Bundle) -> &App {
    &bundle.apps[&AppKey::new("acme#support").unwrap()]
}

const EVERYTHING: &str = r#"
[app.complexity]
hard = 700
[[app.experiment]]
name = "tone"
arms = [{ name = "a", weight = 1 }, { name = "b", weight = 3 }]
[[app.route]]
name = "all"
when.chat = ["chat", "group"]
when.message = ["text", "image"]
when.bot = ["HelpDesk"]
when.group = ["42"]
when.ext = { plan = ["gold", "silver"], beta = [] }
when.hours = ["09:00-18:00", "22:00-02:00"]
when.weekdays = ["mon", "sun"]
when.arm = { tone = ["b"] }
when.age = { from = "30s", to = "1h" }
when.safety = { rules = ["insults"], categories = ["abuse"] }
when.history_turns = { from = 2 }
when.history_tokens = { to = 4000 }
when.language = ["zh_hans", "other"]
when.keywords = ["退款", "Refund"]
when.regex = "订单\\d+"
when.asked = { times = 2, within = "10m" }
when.complexity = ["standard", "hard"]
when.score = { from = 400, to = 900 }
then.chain = ["deep", "never"]
then.temperature_milli = 300
then.max_output_tokens = 4000
then.thinking = "on"
then.stop = ["END"]
then.prompt = "{{ system_prompt }} {{ weekday }}"
then.history_turns = 4
then.history_tokens = 2000
then.answer_within = "2m"
[[app.route]]
name = "canned"
when.keywords = ["营业时间"]
then.say = "九点到六点"
[[app.route]]
name = "person"
when.keywords = ["人工"]
then = { person = "agent1", person_text = "请稍候" }
"#;

#[test]
fn every_condition_and_outcome_becomes_part_of_the_bundle_and_comes_back() {
    let bundle = good(EVERYTHING, "");
    let app = support(&bundle);
    let labels: Vec<_> = app.routes[0].when.iter().map(Condition::label).collect();
    assert_eq!(
        labels,
        [
            "chat",
            "message",
            "bot",
            "group",
            "ext",
            "hours",
            "weekdays",
            "arm",
            "age",
            "safety",
            "history_turns",
            "history_tokens",
            "language",
            "keywords",
            "regex",
            "asked",
            "complexity",
            "score"
        ]
    );
    assert_eq!(app.routes[0].when[6], Condition::Weekdays([Weekday::Mon, Weekday::Sun].into()));
    assert_eq!(app.routes[1].then, Outcome::Say("九点到六点".into()));
    assert_eq!(app.complexity.map(|found| (found.standard, found.hard)), Some((350, 700)));
    let (hash, json) = (bundle.hash().unwrap(), bundle.to_json().unwrap());
    assert_eq!(Bundle::from_json(&hash, &json).unwrap(), bundle);
    assert!(String::from_utf8(json).unwrap().starts_with(r#"{"version":3,"#));
    let tags = bundle.route_tags(&AppKey::new("acme#support").unwrap());
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), ["beta", "plan"]);
}

#[test]
fn a_file_without_routes_has_the_bundle_that_it_always_had() {
    let json = String::from_utf8(good("", "").to_json().unwrap()).unwrap();
    assert!(json.starts_with(r#"{"version":1,"#));
    let zone =
        r#""time_zone":{"name":"Asia/Shanghai","offsets":[{"from":1735689600000,"ahead_minutes":480}]}"#;
    assert_eq!(json.matches(zone).count(), 1);
    for key in ["route", "experiment", "complexity"] {
        assert!(!json.contains(key), "{key}");
    }
}

#[test]
fn what_switches_thinking_is_told_of_targets_that_a_route_switches_and_of_no_other() {
    let bundle = good(EVERYTHING, "");
    let switch = |name: &str| bundle.targets[&TargetName::new(name).unwrap()].traits.thinking_by;
    assert_eq!(switch("deep"), Some(ThinkingSwitch::ThinkingBudget));
    assert_eq!((switch("never"), switch("abroad")), (None, None));
}

/// Each is wrong in its line.
#[test]
fn what_is_wrong_with_a_route_is_told_with_its_line() {
    for (key, what) in [
        (r#"when.chat = ["room"]"#, "\"room\" is none of chat, group, chatroom"),
        (r#"when.message = ["gif"]"#, "\"gif\" is none of text, image,"),
        (r#"when.bot = ["seller"]"#, "the bot \"seller\" is not configured"),
        (r#"when.group = [""]"#, "read group"),
        (r#"when.ext = { }"#, "ext names at least one field"),
        (r#"when.hours = ["9-18"]"#, "are no hours such as 00:30-08:30"),
        (r#"when.weekdays = ["monday"]"#, "is none of mon, tue"),
        (r#"when.arm = { tone = ["a"] }"#, "the experiment \"tone\" is not configured"),
        (r#"when.age = { from = "2h", to = "1h" }"#, "it begins behind its end"),
        (r#"when.safety = { rules = ["x"] }"#, "the rule \"x\" is not configured"),
        (r#"when.safety = { categories = ["x"] }"#, "no rule and no dictionary has the category \"x\""),
        (r#"when.history_turns = { from = 3, to = 2 }"#, "it begins behind its end"),
        (r#"when.language = ["fr"]"#, "\"fr\" is none of zh_hans"),
        (r#"when.keywords = ["。"]"#, "nothing that can be looked for is left"),
        (r#"when.regex = "(""#, "regular expression: "),
        (r#"when.asked = { times = 0, within = "1m" }"#, "asked.times must be from 1 to 15"),
        (r#"when.asked = { times = 1, within = "25h" }"#, "asked.within must be"),
        (r#"when.complexity = ["easy"]"#, "\"easy\" is none of simple, standard, hard"),
        (r#"when.score = { to = 1001 }"#, "it may be at most 1000"),
        (r#"then.chain = ["nobody"]"#, "names the target \"nobody\", which is not configured"),
        (
            r#"then.chain = ["main", "abroad"]"#,
            "can reach abroad in region \"us\", which is not in allowed_regions of app \"acme#support\"",
        ),
        (r#"then.chain = ["main", "main"]"#, "names main twice"),
        (r#"then.temperature_milli = 2001"#, "temperature_milli may be at most 2000"),
        (r#"then.max_output_tokens = 0"#, "max_output_tokens may not be zero"),
        (r#"then.max_output_tokens = 4000000"#, "leaves no room for a prompt in the window of main"),
        (r#"then.thinking = "maybe""#, "\"maybe\" is none of on, off"),
        (r#"then.stop = [" "]"#, "stop: each is another text"),
        (r#"then.prompt = "{{ sender }}""#, "a template knows no \"sender\""),
        (r#"then.answer_within = "1h""#, "lost_after of app \"acme#support\" must be at least twice"),
        (r#"then.say = " ""#, "nobody would see it"),
        (r#"then.person = "helpdesk""#, "it is a bot"),
    ] {
        let then = if key.starts_with("then") { "" } else { "then.chain = [\"main\"]" };
        let found = wrong(&format!("[[app.route]]\nname = \"r\"\n{key}\n{then}"), "");
        let [(line, told)] = found.as_slice() else { panic!("{key}: {found:?}") };
        assert!(
            told.starts_with("app \"acme#support\": route \"r\": ") && told.contains(what),
            "{key}: {told}"
        );
        assert_eq!(line, key);
    }
}

#[test]
fn several_problems_are_told_at_once_and_those_of_a_whole_rule_at_its_name() {
    let found = wrong(
        "[[app.route]]\nname = \"chain\"\nwhen = { bot = [\"x\"], language = [\"fr\"] }\nthen = { say = \"a\", chain = [\"main\"] }\n\
         [[app.route]]\nname = \"deaf\"\nwhen = { arm = { t = [\"z\"] } }\nthen = { thinking = \"on\", chain = [\"never\"] }",
        "",
    );
    let told: Vec<&str> = found.iter().map(|(_, told)| told.as_str()).collect();
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(told.iter().any(|told| told.contains("say and person stand alone")));
    assert!(told.iter().any(|told| told.contains("and is not \"chain\"")));
    assert!(told.iter().any(|told| told.contains("no model of its chain can be told")));
}

#[test]
fn a_rule_behind_one_that_holds_wherever_it_does_is_never_reached() {
    for (earlier, later) in [
        ("", "when.language = [\"en\"]"),
        ("when.chat = [\"chat\", \"group\"]", "when = { chat = [\"group\"], bot = [\"helpdesk\"] }"),
        ("when.message = [\"text\", \"image\"]", "when.message = [\"image\"]"),
        ("when.ext = { plan = [] }", "when.ext = { plan = [\"gold\"], beta = [\"1\"] }"),
        ("when.ext = { plan = [\"gold\", \"silver\"] }", "when.ext = { plan = [\"gold\"] }"),
        ("when.hours = [\"08:00-12:00\", \"12:00-20:00\"]", "when.hours = [\"11:00-13:00\"]"),
        ("when.weekdays = [\"mon\", \"tue\"]", "when.weekdays = [\"tue\"]"),
        ("when.age = { from = \"1m\" }", "when.age = { from = \"2m\", to = \"3m\" }"),
        (
            "when.safety = { categories = [\"abuse\"], rules = [\"insults\"] }",
            "when.safety = { rules = [\"insults\"] }",
        ),
        ("when.history_turns = { to = 5 }", "when.history_turns = { from = 1, to = 5 }"),
        ("when.keywords = [\"a\", \"b\"]", "when.keywords = [\"b\"]"),
        ("when.regex = \"a+\"", "when = { regex = \"a+\", language = [\"en\"] }"),
        ("when.asked = { times = 1, within = \"10m\" }", "when.asked = { times = 2, within = \"5m\" }"),
        ("when.complexity = [\"simple\", \"hard\"]", "when.complexity = [\"hard\"]"),
        ("when.score = { from = 500 }", "when.score = { from = 600 }"),
    ] {
        let route = |name: &str, when: &str| {
            format!("[[app.route]]\nname = \"{name}\"\n{when}\nthen.chain = [\"main\"]\n")
        };
        let found = wrong(&(route("first", earlier) + &route("second", later)), "");
        let [(line, told)] = found.as_slice() else { panic!("{earlier} / {later}: {found:?}") };
        assert_eq!(line, "name = \"second\"");
        assert!(told.contains("it is never reached: \"first\""), "{told}");
        if !earlier.is_empty() {
            good(&(route("first", later) + &route("second", earlier)), "");
        }
    }
}

#[test]
fn a_shared_route_holds_for_the_apps_that_it_names_and_is_checked_for_each_of_them() {
    let shared = "[[route]]\nname = \"all\"\nwhen.bot = [\"seller\"]\nthen.chain = [\"main\"]";
    let found = wrong("", shared);
    let [(line, told)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(line, "then.chain = [\"main\"]");
    assert!(told.contains("allowed_regions of app \"acme#sales\""), "{told}");
    let bundle = good("", "[[route]]\nname = \"own\"\napps = [\"acme#support\"]\nthen.chain = [\"main\"]");
    let [support, sales] = ["acme#support", "acme#sales"].map(|key| AppKey::new(key).unwrap());
    assert_eq!((bundle.routes_of(&support).count(), bundle.routes_of(&sales).count()), (1, 0));
    let narrow = wrong("", "[[route]]\nname = \"long\"\nthen.max_output_tokens = 3000");
    assert!(narrow[0].1.contains("in the window of abroad"), "{narrow:?}");
    let hours = wrong("", "[[route]]\nname = \"day\"\nwhen.hours = [\"09:00-18:00\"]\nthen.say = \"a\"");
    assert!(hours[0].1.contains("need time_zone, which app \"acme#sales\" does not have"), "{hours:?}");
    let clock = wrong("", "[[route]]\nname = \"t\"\nthen.prompt = \"{{ hour }}\"");
    assert!(clock[0].1.contains("prompt: hour needs time_zone, which app \"acme#sales\""), "{clock:?}");
    let unknown = wrong("", "[[route]]\nname = \"a\"\napps = [\"acme#x\"]\nthen.say = \"a\"");
    assert!(unknown[0].1.contains("the app \"acme#x\" is not configured"), "{unknown:?}");
    let twice = wrong(
        "[[app.route]]\nname = \"a\"\nwhen.language = [\"en\"]\nthen.say = \"a\"",
        "[[route]]\nname = \"a\"\nthen.say = \"a\"",
    );
    assert!(twice[0].1.contains("has a route of this name"), "{twice:?}");
}

#[test]
fn what_is_wrong_with_an_experiment_or_a_threshold_is_told() {
    for (key, what) in [
        ("arms = [{ name = \"a\", weight = 1 }]", "it has from 2 to 16 arms"),
        ("arms = [{ name = \"a\", weight = 0 }, { name = \"b\", weight = 0 }]", "no arm has a weight"),
        ("arms = [{ name = \"a\", weight = 1 }, { name = \"a\", weight = 1 }]", "it has this arm twice"),
        (
            "arms = [{ name = \"\", weight = 1 }, { name = \"b\", weight = 2000000 }]",
            "a weight may be at most 1000000",
        ),
    ] {
        let found = wrong(&format!("[[app.experiment]]\nname = \"tone\"\n{key}"), "");
        assert!(found.iter().any(|(_, told)| told.contains(what)), "{key}: {found:?}");
    }
    let found = wrong("complexity = { standard = 0, hard = 0 }", "");
    assert_eq!(found.len(), 2, "{found:?}");
    let zone = file("", "").replace("Asia/Shanghai", "Asia/Nowhere");
    let found = told(&zone, read(&zone).unwrap_err());
    assert!(found[0].1.contains("is no time zone such as Asia/Shanghai"), "{found:?}");
}

#[test]
fn what_is_asked_of_targets_is_read_and_its_names_are_checked_at_their_lines() {
    let settings = r#"
[[app.route]]
name = "down"
when.targets = { open = ["deep"], cooling = ["main", "deep"], available = ["never"], waiting = { targets = ["main"], from = "5s" } }
then = { avoid_open = true, pin = false }
"#;
    let bundle = good(settings, "");
    let [rule] = support(&bundle).routes.as_slice() else { panic!("one rule") };
    let name = |of: &str| TargetName::new(of).unwrap();
    let Condition::Targets(asked) = &rule.when[0] else { panic!("{:?}", rule.when) };
    assert_eq!(
        (asked.open.len(), asked.cooling.len(), asked.available.contains(&name("never"))),
        (1, 2, true)
    );
    assert_eq!(asked.waiting.as_ref().map(|waiting| waiting.from_ms), Some(5_000));
    let Outcome::Ask(ask) = &rule.then else { panic!("{:?}", rule.then) };
    assert_eq!((ask.avoid_open, ask.pin), (true, Some(false)));
    let json = String::from_utf8(bundle.to_json().unwrap()).unwrap();
    assert!(json.starts_with(r#"{"version":5,"#), "earlier builds refuse it");
    let stays = good("session = { pin = true }", "");
    assert!(String::from_utf8(stays.to_json().unwrap()).unwrap().starts_with(r#"{"version":5,"#));

    let told = wrong(
        "[[app.route]]\nname = \"a\"\nwhen.targets.open = [\"nobody\"]\nthen.avoid_open = true\n\
         [[app.route]]\nname = \"b\"\nwhen.targets.waiting = { targets = [\"main\", \"ghost\"], from = \"10ms\" }\nthen.pin = true\n\
         [[app.route]]\nname = \"c\"\nwhen.targets = {}\nthen.pin = true\n\
         [[app.route]]\nname = \"d\"\nwhen.targets.available = []\nthen = { say = \"hi\", avoid_open = true }",
        "",
    );
    let what: Vec<&str> = told.iter().map(|(_, what)| what.as_str()).collect();
    for part in [
        "route \"a\": the target \"nobody\" is not configured",
        "route \"b\": the target \"ghost\" is not configured",
        "route \"b\": targets.waiting: waits are known from one second on",
        "route \"c\": targets asks nothing",
        "route \"d\": targets.available names nothing",
        "route \"d\": say and person stand alone",
    ] {
        assert!(what.iter().any(|what| what.contains(part)), "{part}: {told:?}");
    }
    let line = told.iter().find(|(_, what)| what.contains("nobody")).map(|(at, _)| at.clone()).unwrap();
    assert!(line.contains("nobody") || line.chars().any(|c| c.is_ascii_digit()), "{line}");
}

#[test]
fn a_rule_about_targets_behind_one_that_asks_less_is_never_reached() {
    let rules = |first: &str, second: &str| {
        format!(
            "[[app.route]]\nname = \"first\"\nwhen.targets = {first}\nthen.pin = true\n[[app.route]]\nname = \"second\"\nwhen.targets = {second}\nthen.pin = true"
        )
    };
    for (first, second) in [
        ("{ open = [\"deep\", \"main\"] }", "{ open = [\"deep\"] }"),
        (
            "{ waiting = { targets = [\"main\"], from = \"2s\" } }",
            "{ waiting = { targets = [\"main\"], from = \"8s\" }, open = [\"deep\"] }",
        ),
    ] {
        let told = wrong(&rules(first, second), "");
        assert!(told.iter().any(|(_, what)| what.contains("never reached")), "{told:?}");
    }
    good(&rules("{ open = [\"deep\"] }", "{ cooling = [\"deep\"] }"), "");
    good(&rules("{ open = [\"deep\"], cooling = [\"main\"] }", "{ open = [\"deep\"] }"), "");
}
