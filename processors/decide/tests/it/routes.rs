//! Routes: which rule answers a turn, what follows from it, and what the decision tells.

use std::collections::BTreeMap;

use catalogue::experiment::{Arm, Experiment};
use decide::Reason;
use proptest::prelude::*;
use schemas::answer::AnswerSource;
use schemas::answered::{Answered, Outcome};
use schemas::conversation::Conversation;
use schemas::decision::{Decision, Ruling, Why};
use schemas::event::{Event, Message, MessageKind};
use schemas::ids::GroupId;
use schemas::request::Role;
use schemas::review::Level;
use schemas::verdict::{Action, Verdict};

use crate::world::{HOUR, MINUTE, SECOND, World, Written, alice, app, attempt, group, outcome, user};

/// What follows by hand in every table: the rule `wanted` asks the other target.
fn rule(when: &str) -> String {
    format!("[[app.route]]\nname = \"wanted\"\n{when}\nthen.chain = [\"second\"]\n")
}

fn why(decision: &Decision) -> &Why {
    decision.route.as_ref().and_then(|route| route.why.as_deref()).expect("a routed decision tells why")
}

fn rule_of(written: &Written) -> &str {
    &written.decisions[0].route.as_ref().unwrap().rule
}

type Play = fn(&mut World) -> Written;

/// A condition: what it asks for, where, what meets it, and what does not.
struct Row {
    when: &'static str,
    settings: &'static str,
    place: fn() -> Conversation,
    meets: Play,
    misses: Play,
}

const fn row(when: &'static str, meets: Play, misses: Play) -> Row {
    Row { when, settings: "", place: alice, meets, misses }
}

fn tagged(world: &mut World, tags: &[(&str, &str)]) -> Written {
    let tags: BTreeMap<_, _> = tags.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let message = Message { tags, ..world.message(1, "hello") };
    world.play(Event::Message(message))
}

fn of_kind(world: &mut World, kind: MessageKind) -> Written {
    let message = Message { kind, ..world.message(1, "look at this") };
    world.play(Event::Message(message))
}

fn hit(world: &mut World, rules: &[&str]) -> Written {
    let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let message =
        Message { verdict: Verdict::new(Action::Pass, rules, "ingest"), ..world.message(1, "hello") };
    world.play(Event::Message(message))
}

/// At a time of the day, which is Sunday in Shanghai, and Sunday or Monday with `HOUR` behind it.
fn late(world: &mut World, after: i64) -> Written {
    world.pass(after);
    world.say(1, "hello")
}

/// Where and when it was said, and what came with it.
fn of_places() -> Vec<Row> {
    vec![
        Row {
            place: group,
            ..row(
                "when.chat = [\"group\"]",
                |w| w.say(1, "hi"),
                |w| {
                    *w = World::new(&rule("when.chat = [\"group\"]"));
                    w.say(1, "hi")
                },
            )
        },
        row(
            "when.message = [\"image\"]",
            |w| of_kind(w, MessageKind::Image),
            |w| of_kind(w, MessageKind::Text),
        ),
        row(
            "when.bot = [\"clerk\"]",
            |w| {
                let message = Message { bot: Some(user("Clerk")), ..w.message(1, "hi") };
                w.play(Event::Message(message))
            },
            |w| w.say(1, "hi"),
        ),
        Row {
            place: group,
            ..row(
                "when.group = [\"42\"]",
                |w| w.say(1, "hi"),
                |w| {
                    w.conversation = Conversation::group(app(), GroupId::new("43").unwrap());
                    w.say(1, "hi")
                },
            )
        },
        row(
            "when.ext = { plan = [\"gold\", \"7\"], beta = [] }",
            |w| tagged(w, &[("plan", "7"), ("beta", "whatever")]),
            |w| tagged(w, &[("plan", "gold")]),
        ),
        // It is 23:06 on a Sunday.
        Row {
            settings: "time_zone = \"Asia/Shanghai\"\n",
            ..row("when.hours = [\"22:00-02:00\"]", |w| late(w, 2 * HOUR), |w| late(w, 3 * HOUR))
        },
        Row {
            settings: "time_zone = \"Asia/Shanghai\"\n",
            ..row("when.weekdays = [\"mon\"]", |w| late(w, HOUR), |w| late(w, 50 * MINUTE))
        },
    ]
}

