//! Judges the whole answer before it may go out.

use std::borrow::Cow;

use catalogue::personal::PromptLeak;
use catalogue::{App, HashKeys, findings};
use safety::leak::PromptGuard;
use safety::{Action, Direction, Engine, Findings, Hit, personal};
use schemas::request::{Request, Role};
use schemas::text::Text;
use schemas::verdict::Verdict;

use crate::rules::Rules;

/// What becomes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// This goes out.
    Out(String),
    /// This may go out once somebody has looked at it.
    Held(String),
    /// Nothing goes out.
    Stopped,
}

/// What an answer is judged by.
pub(crate) struct Review<'a> {
    engine: &'a dyn Engine,
    /// The policies of the request's app; none if the bundle does not know it.
    app: Option<&'a App>,
    keys: &'a HashKeys,
    /// The operator's instructions, as the model was told them.
    system: &'a str,
}

impl<'a> Review<'a> {
    /// Of the answer to a request.
    pub(crate) fn of(rules: &'a Rules, request: &'a Request) -> Self {
        let system = request.prompt.iter().find(|line| line.role == Role::System);
        let app = request.lane.conversation.app();
        Self {
            engine: rules.engines.app(app).as_ref(),
            app: rules.bundle.apps.get(app),
            keys: rules.bundle.hash_keys(),
            system: system.and_then(|line| Text::plain(&line.text)).unwrap_or_default(),
        }
    }

    /// Judges an answer. Placeholders of the conversation are judged as dots and stay: decide puts back what stands behind them.
    pub(crate) fn review(&self, answer: &str) -> (Verdict, Course) {
        let personal = self.app.and_then(|app| app.personal_data.as_ref());
        let judged = match personal {
            Some(_) => personal::without_names(answer),
            None => Cow::Borrowed(answer),
        };
        let mut found = self.engine.judge(Direction::Output, &judged).with(self.leak(answer));
        let mut text = found.masked(answer);
        if let Some(masking) = personal.map(|personal| personal.masking(&personal.said, self.keys)) {
            found = found.with(personal::hits(answer, masking));
            text = personal::hidden(&text, masking).unwrap_or(text);
        }
        let found = Findings::from_iter([found]);
        let verdict = findings::verdict(self.engine, Direction::Output, &found, &[answer]);
        let course = match verdict.action {
            Action::Pass | Action::Mask => Course::Out(text),
            Action::Hold => Course::Held(text),
            Action::Replace | Action::Block => Course::Stopped,
        };
        (verdict, course)
    }

    /// What the answer tells of the system prompt, if the app cares.
    fn leak(&self, answer: &str) -> Vec<Hit> {
        let Some(PromptLeak { action, marker }) = self.app.and_then(|app| app.prompt_leak.as_ref()) else {
            return Vec::new();
        };
        let guard = PromptGuard::new(self.system);
        // The bundle's marker was checked: without a marker that can be used, the prompt is guarded all the same.
        let marked = marker.as_ref().and_then(|marker| guard.clone().with_canary(marker).ok());
        let spans = marked.unwrap_or(guard).leak(answer).map(|leak| leak.spans).unwrap_or_default();
        let hit = |span| Hit {
            rule: PromptLeak::RULE.to_owned(),
            category: PromptLeak::RULE.to_owned(),
            severity: 0,
            word: PromptLeak::RULE.to_owned(),
            views: safety::Views::NONE,
            span,
            action: *action,
            on_error: None,
            shadow: false,
        };
        spans.into_iter().map(hit).collect()
    }
}

#[cfg(test)]
mod tests {
    use catalogue::{Bundle, RawCatalogue, validate};
    use safety::{Rule, RuleSet};

    use super::*;

    const PROMPT: &str = "你是星云书店的客服小云。会员折扣只在周三下午三点以后生效，任何人问起内部进货价都要说不知道，\
                          退货必须先登记工单编号再转给仓库的老周处理。口令：极光北斗七号仓库。";

    fn bundle(settings: &str) -> Bundle {
        let text = format!(
            "[[hash_key]]\nname = \"k\"\nkey = \"0123456789abcdef0123456789abcdef\"\n\
             [[app]]\nkey = \"a#b\"\nbot = [{{ id = \"bot\" }}]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\n\
             label = \"AI\"\nsystem_prompt = \"{PROMPT}\"\n{settings}\n\
             [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\""
        );
        let raw: RawCatalogue = toml::from_str(&text).unwrap();
        validate(&raw).unwrap()
    }

    /// The verdict on an answer, and what goes out of it.
    fn review(settings: &str, rules: &[Rule], answer: &str) -> (Verdict, Option<String>) {
        let (verdict, course) = judge(settings, rules, answer);
        match course {
            Course::Out(text) => (verdict, Some(text)),
            Course::Held(_) | Course::Stopped => (verdict, None),
        }
    }

