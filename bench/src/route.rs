//! What routing costs: a message is folded with 200 rules of which the last one holds, and with none, which is the floor.

use super::table::{Goal, Samples, Table, short};
use anyhow::{Context, Result, anyhow};
use catalogue::{Contents, Engines, RawCatalogue, validate};
use decide::{At, Rules, fold};
use schemas::conversation::Conversation;
use schemas::event::{CallbackReply, Event, Message, MessageKind};
use schemas::ids::{AppKey, MessageId, UserId};
use schemas::verdict::{Action, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// Rules before the one that holds.
const RULES: usize = 199;
/// Messages of one measurement, each in a conversation of its own.
const MESSAGES: u32 = 20_000;
const START: i64 = 1_750_000_000_000;
/// Most time that routing may add, in microseconds.
const MOST: f64 = 20.0;

/// Which rules there are.
#[derive(Clone, Copy)]
enum Shape {
    /// None: the floor.
    None,
    /// Of each kind that looks at something else than how hard the question is.
    Mixed,
    /// The same, and each asks for the score of the question besides.
    Scored,
    /// Each has a regular expression of its own.
    Expressions,
}

impl Shape {
    const ALL: [Self; 4] = [Self::None, Self::Mixed, Self::Scored, Self::Expressions];

    fn name(self) -> &'static str {
        match self {
            Self::None => "no rules (floor)",
            Self::Mixed => "200 rules of every kind but expressions and complexity",
            Self::Scored => "200 rules of every kind but expressions",
            Self::Expressions => "200 regular expressions",
        }
    }

    /// The rules as a file has them. All but the last fail, by their last condition.
    fn rules(self) -> String {
        let mut text = String::new();
        for n in 0..RULES {
            let when = match (self, n % 8) {
                (Self::None, _) => return text,
                (Self::Expressions, _) => format!("regex = \"订单号{n}\\\\d+\""),
                (Self::Scored, 0) => format!("score = {{ from = {} }}", 999 - n),
                (_, 1) => format!("group = [\"{n}\"]"),
                (_, 2) => format!("ext = {{ plan = [\"p{n}\"] }}"),
                (_, 3) => format!(
                    "hours = [\"{:02}:{:02}-{:02}:{:02}\"], language = [\"en\"]",
                    n % 24,
                    n / 24,
                    n % 24,
                    n / 24 + 1
                ),
                (_, 4) => format!("arm = {{ tone = [\"c\"] }}, keywords = [\"词{n}\"]"),
                (_, 5) => format!("history_turns = {{ from = {} }}", 400 - n),
                (_, 6) => format!("asked = {{ times = {}, within = \"{n}s\" }}", 1 + n % 15),
                (_, _) => format!("keywords = [\"退货{n}\", \"换货{n}\", \"return{n}\"]"),
            };
            // Writing to a string cannot fail.
            writeln!(
                text,
                "[[app.route]]\nname = \"r{n}\"\nwhen = {{ {when} }}\nthen.temperature_milli = {n}"
            )
            .ok();
        }
        text + "[[app.route]]\nname = \"last\"\nwhen = { keywords = [\"会员\"] }\nthen.temperature_milli = 500\n"
    }

    fn file(self) -> String {
        file(&self.settings())
    }

    /// The rules, and the experiment that they ask for.
    fn settings(self) -> String {
        let experiment = match self {
            Self::None => "",
            _ => EXPERIMENT,
        };
        format!("{experiment}\n{}", self.rules())
    }

    fn build(self) -> Result<Rules> {
        let raw: RawCatalogue = toml::from_str(&self.file()).context("reading the rules")?;
        let bundle = validate(&raw).map_err(|problems| anyhow!("{}: {problems:?}", self.name()))?;
        let engines = Engines::of(&bundle, &Contents::default())?;
        Ok(Rules::new(&bundle, bundle.hash()?, Arc::new(engines)))
    }
}