/// What was before.
fn of_the_past() -> Vec<Row> {
    vec![
        row(
            "when.age = { from = \"30s\", to = \"40s\" }",
            |w| {
                let message = Message { sent_at: w.time - 30 * SECOND, ..w.message(1, "hi") };
                w.play(Event::Message(message))
            },
            |w| w.say(1, "hi"),
        ),
        row("when.safety = { rules = [\"secrets\"] }", |w| w.say(1, "my password"), |w| hit(w, &["weapons"])),
        row("when.safety = { rules = [\"secrets\"] }", |w| hit(w, &["secrets"]), |w| w.say(1, "hi")),
        row(
            "when.history_turns = { from = 1 }",
            |w| {
                w.exchange(1, "hi", "hello");
                w.say(2, "again")
            },
            |w| w.say(1, "hi"),
        ),
        row(
            "when.history_tokens = { from = 20, to = 30 }",
            |w| {
                w.exchange(1, "一共二十个字的问题", "一共十个字的回答呢");
                w.say(2, "再来")
            },
            |w| {
                w.exchange(1, "hi", "ok");
                w.say(2, "again")
            },
        ),
    ]
}

/// What the text says.
fn of_the_text() -> Vec<Row> {
    vec![
        row(
            "when.language = [\"zh_hant\"]",
            |w| w.say(1, "請問這個會員怎麼開通"),
            |w| w.say(1, "请问这个会员怎么开通"),
        ),
        row(
            "when.keywords = [\"退款\", \"REFUND\"]",
            |w| w.say(1, "我想要退 款吗？ｒｅｆｕｎｄ!"),
            |w| w.say(1, "我想付款"),
        ),
        row("when.regex = \"订单\\\\d{3}\"", |w| w.say(1, "訂單１２３在哪里"), |w| w.say(1, "订单在哪里")),
        row(
            "when.asked = { times = 1, within = \"1m\" }",
            |w| {
                w.exchange(1, "营业时间？", "九点");
                w.pass(50 * SECOND);
                w.say(2, "營業時間 ！")
            },
            |w| {
                w.exchange(1, "营业时间？", "九点");
                w.pass(70 * SECOND);
                w.say(2, "营业时间？")
            },
        ),
        row("when.complexity = [\"hard\"]", |w| w.say(1, "证明根号2是无理数"), |w| w.say(1, "你好")),
        row("when.score = { to = 300 }", |w| w.say(1, "你好"), |w| w.say(1, "证明根号2是无理数")),
        Row {
            settings: "[app.complexity]\nstandard = 100\nhard = 400\n",
            ..row("when.complexity = [\"hard\"]", |w| w.say(1, "帮我写一封请假邮件"), |w| w.say(1, "你好"))
        },
    ]
}

#[test]
fn each_condition_holds_where_it_says_and_is_named_where_it_does_not() {
    for Row { when, settings, place, meets, misses } in
        of_places().into_iter().chain(of_the_past()).chain(of_the_text())
    {
        let settings = format!("{settings}{}", rule(when));
        let mut world = World::of(place(), &settings);
        let held = meets(&mut world);
        assert_eq!((rule_of(&held), held.request().chain[0].as_str()), ("wanted", "second"), "{when}");
        let missed = misses(&mut World::of(place(), &settings));
        assert_eq!((rule_of(&missed), missed.request().chain[0].as_str()), ("chain", "first"), "{when}");
        let skipped = &why(&missed.decisions[0]).skipped;
        let key = when.trim_start_matches("when.").split(' ').next().unwrap();
        assert_eq!((skipped[0].rule.as_str(), skipped[0].by.as_str()), ("wanted", key), "{when}");
    }
}

#[test]
fn the_first_rule_that_holds_decides_and_the_apps_own_come_before_the_shared_ones() {
    let settings = "[[app.route]]\nname = \"own\"\nwhen.keywords = [\"own\"]\nthen.temperature_milli = 1\n\
                    [[route]]\nname = \"other app\"\napps = [\"acme#support\"]\nwhen.keywords = [\"other\"]\nthen.temperature_milli = 2\n\
                    [[route]]\nname = \"shared\"\nwhen.keywords = [\"shared\", \"own\"]\nthen.temperature_milli = 3\n";
    let mut world = World::new(settings);
    for (n, (text, rule)) in
        [("own", "own"), ("shared", "shared"), ("other", "other app"), ("none", "chain")].iter().enumerate()
    {
        let n = u32::try_from(n).unwrap();
        let asked = world.say(n, text);
        assert_eq!(rule_of(&asked), *rule);
        let request = asked.request().clone();
        world.answer(&request, "ok");
    }
}

