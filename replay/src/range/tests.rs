use super::*;
use crate::results::Models;

fn arguments() -> Arguments {
    Arguments {
        from: "2h".into(),
        to: "1h".into(),
        apps: Vec::new(),
        sample: None,
        dataset: None,
        candidate: None,
        models: Models::Recorded,
        fork_at: None,
        warm_up: None,
        state: None,
        outputs: Outputs::All,
    }
}

fn manifest() -> Manifest {
    Manifest {
        form: FORM,
        name: "cheap".parse().unwrap(),
        arguments: arguments(),
        from: 5,
        to: 9,
        warm_up: 0,
        version: "1".into(),
        engine: safety::ENGINE,
        incarnation: "i".into(),
        spans: vec![Span { partition: 0, lead: 0, warm: 1, first: 2, end: 3 }],
    }
}

#[test]
fn a_name_leads_nowhere_else() {
    for good in ["a", "cheaper-2", "-", &"x".repeat(64)] {
        assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
    }
    for bad in ["", "A", "a.b", "a/b", "..", "a b", "a_b", "ä", "a\n", &"x".repeat(65)] {
        assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        assert!(serde_json::from_value::<Name>(bad.into()).is_err(), "{bad:?}");
    }
}

#[test]
fn a_share_takes_about_as_many_conversations_and_always_the_same() {
    let five: Sample = "5%".parse().unwrap();
    let key = |n: u32| format!("a#b/chat/bot/user{n}").into_bytes();
    let taken = |seed: &str| (0..20_000).filter(|n| five.takes(seed, &key(*n))).collect::<Vec<_>>();
    let found = taken("one");
    assert!((800..1_200).contains(&found.len()), "{}", found.len());
    assert_eq!(found, taken("one"));
    assert_ne!(found, taken("two"));
    assert!("100%".parse::<Sample>().unwrap().takes("any", b"key"));
    for bad in ["5", "0%", "101%", "-5%", "5.00001%", "0.00010%", "%", "a%", "0.0%"] {
        assert!(bad.parse::<Sample>().is_err(), "{bad}");
    }
}

#[test]
fn a_lane_is_taken_with_its_conversation_and_apps_are_whole_names() {
    let asked = Arguments { apps: vec!["a#b".into()], sample: Some("50%".into()), ..arguments() };
    let taking = Manifest { arguments: asked, ..manifest() }.taking();
    let mut taken = 0;
    for n in 0..100 {
        let conversation = format!("a#b/group/{n}");
        let is_taken = taking.takes(conversation.as_bytes());
        taken += u32::from(is_taken);
        assert_eq!(taking.takes(format!("{conversation}@bob").as_bytes()), is_taken);
        assert!(!taking.takes(format!("a#bc/group/{n}").as_bytes()));
    }
    assert!((30..70).contains(&taken), "{taken}");
}

#[test]
fn other_arguments_are_named_and_another_file_of_the_same_bundle_is_none() {
    let was = arguments();
    assert_eq!(was.differences(&was), Vec::<String>::new());
    let candidate = |name: &str, bundle: &str| Some(Candidate { name: name.into(), bundle: bundle.into() });
    let is = Arguments { to: "30m".into(), candidate: candidate("c.toml", "b1"), ..arguments() };
    assert_eq!(
        was.differences(&is),
        ["--to was 1h, and is 30m", "--candidate was not given, and is c.toml (bundle b1)"]
    );
    let set = |name: &str, hash: &str| Some(Set { name: name.into(), hash: hash.into(), turns: 3 });
    let of_set = Arguments { dataset: set("slow.jsonl", "h1"), ..arguments() };
    assert_eq!(was.differences(&of_set), ["--dataset was not given, and is slow.jsonl (hash h1)"]);
    let copied = Arguments { dataset: set("copy.jsonl", "h1"), ..arguments() };
    assert_eq!(of_set.differences(&copied), Vec::<String>::new());
    let changed = Arguments { dataset: set("slow.jsonl", "h2"), ..arguments() };
    assert_eq!(
        of_set.differences(&changed),
        ["--dataset was slow.jsonl (hash h1), and is slow.jsonl (hash h2)"]
    );
    let renamed = Arguments { candidate: candidate("d.toml", "b1"), ..is.clone() };
    assert_eq!(is.differences(&renamed), Vec::<String>::new());
}

#[test]
fn the_id_follows_from_all_of_a_manifest() {
    let one = manifest();
    assert_eq!(one.id(), manifest().id());
    let mut other = manifest();
    other.spans[0].end = 4;
    assert_ne!(one.id(), other.id());
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), one);
    assert_eq!(one.differs_from("2", "i"), ["the program was 1, and is 2"]);
}