    fn judge(settings: &str, rules: &[Rule], answer: &str) -> (Verdict, Course) {
        let (bundle, engine) = (bundle(settings), RuleSet::new(rules, "d1").unwrap());
        let review = Review {
            engine: &engine,
            app: bundle.apps.values().next(),
            keys: bundle.hash_keys(),
            system: PROMPT,
        };
        review.review(answer)
    }

    fn judged(action: Action) -> (Action, Course) {
        let (verdict, course) = judge("", &[Rule::words("r", &["秘密"], action)], "这是秘密。");
        assert_eq!((verdict.rules.as_slice(), verdict.dictionary.as_str()), (&["r".to_owned()][..], "d1"));
        (verdict.action, course)
    }

    #[test]
    fn what_is_masked_goes_out_and_what_is_stricter_does_not() {
        assert_eq!(judged(Action::Mask), (Action::Mask, Course::Out("这是**。".into())));
        assert_eq!(judged(Action::Hold), (Action::Hold, Course::Held("这是秘密。".into())));
        for stricter in [Action::Replace, Action::Block] {
            assert_eq!(judged(stricter).1, Course::Stopped, "{}", stricter.label());
        }
    }

    #[test]
    fn a_harmless_answer_goes_out_as_it_is() {
        let (verdict, text) = review("", &[], "你好，打13800138000");
        assert_eq!((verdict.action, text.as_deref()), (Action::Pass, Some("你好，打13800138000")));
        assert_eq!(verdict.findings, None);
    }

    #[test]
    fn a_rule_in_shadow_is_told_and_changes_nothing() {
        let rule =
            Rule { shadow: true, category: "c".into(), ..Rule::words("r", &["秘密"], Action::Block) };
        let (verdict, text) = review("", &[rule], "这是秘密。");
        assert_eq!((verdict.action, text.as_deref()), (Action::Pass, Some("这是秘密。")));
        let found = verdict.findings.unwrap();
        assert_eq!(found.direction, schemas::findings::Direction::Output);
        let [finding] = found.list.as_slice() else { panic!("{found:?}") };
        assert_eq!((finding.shadow, finding.category.as_str()), (true, "c"));
    }

    #[test]
    fn personal_data_that_the_model_says_of_its_own_is_hidden_and_placeholders_stay() {
        let said = |style: &str, answer: &str| {
            let settings = format!(
                "personal_data = {{ model = {{ style = \"placeholder\" }}, said = {{ style = \"{style}\" }}, hash_key = \"k\" }}"
            );
            let (verdict, text) = review(&settings, &[], answer);
            (verdict.rules.join(" "), text.unwrap())
        };
        let hidden = |text: &str| ("personal_data".to_owned(), text.to_owned());
        let answer = "打13800138000，不是[PHONE_1]";
        assert_eq!(said("keep_ends", answer), hidden("打138****8000，不是[PHONE_1]"));
        assert_eq!(said("stars", answer), hidden("打***********，不是[PHONE_1]"));
        assert!(said("hash", answer).1.starts_with("打[PHONE#"));
        assert_eq!(said("off", answer), (String::new(), answer.to_owned()));
        assert_eq!(said("stars", "加微信[WECHAT_1]，QQ：[QQ_2]").0, "");
    }

    #[test]
    fn the_name_of_a_placeholder_is_no_word() {
        let rules = [Rule::words("r", &["qq"], Action::Block)];
        let settings = "personal_data.model.style = \"placeholder\"";
        assert_eq!(review(settings, &rules, "加[QQ_1]").0.action, Action::Pass);
        assert_eq!(review(settings, &rules, "加qq").0.action, Action::Block);
        assert_eq!(review("", &rules, "加[QQ_1]").0.action, Action::Block);
    }

    #[test]
    fn an_answer_that_tells_the_system_prompt_is_a_leak_where_the_app_looks_for_it() {
        let told =
            "我的设定是：任何人问起内部进货价都要说不知道，退货必须先登记工单编号再转给仓库的老周处理。";
        let judged = |settings: &str, answer: &str| review(settings, &[], answer);
        assert_eq!(judged("", told).0.action, Action::Pass);
        let (verdict, text) = judged("prompt_leak.action = \"block\"", told);
        assert_eq!((verdict.action, verdict.rules, text), (Action::Block, vec!["prompt_leak".into()], None));
        let (verdict, text) = judged("prompt_leak.action = \"mask\"", told);
        let text = text.unwrap();
        assert!(
            verdict.action == Action::Mask && text.starts_with("我的设定是") && !text.contains("老周"),
            "{text}"
        );
        assert_eq!(judged("prompt_leak.action = \"block\"", "会员周三有折扣。").0.action, Action::Pass);
        let marked = "prompt_leak = { action = \"replace\", marker = \"极光北斗七号仓库\" }";
        assert_eq!(judged(marked, "口令是极光北斗七号仓库").0.action, Action::Replace);
        assert_eq!(
            judged("prompt_leak.action = \"replace\"", "口令是极光北斗七号仓库").0.action,
            Action::Pass
        );
    }
}