#[test]
fn a_rule_gives_its_parameters_to_the_request_and_the_app_what_the_rule_leaves_out() {
    let settings = "max_output_tokens = 700\ntemperature_milli = 900\nsystem_prompt = \"Be kind.\"\ntime_zone = \"Asia/Shanghai\"\n\
                    [[app.route]]\nname = \"all\"\nwhen.keywords = [\"deep\"]\n\
                    then = { chain = [\"second\"], temperature_milli = 100, max_output_tokens = 300, thinking = \"on\", stop = [\"END\"], answer_within = \"10s\",\n\
                    prompt = \"{{ system_prompt }} {{ bot }} {{ chat }} {{ language }} {{ date }} {{ hour }} {{ weekday }}\" }\n\
                    [[app.route]]\nname = \"little\"\nwhen.keywords = [\"little\"]\nthen.thinking = \"off\"\n";
    let mut world = World::new(settings);
    let now = world.time;
    let all = world.say(1, "deep question").request().clone();
    assert_eq!((all.temperature_milli, all.max_output_tokens, all.thinking), (Some(100), 300, Some(true)));
    assert_eq!(
        (all.stop.as_slice(), all.answer_by, all.chain.len()),
        (&["END".to_owned()][..], now + 10 * SECOND, 1)
    );
    assert_eq!(all.prompt[0].role, Role::System);
    assert_eq!(all.prompt[0].text.plain(), Some("Be kind. bot chat en 2025-06-15 23 sun"));
    world.answer(&all, "ok");
    let little = world.say(2, "little question").request().clone();
    assert_eq!(
        (little.temperature_milli, little.max_output_tokens, little.thinking),
        (Some(900), 700, Some(false))
    );
    assert_eq!((little.stop.len(), little.answer_by, little.chain.len()), (0, now + MINUTE, 2));
    assert_eq!(little.prompt[0].text.plain(), Some("Be kind."));
}

#[test]
fn a_template_that_gives_too_much_leaves_the_apps_instructions_and_says_so() {
    let long = "长".repeat(12_000);
    let settings = format!(
        "system_prompt = \"{long}\"\n[[app.route]]\nname = \"all\"\nthen.chain = [\"first\"]\nthen.prompt = \"{{{{ system_prompt }}}}{{{{ system_prompt }}}}\"\n"
    );
    let mut world = World::new(&settings);
    let written = world.say(1, "hi");
    assert!(why(written.decision()).template_failed);
    assert_eq!(written.request().prompt[0].text.plain(), Some(long.as_str()));
}

#[test]
fn a_route_that_takes_less_history_does_not_take_it_from_the_others() {
    let settings = "[[app.route]]\nname = \"short\"\nwhen.keywords = [\"short\"]\nthen.history_turns = 3\n\
                    [[app.route]]\nname = \"tokens\"\nwhen.keywords = [\"tokens\"]\nthen.history_tokens = 40\n";
    let mut world = World::new(settings);
    for n in 1..=6 {
        world.exchange(n, &format!("question {n}"), "an answer");
    }
    let lines = |world: &mut World, n, text: &str| {
        let request = world.say(n, text).request().clone();
        let lines =
            request.prompt.iter().map(|line| line.text.plain().unwrap().to_owned()).collect::<Vec<_>>();
        world.answer(&request, "an answer");
        lines
    };
    assert_eq!(lines(&mut world, 7, "long"), lines_of(1..=6, "long"));
    // At most 3 turns, from one on whose number, counted from 0, is even.
    let short = lines(&mut world, 8, "short");
    assert_eq!((short[0].as_str(), short.len()), ("question 5", 7));
    let next = lines(&mut world, 9, "short again");
    assert_eq!((next[0].as_str(), next.len()), ("long", 5));
    let last = lines(&mut world, 10, "and short");
    assert_eq!((&last[..4], last.len()), (&next[..4], 7), "the next prompt begins alike");
    assert!(lines(&mut world, 11, "tokens").len() < 9);
    assert_eq!(lines(&mut world, 12, "all of it").len(), 23);
}

fn lines_of(turns: std::ops::RangeInclusive<u32>, last: &str) -> Vec<String> {
    let mut lines: Vec<String> = turns.flat_map(|n| [format!("question {n}"), "an answer".into()]).collect();
    lines.push(last.into());
    lines
}