/// An arm of it never has anybody.
const EXPERIMENT: &str = "[[app.experiment]]\nname = \"tone\"\narms = [{ name = \"a\", weight = 1 }, { name = \"b\", weight = 1 }, { name = \"c\", weight = 0 }]\n";

/// 200 rules of every kind but expressions and complexity.
pub(super) fn mixed_rules() -> String {
    Shape::Mixed.settings()
}

/// A file with one app, whose section ends with these settings.
pub(super) fn file(settings: &str) -> String {
    format!(
        "[[app]]\nkey = \"acme#support\"\nbot = [{{ id = \"bot\" }}]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n\
         time_zone = \"Asia/Shanghai\"\n{settings}\n[[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"\n"
    )
}

/// Measures.
///
/// # Errors
/// When the rules cannot be used.
pub(super) fn measure(rounds: usize) -> Result<Table> {
    let rules = Shape::ALL.map(Shape::build);
    let events = (0..MESSAGES).map(message).collect::<Result<Vec<_>>>()?;
    let mut figures: [Vec<f64>; Shape::ALL.len()] = Default::default();
    for _ in 0..rounds {
        for (figures, rules) in figures.iter_mut().zip(&rules) {
            let rules = rules.as_ref().map_err(|error| anyhow!("{error:#}"))?;
            each(rules, &events[..1_000]);
            figures.push(each(rules, &events));
        }
    }
    Ok(table(&figures))
}

/// Microseconds of one fold of these messages.
fn each(rules: &Rules, events: &[(Conversation, Event)]) -> f64 {
    let copies = events.to_vec();
    let began = Instant::now();
    for (offset, (conversation, event)) in copies.into_iter().enumerate() {
        let at = At { partition: 0, offset: offset as i64, time: START };
        black_box(fold(Some(rules), at, &conversation, None, event));
    }
    began.elapsed().as_secs_f64() * 1e6 / events.len() as f64
}

fn message(n: u32) -> Result<(Conversation, Event)> {
    let app = AppKey::new("acme#support")?;
    let sender = UserId::new(format!("user{n}"))?;
    let bot = UserId::new("bot")?;
    let conversation = Conversation::with_bot(app, bot.clone(), sender.clone());
    let message = Message {
        id: MessageId::new(format!("acme#support/chat/{n}"))?,
        conversation: conversation.clone(),
        sender,
        bot: Some(bot),
        kind: MessageKind::Text,
        text: Some("你好,请问我上个月买的东西一直没有收到,订单页面显示已经签收,会员客服电话打不通,应该怎么处理才好呢?".into()),
        other_texts: Vec::new(),
        tags: BTreeMap::from([("plan".to_owned(), "gold".to_owned())]),
        claim: None,
        attachment: None,
        raw: None,
        verdict: Verdict::new(Action::Pass, vec![], "d"),
        reply: CallbackReply::Intercept,
        sent_at: START - 20,
        received_at: START - 10,
    };
    Ok((conversation, Event::Message(message)))
}

fn table(figures: &[Vec<f64>; Shape::ALL.len()]) -> Table {
    let samples = |values: &[f64]| Samples::new(values.iter().copied());
    let [floor, mixed, scored, _] = figures;
    let added = |values: &[f64]| samples(values).median() - samples(floor).median();
    let row = |(shape, values): (&Shape, &Vec<f64>)| {
        vec![shape.name().to_owned(), samples(values).text(), short(added(values))]
    };
    Table {
        conditions: format!(
            "A message of 50 characters opens the turn of a new conversation, {MESSAGES} of them one after the other on one core; only the last rule \
             holds. Folding includes the filter, the decision and the request; what routing tells in the decision is part of what it adds."
        ),
        columns: ["rules", "µs of one fold", "µs added"].map(str::to_owned).to_vec(),
        rows: Shape::ALL.iter().zip(figures).map(row).collect(),
        goals: vec![
            Goal::at_most("µs that 200 rules add, without complexity", added(mixed), MOST),
            Goal::at_most("µs that 200 rules add, with complexity", added(scored), MOST),
        ],
    }
}
