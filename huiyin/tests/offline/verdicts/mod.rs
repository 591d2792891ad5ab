//! One bundle, four places that judge: the callback before delivery, decide's guard, the review of an answer, and `huiyin safety check
//! --batch`. Whatever a text says, and wherever in a message it stands, they find the same.

mod carriers;
mod corpora;
mod judges;
mod told;

use judges::{CATALOGUE, FILES, Judges, To};
use told::Told;

use crate::safety::Files;

/// What `huiyin safety check --batch` tells of every text, by the same bundle.
fn batch(texts: &[String]) -> Vec<Told> {
    let files = Files::new();
    for (name, text) in FILES {
        files.file(name, text);
    }
    let deployment = "[deployment]\nname = \"d\"\ninstance = \"0\"\npartitions = 1\nreplication = 1\n\
                      [kafka]\nbootstrap = \"127.0.0.1:1\"\n";
    files.file("huiyin.toml", &format!("{deployment}{CATALOGUE}"));
    let line = |(id, text): (usize, &String)| {
        serde_json::json!({"id": id, "carrier": "message", "text": text}).to_string() + "\n"
    };
    let input: String = texts.iter().enumerate().map(line).collect();
    let output = files.run(&["check", "--batch", "--personal-data"], &input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = String::from_utf8(output.stdout).unwrap();
    output.lines().map(|line| Told::of_batch(&serde_json::from_str(line).unwrap())).collect()
}

/// What every place tells of one text, with the name of the place.
async fn everywhere(judges: &Judges, text: &str) -> [(&'static str, Told); 5] {
    let asked = judges.send(text, To::Bot).await;
    let written = judges.send(text, To::Person).await;
    let guard = judges.guard(&asked);
    let (review, said) = judges.review(text).await;
    // Personal data are hidden in the same style on every way. Where one of them lets the text on, it is the same text.
    if let (Some(prompt), Some(said)) = (guard.request_text(), &said) {
        assert_eq!(prompt, said, "{text:?} to the model, and from it");
    }
    if let (Some(changed), Some(said)) = (&written.changed, &said) {
        assert_eq!(changed, said, "{text:?} to people, and from the model");
    }
    [
        ("the callback of a message to a bot", Told::of_first(asked.verdict())),
        ("the guard, of the same message", Told::of_first(guard.verdict())),
        ("the callback of a message among people", Told::of_first(written.verdict())),
        ("the guard, of that message", Told::of_first(judges.guard(&written).verdict())),
        ("the review of an answer", Told::of_first(&review)),
    ]
}

#[tokio::test]
async fn every_line_of_every_corpus_has_the_same_verdict_in_callback_guard_review_and_batch() {
    let judges = Judges::new();
    let texts = corpora::all();
    let of_batch = batch(&texts);
    assert_eq!(of_batch.len(), texts.len());
    let (mut wrong, mut words, mut personal, mut injections) = (Vec::new(), 0, 0, 0);
    for (text, batch) in texts.iter().zip(of_batch) {
        let told = everywhere(&judges, text).await;
        let [to_bot, guard, among_people, guard_of_people, review] = &told;
        let batch = ("the batch", batch);
        let mut is_same = |one: &(&str, Told), two: &(&str, Told), differ: Option<String>| {
            if let Some(how) = differ {
                wrong.push(format!("{text:?}: {} and {}: {how}", one.0, two.0));
            }
        };
        // The same words with the same effect. What a rule does with answers is its own.
        for other in [guard, among_people, guard_of_people] {
            is_same(to_bot, other, to_bot.1.words_differ(&other.1));
        }
        is_same(
            among_people,
            review,
            among_people.1.without_output_actions().words_differ(&review.1.without_output_actions()),
        );
        is_same(among_people, &batch, among_people.1.places_differ(&batch.1));
        // Personal data are told where they are hidden at once: decide hides them from the model in the request.
        is_same(among_people, review, among_people.1.personal_differs(&review.1));
        is_same(among_people, &batch, among_people.1.personal_differs(&batch.1));
        // Injections matter before a model alone.
        is_same(to_bot, guard, to_bot.1.injection_differs(&guard.1));
        is_same(to_bot, &batch, to_bot.1.injection_differs(&batch.1));
        words += usize::from(to_bot.1.has_words());
        personal += usize::from(among_people.1.has_personal_data());
        injections += usize::from(to_bot.1.is_injection());
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
    // They agree about something.
    assert!(words > 2_000 && personal > 500 && injections > 300, "{words} {personal} {injections}");
    println!(
        "{} texts: {words} with words, {personal} with personal data, {injections} injections",
        texts.len()
    );
}

#[tokio::test]
async fn a_text_has_the_same_verdict_in_every_field_of_a_message_in_callback_and_guard() {
    let judges = Judges::new();
    let texts = [
        "去赌博吧",
        "去 賭-博 吧",
        "今晚dubo吗",
        "网上上赌场",
        "加我的微信",
        "我的号是ＷＸabc12345",
        "领优惠券",
        "你好，今天不错",
    ];
    for text in texts {
        for to in [To::Bot, To::Person] {
            let body = judges.send(text, to).await;
            let expected = Told::of(body.verdict());
            assert_eq!(expected.has_words(), text != texts[7], "{text}");
            for (name, payload) in carriers::all(text) {
                let sent = judges.send_payload(payload, to).await;
                let told = Told::of(sent.verdict());
                assert_eq!(told.effect(), expected.effect(), "{text} in {name}");
                assert_eq!(told.lengths(), expected.lengths(), "{text} in {name}");
                let guard = Told::of(judges.guard(&sent).verdict());
                assert_eq!(guard, told, "{text} in {name}, in the guard");
            }
        }
    }
}

#[tokio::test]
async fn personal_data_are_found_in_every_field_of_a_message_among_people() {
    let judges = Judges::new();
    for text in ["手机13800138000", "身份证500112198211222320，请查"] {
        let expected = Told::of(judges.send(text, To::Person).await.verdict());
        assert!(expected.has_personal_data());
        for (name, payload) in carriers::all(text) {
            let told = Told::of(judges.send_payload(payload, To::Person).await.verdict());
            assert_eq!(told.effect(), expected.effect(), "{text} in {name}");
            assert_eq!(told.lengths(), expected.lengths(), "{text} in {name}");
        }
    }
}