#[test]
fn a_route_may_answer_by_itself() {
    let mut world = World::new(
        "[[app.route]]\nname = \"hours\"\nwhen.keywords = [\"open\"]\nthen.say = \"From nine to six.\"\n",
    );
    let written = world.say(1, "when are you open?");
    let decision = written.decision();
    assert_eq!((decision.ruling, decision.parts, rule_of(&written)), (Ruling::Answered, 1, "hours"));
    assert_eq!(decision.reasons, [Reason::Routed.label()]);
    assert!(decision.route.as_ref().unwrap().chain.is_empty());
    assert_eq!((written.said(), written.requests.len()), (vec!["From nine to six."], 0));
    assert_eq!(written.answers[0].source, AnswerSource::Canned { reason: "routed".into() });
    assert_eq!(world.say(2, "thanks").requests.len(), 1, "the lane is free");
}

#[test]
fn what_waited_for_the_turn_in_flight_is_routed_when_its_own_turn_opens() {
    let mut world = World::new(
        "[[app.route]]\nname = \"hours\"\nwhen.keywords = [\"open\"]\nthen.say = \"From nine to six.\"\n",
    );
    let first = world.say(1, "hi").request().clone();
    assert_eq!(world.say(2, "are you open?").decision().ruling, Ruling::Waits);
    let written = world.answer(&first, "hello");
    assert_eq!(written.rulings(), [Ruling::Answered, Ruling::Answered]);
    assert_eq!(written.said(), ["hello", "From nine to six."]);
}

#[test]
fn a_route_may_give_the_conversation_to_a_person() {
    let settings = "[[app.route]]\nname = \"human\"\nwhen.keywords = [\"人工\"]\nthen = { person = \"agent1\", person_text = \"请稍候\" }\n";
    let mut world = World::new(settings);
    let written = world.say(1, "我要轉人工");
    assert_eq!(written.rulings(), [Ruling::TakenOver, Ruling::Noted]);
    assert_eq!((rule_of(&written), written.said()), ("human", vec!["请稍候"]));
    assert_eq!(world.state.as_ref().unwrap().core().person, Some(user("agent1")));
    assert_eq!(world.say(2, "在吗").decision().ruling, Ruling::TakenOver);
    world.takeover(None);
    assert_eq!(world.say(3, "在吗").requests.len(), 1);
}

#[test]
fn a_held_message_is_routed_when_its_review_lets_it_on() {
    let mut world = World::new(
        "[[app.route]]\nname = \"r\"\nwhen.safety = { rules = [\"explosives\"] }\nthen.say = \"Call us.\"\n[review]",
    );
    let held = world.say(1, "a bomb");
    assert_eq!(held.decision().ruling, Ruling::Held);
    let request = held.request().clone();
    let reviewer = request.chain[0].clone();
    let reviewed = Outcome::Reviewed { level: Level::Safe, category: None, reviewer };
    let attempts = vec![attempt(1, None, None)];
    let written = world.play(Event::Answered(Answered { attempts, ..outcome(&request, reviewed) }));
    assert_eq!((written.said(), rule_of(&written)), (vec!["Call us."], "r"));
}

#[test]
fn an_edit_keeps_the_tags_and_is_judged_anew() {
    let settings = "merge_window = \"5s\"\n[[app.route]]\nname = \"both\"\nwhen.ext = { plan = [\"gold\"] }\nwhen.safety = { rules = [\"secrets\"] }\nthen.chain = [\"second\"]\n";
    let mut world = World::new(settings);
    tagged(&mut world, &[("plan", "gold"), ("unasked", "1")]);
    world.edit(1, "my password");
    world.pass(6 * SECOND);
    let written = world.clock();
    assert_eq!(rule_of(&written), "both");
}

#[test]
fn a_decision_tells_the_score_with_its_signals_only_where_a_rule_asked() {
    let settings = "[[app.route]]\nname = \"hard\"\nwhen.keywords = [\"证明\"]\nwhen.complexity = [\"hard\"]\nthen.chain = [\"second\"]\n";
    let mut world = World::new(settings);
    let asked = world.say(1, "证明根号2是无理数");
    let told = why(asked.decision()).complexity.clone().unwrap();
    let points: i32 = told.signals.iter().map(|signal| signal.points).sum();
    assert_eq!((told.class.as_str(), u32::try_from(points.clamp(0, 1_000)).unwrap()), ("hard", told.score));
    assert_eq!(why(World::new(settings).say(1, "你好").decision()).complexity, None);
}

#[test]
fn rules_that_were_skipped_are_told_up_to_a_bound_and_counted_beyond() {
    let rules: String = (0..40)
        .map(|n| {
            format!(
                "[[app.route]]\nname = \"r{n}\"\nwhen.keywords = [\"word{n}x\"]\nthen.chain = [\"first\"]\n"
            )
        })
        .collect();
    let mut world = World::new(&rules);
    let written = world.say(1, "word29x");
    let why = why(written.decision());
    assert_eq!((rule_of(&written), why.skipped.len(), why.left_off), ("r29", 16, 13));
}

