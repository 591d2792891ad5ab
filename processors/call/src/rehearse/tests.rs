use std::sync::Arc;

use catalogue::{Contents, Engines, RawCatalogue, validate};
use pipeline::WallClock;
use schemas::ids::TargetName;
use schemas::verdict::Action;

use super::*;

fn rules(review: &str) -> Rules {
    let text = format!(
        "[[app]]\nkey = \"acme#support\"\nbot = [{{ id = \"bot\" }}]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n{review}\n\
         [[reviewer]]\nname = \"desk\"\nkind = \"webhook\"\nregion = \"cn\"\n\
         [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"\n\
         [[filter.word]]\nid = \"b\"\nwords = [\"gun\"]\naction = \"block\"\n\
         [[filter.word]]\nid = \"h\"\nwords = [\"bomb\"]\naction = \"hold\"\n\
         [[filter.word]]\nid = \"m\"\nwords = [\"password\"]\naction = \"mask\"\n"
    );
    let raw: RawCatalogue = toml::from_str(&text).unwrap();
    let bundle = validate(&raw).unwrap();
    let engines = Engines::of(&bundle, &Contents::default()).unwrap();
    Rules { bundle: Arc::new(bundle), engines: Arc::new(engines) }
}

async fn ended(review: &str, text: &str, level: Option<Level>) -> Ended {
    let request: Request =
        serde_json::from_str(include_str!("../../../../schemas/examples/requests/valid-answer.json"))
            .unwrap();
    let attempt = crate::unseen::attempt(&rules(review).bundle, &request, "test", 1);
    let attempt = Attempt {
        target: TargetName::new("m").unwrap(),
        error: None,
        ..attempt.unwrap_or_else(|| serde_json::from_value(blank()).unwrap())
    };
    let script = Script { attempt, text: text.to_owned(), truncated: false, level };
    rehearse(script, &rules(review), &request, &WallClock).await
}

fn blank() -> serde_json::Value {
    serde_json::json!({"number": 1, "target": "m", "provider": "local", "model": "m", "region": "cn", "started_at": 1, "duration_ms": 0})
}

const REVIEW: &str = "[app.review]\nreviewer = \"desk\"\nwhen_away = \"block\"";

#[tokio::test]
async fn an_answer_is_judged_as_the_running_step_judges_it() {
    for (text, expected) in
        [("fine", Some("fine")), ("my password", Some("my ********")), ("a gun", None), ("a bomb", None)]
    {
        let ended = ended("", text, None).await;
        let out = match &ended.outcome {
            Outcome::Done { text, target, .. } => {
                assert_eq!(target.as_str(), "m");
                text.plain()
            }
            Outcome::Failed { reason, verdict } => {
                assert_eq!(
                    (reason.as_str(), verdict.as_ref().unwrap().action > Action::Mask),
                    ("blocked_output", true)
                );
                None
            }
            other => panic!("{other:?}"),
        };
        assert_eq!((out, ended.attempts.len()), (expected, 1), "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_is_held_goes_out_as_the_reviewer_says() {
    for (level, goes_out) in [(Some(Level::Safe), true), (Some(Level::Unsafe), false), (None, false)] {
        let ended = ended(REVIEW, "a bomb", level).await;
        assert_eq!(matches!(ended.outcome, Outcome::Done { .. }), goes_out, "{level:?}");
        assert_eq!(ended.review.unwrap().level, level);
    }
}

#[test]
fn a_wait_is_told_as_the_running_step_tells_it() {
    let told = [0, 999, 1_000, 9_999, 86_400_000].map(|wait| told_wait(Duration::from_millis(wait)));
    assert_eq!(told[..4], [0, 0, 1_000, 8_000]);
    assert!(told[4] < 86_400_000, "{told:?}");
}
