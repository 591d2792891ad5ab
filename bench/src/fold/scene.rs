//! Conversations that are folded, and under which rules.

use anyhow::{Context, Result, anyhow};
use catalogue::{Contents, Engines, RawCatalogue, validate};
use decide::{At, Key, Output, Rules, State, entries, fold};
use schemas::answered::{Answered, Outcome};
use schemas::conversation::Conversation;
use schemas::event::{CallbackReply, Event, Message, MessageKind};
use schemas::ids::{AppKey, MessageId, UserId};
use schemas::request::Request;
use schemas::verdict::{Action, Verdict};
use std::sync::Arc;

pub(super) const START: i64 = 1_750_000_000_000;

/// What the app has besides a chain.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Nothing: the floor of the others.
    Plain,
    /// 200 rules, of which the last one holds.
    Routed,
    /// Sessions that expire, are bounded in tokens, and stay on their target.
    Sessions,
}

impl Shape {
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Routed, Self::Sessions];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "no routes",
            Self::Routed => "200 rules",
            Self::Sessions => "sessions",
        }
    }

    fn settings(self) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Routed => crate::route::mixed_rules(),
            Self::Sessions => {
                "session = { idle = \"30m\", history_tokens = 4000, history_age = \"7d\", pin = true }\n"
                    .to_owned()
            }
        }
    }

    /// # Errors
    /// When the file cannot be used.
    pub(super) fn build(self) -> Result<Rules> {
        let text = crate::route::file(&self.settings());
        let raw: RawCatalogue = toml::from_str(&text).context("reading the rules")?;
        let bundle = validate(&raw).map_err(|problems| anyhow!("{}: {problems:?}", self.name()))?;
        let engines = Engines::of(&bundle, &Contents::default())?;
        Ok(Rules::new(&bundle, bundle.hash()?, Arc::new(engines)))
    }
}

/// One conversation of a person with the bot.
#[derive(Clone)]
pub(super) struct Talk {
    pub(super) key: Key,
    person: UserId,
    bot: UserId,
    pub(super) state: Option<State>,
    said: u32,
    answered: Arc<Answered>,
}

impl Talk {
    /// # Errors
    /// When an id is refused, or the example of an outcome is not what it was.
    pub(super) fn new(number: u64) -> Result<Self> {
        let app = AppKey::new("acme#support")?;
        let (person, bot) = (UserId::new(format!("user{number}"))?, UserId::new("bot")?);
        let conversation = Conversation::with_bot(app, bot.clone(), person.clone());
        let example = include_str!("../../../schemas/examples/events/valid-answered-done.json");
        let Event::Answered(mut answered) = serde_json::from_str(example).context("reading an outcome")?
        else {
            anyhow::bail!("the example of an outcome is none");
        };
        answered.attempts.remove(0);
        answered.attempts.iter_mut().for_each(|attempt| attempt.number = 1);
        let answered = Arc::new(answered);
        Ok(Self { key: Key::from(conversation), person, bot, state: None, said: 0, answered })
    }

    /// What the person says next.
    ///
    /// # Errors
    /// When an id is refused.
    pub(super) fn message(&mut self) -> Result<Event> {
        self.said += 1;
        let at = START + i64::from(self.said) * 60_000;
        let id = format!("acme#support/chat/{}-{}", self.person, self.said);
        Ok(Event::Message(Message {
            id: MessageId::new(id)?,
            conversation: self.key.conversation().clone(),
            sender: self.person.clone(),
            bot: Some(self.bot.clone()),
            kind: MessageKind::Text,
            text: Some(
                format!("你好,第{}个问题:我上个月买的东西一直没有收到,订单页面显示已经签收,会员客服电话打不通,应该怎么处理才好呢?", self.said)
                    .into(),
            ),
            other_texts: Vec::new(),
            tags: [("plan".to_owned(), "gold".to_owned())].into(),
            attachment: None,
            claim: None,
            raw: None,
            verdict: Verdict::new(Action::Pass, vec![], "d"),
            reply: CallbackReply::Intercept,
            sent_at: at - 20,
            received_at: at - 10,
        }))
    }

    /// The answer to a request.
    pub(super) fn answer(&self, request: &Request) -> Event {
        let text = "您好,已为您查询:包裹昨天由门卫代收,请先联系小区物业确认;如果仍未找到,我们会在二十四小时内为您补发。";
        let mut answered = Answered::clone(&self.answered);
        answered.id = Answered::id_of(request.id);
        (answered.request, answered.turn) = (request.id, request.turn);
        (answered.lane, answered.message) = (request.lane.clone(), request.message.clone());
        if let Outcome::Done { text: said, target, .. } = &mut answered.outcome {
            *said = text.into();
            request.chain.first().into_iter().for_each(|first| *target = first.clone());
        }
        Event::Answered(answered)
    }

    /// Folds an event; gives the request that came of it.
    pub(super) fn fold(&mut self, rules: &Rules, event: Event) -> Option<Request> {
        let at =
            At { partition: 0, offset: i64::from(self.said), time: START + i64::from(self.said) * 60_000 };
        let step = fold(Some(rules), at, self.key.conversation(), self.state.as_ref(), event);
        self.state = step.state;
        step.outputs.into_iter().find_map(|output| match output {
            Output::Request(request) => Some(request),
            _ => None,
        })
    }

    /// A question and its answer.
    ///
    /// # Errors
    /// When an id is refused, or nothing is asked.
    pub(super) fn exchange(&mut self, rules: &Rules) -> Result<()> {
        let message = self.message()?;
        let request = self.fold(rules, message).context("a message was not asked")?;
        let answer = self.answer(&request);
        self.fold(rules, answer);
        Ok(())
    }

    /// The entries that are stored of it.
    pub(super) fn stored(&self) -> Vec<(String, Vec<u8>)> {
        let all = entries(&self.key, None, self.state.as_ref());
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}