#[test]
fn experiments_are_told_in_every_decision_and_their_arms_choose_routes() {
    let settings = "[[app.experiment]]\nname = \"tone\"\narms = [{ name = \"a\", weight = 1 }, { name = \"b\", weight = 1 }]\n\
                    [[app.route]]\nname = \"b\"\nwhen.arm = { tone = [\"b\"] }\nthen.chain = [\"second\"]\n";
    let arm = |name: &str| Arm { name: name.into(), weight: 1 };
    let tone = Experiment { name: "tone".into(), arms: vec![arm("a"), arm("b")] };
    let mut seen = BTreeMap::new();
    for n in 0..12 {
        let place = Conversation::with_bot(app(), user("bot"), user(&format!("user{n}")));
        let arm = tone.arm_of(&place).unwrap().to_owned();
        let mut world = World::of(place, settings);
        for turn in 1..3 {
            let asked = world.say(turn, "hi");
            assert_eq!(why(asked.decision()).arms["tone"], arm);
            assert_eq!(rule_of(&asked), if arm == "b" { "b" } else { "chain" });
            let request = asked.request().clone();
            world.answer(&request, "ok");
        }
        *seen.entry(arm).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
}

#[test]
fn an_app_without_routes_tells_nothing_and_keeps_nothing() {
    let mut world = World::new("");
    let asked = tagged(&mut world, &[("plan", "gold")]);
    assert_eq!(asked.decision().route.as_ref().unwrap().why, None);
    let state = serde_json::to_string(world.state.as_ref().unwrap().core()).unwrap();
    assert!(!state.contains("questions"));
}

#[test]
fn the_questions_of_a_conversation_are_forgotten_beyond_their_time_and_their_number() {
    let mut world = World::new(&rule("when.asked = { times = 1, within = \"10m\" }"));
    for n in 0..40 {
        world.exchange(n, &format!("question {n}"), "ok");
    }
    let core = |world: &World| world.state.as_ref().unwrap().core().questions.len();
    assert_eq!(core(&world), 16);
    world.pass(11 * MINUTE);
    world.exchange(50, "another", "ok");
    assert_eq!(core(&world), 1);
}

/// Rules of every kind, of which any may come first.
const POOL: [&str; 7] = [
    "when.keywords = [\"退款\"]\nthen.chain = [\"second\"]",
    "when.complexity = [\"hard\"]\nthen.thinking = \"on\"",
    "when.language = [\"en\"]\nthen.say = \"Yes.\"",
    "when.asked = { times = 1, within = \"5m\" }\nthen.history_turns = 1",
    "when.arm = { tone = [\"b\"] }\nthen.prompt = \"{{ complexity }}\"",
    "when.history_turns = { from = 2 }\nthen.max_output_tokens = 50",
    "when.regex = \"人工\"\nthen.person = \"agent1\"",
];
const TEXTS: [&str; 6] =
    ["退款", "证明根号2是无理数", "hello there my friend", "转人工", "你好", "请问营业时间"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every step of the world is folded twice, from the state in memory and from what is stored: the bytes are the same.
    #[test]
    fn whatever_rules_there_are_a_turn_is_routed_alike_when_it_is_folded_again(
        order in Just((0..POOL.len()).collect::<Vec<_>>()).prop_shuffle(),
        said in prop::collection::vec((0..TEXTS.len(), 0_i64..200, any::<bool>()), 1..14),
    ) {
        let mut settings = "merge_window = \"2s\"\n[[app.experiment]]\nname = \"tone\"\narms = [{ name = \"a\", weight = 1 }, { name = \"b\", weight = 2 }]\n".to_owned();
        for place in &order {
            settings.push_str(&format!("[[app.route]]\nname = \"r{place}\"\n{}\n", POOL[*place]));
        }
        let mut world = World::new(&settings);
        for (n, (text, pause, answers)) in said.into_iter().enumerate() {
            world.say(u32::try_from(n).unwrap(), TEXTS[text]);
            world.pass(pause * SECOND);
            let written = world.clock();
            prop_assert!(written.decisions.iter().all(|d| d.ruling != Ruling::Asked || d.route.is_some()));
            if answers {
                let open = world.asked.last().cloned();
                open.into_iter().for_each(|request| drop(world.answer(&request, "好的")));
            }
            world.takeover(None);
        }
        prop_assert!(world.core_size() < 1_500, "{}", world.core_size());
    }
}
