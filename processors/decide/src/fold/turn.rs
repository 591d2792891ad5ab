//! Turns: opened for the messages that wait, called off, closed.

use std::sync::Arc;

use catalogue::app::Cancel as Policy;
use catalogue::dialogue::WhileAnswering;
use schemas::cancel::Cancel;
use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::ids::MessageId;
use schemas::request::{Request, RequestKind};
use schemas::state::{HistoryTurn, Phase, STATE_VERSION, TurnState, WaitingMessage};

use super::message::LONGEST_MERGE;
use super::refuse::Refusal;
use super::{Folding, name_of};
use crate::gate::Addressee;
use crate::history::{Limits, shown, speaks_as, staying};
use crate::prompt::{Speakers, lines, said};
use crate::reason::Reason;
use crate::recent::Leave;
use crate::remembered::Remembered;
use crate::route::{self, Chosen, Facts, PromptBudget, Route, Way};
use crate::step::Output;

/// How often one question is interrupted and asked again: each time a model is paid for.
const MOST_INTERRUPTIONS: u32 = 3;

/// What a turn asks, and what becomes of it.
pub(super) struct Question<'a> {
    pub(super) asked: Vec<WaitingMessage>,
    chosen: Chosen<'a>,
    /// What a prompt may hold besides.
    left: PromptBudget,
    /// What leaves the history may be summed up first.
    may_wait: bool,
}

/// The route of a turn, and what its prompt may hold beside what is asked.
#[derive(Clone, Copy)]
struct Prompt<'a> {
    route: &'a Route<'a>,
    left: PromptBudget,
}

impl<'a> Folding<'a> {
    /// Opens a turn for messages that wait, if some can be asked. `draft` is a decision on the one message that came, when
    /// it opens the turn itself.
    pub(super) fn open(&mut self, lane: &Lane, mut draft: Option<Decision>) {
        let name = name_of(lane);
        while let Some((number, opener)) = self.state.waiting(name).into_iter().next() {
            let about = draft.take().unwrap_or_else(|| self.step.about_waiting(&opener, Ruling::Asked));
            let draft = self.tiered(Decision { lane: Some(lane.clone()), ..about }, &opener);
            let leave = self.leave(&opener);
            if leave != Leave::Given {
                self.state.take_waiting(name, number);
                self.refuse_more(draft, &opener, lane, leave);
                continue;
            }
            match self.take_question(lane, &opener) {
                None => {
                    self.state.take_waiting(name, number);
                    self.refuse_asked(draft, &opener, lane, Refusal::TooLong);
                }
                Some(_) if opener.held.is_some() => self.review(lane, draft, opener.as_ref().clone()),
                Some(question) => self.ask(lane, draft, question),
            }
            if self.state.lane_mut(name).turn.is_some() {
                return;
            }
        }
    }

    /// Takes the first of the waiting messages that speak to the opener's bot: as many as a prompt for their route has room for. What is
    /// held is alone in its turn, so that its review concerns nothing else. `None` when the first one alone has no room.
    fn take_question(&mut self, lane: &Lane, opener: &WaitingMessage) -> Option<Question<'a>> {
        let name = name_of(lane);
        let waiting = self.state.waiting(name).into_iter().filter(|(_, message)| message.bot == opener.bot);
        let waiting: Vec<_> = waiting.collect();
        let most = if opener.held.is_some() { 1 } else { self.together(&waiting) };
        let waiting =
            waiting.into_iter().take(most).take_while(|(_, m)| m.held.is_none() || m.id == opener.id);
        let (numbers, asked): (Vec<u64>, Vec<_>) =
            waiting.map(|(number, message)| (number, message.as_ref().clone())).unzip();
        let question = Question { may_wait: true, ..self.question(lane, asked)? };
        for number in &numbers[..question.asked.len()] {
            self.state.take_waiting(name, *number);
        }
        Some(question)
    }

    /// How many of these messages are one turn at most.
    fn together(&self, waiting: &[(u64, Arc<WaitingMessage>)]) -> usize {
        if self.app.while_answering != WhileAnswering::Queue {
            return waiting.len();
        }
        let window = self.app.merge_window_ms;
        let follows = |pair: &&[(u64, Arc<WaitingMessage>)]| match pair {
            [(_, one), (_, next)] => next.sent_at - one.sent_at < window,
            _ => false,
        };
        1 + waiting.windows(2).take_while(follows).count()
    }

    /// The question of the first of these messages: as many as a prompt for their route has room for.
    pub(super) fn question(&self, lane: &Lane, mut asked: Vec<WaitingMessage>) -> Option<Question<'a>> {
        let granted = self.tier(&asked);
        let facts = Facts::of(self.app, &self.state, lane, &asked, self.step.now);
        let facts = facts.with(self.rules.targets()).of_tier(granted);
        let chosen = route::choose(self.app, self.router(), &facts, self.rules.telling);
        let Way::Ask(route) = &chosen.way else {
            let left = PromptBudget::of_window(0);
            return Some(Question { asked, chosen, left, may_wait: false });
        };
        let windows = self.rules.windows();
        let (budget, speakers) = (route.budget(windows)?, Speakers::of(lane));
        let left = (1..=asked.len()).map_while(|count| {
            let asked = &asked[..count];
            budget.less(&said(asked, speakers))?.without(route.image_tokens(asked, windows))
        });
        let (count, left) = left.enumerate().last().map(|(index, left)| (index + 1, left))?;
        asked.truncate(count);
        Some(Question { asked, chosen, left, may_wait: false })
    }

    /// Sends the request for a turn, which is in flight from now on; or does what its route does without one.
    pub(super) fn ask(&mut self, lane: &Lane, draft: Decision, question: Question<'_>) {
        let may_wait = question.may_wait && self.app.session.summary.is_some();
        let gone = if may_wait { self.leaving_turns(lane, &question) } else { Vec::new() };
        if self.summary_due(&gone).is_some() {
            return self.summarise(lane, draft, question, &gone);
        }
        let Question { asked, mut chosen, left, .. } = question;
        self.remember_question(&asked);
        let draft = Decision { route: Some(chosen.take_record()), ..draft };
        match chosen.way {
            Way::Ask(route) => self.request(lane, draft, asked, Prompt { route: &route, left }),
            Way::Say(text) => self.say(lane, draft, &asked, text),
            Way::Person(person) => self.hand_over(lane, draft, &asked, person),
            Way::Refuse => self.refuse_media(lane, draft, &asked),
        }
    }

    fn request(&mut self, lane: &Lane, draft: Decision, asked: Vec<WaitingMessage>, prompt: Prompt<'_>) {
        let Prompt { route, .. } = prompt;
        let mark = draft.route.as_ref().and_then(schemas::decision::Route::mark);
        let Some(opener) = asked.first() else { return };
        let (name, now, app) = (name_of(lane), self.step.now, self.app);
        let to = Addressee::of(opener, lane.clone());
        let request = RequestKind::Answer.of_turn(to.turn);
        let (turns, is_trimmed) = self.trim(lane, &asked, prompt);
        let history = turns.iter().map(|turn| &***turn).filter(|turn| speaks_as(turn, &to.bot));
        let mut prompt = lines(&route.system_prompt, history, &asked, Speakers::of(lane));
        let images = route.images(&asked);
        let left_out = route.most_images > 0 && asked.iter().filter_map(route::image).count() > images.len();
        if let Some(last) = prompt.last_mut() {
            last.images = images;
        }
        let granted = self.tier(&asked);
        let draft = Decision {
            turn: Some(to.turn),
            request: Some(request),
            merged: u32::try_from(asked.len()).unwrap_or(u32::MAX),
            ..draft
        };
        let reasons =
            [is_trimmed.then_some(Reason::HistoryTrimmed), left_out.then_some(Reason::ImagesLeftOut)];
        self.step.rule(draft, Ruling::Asked, reasons.into_iter().flatten());
        self.step.add([Output::Request(Request {
            id: request,
            kind: RequestKind::Answer,
            turn: to.turn,
            lane: to.lane,
            bot: to.bot,
            user: to.user,
            message: to.message,
            tier: granted.map(|granted| granted.tier.name.clone()),
            weight: granted.and_then(|granted| granted.tier.weight),
            chain: route.chain.to_vec(),
            allowed_regions: app.allowed_regions.clone(),
            prompt,
            max_output_tokens: route.max_output_tokens,
            temperature_milli: route.temperature_milli,
            thinking: route.thinking,
            stop: route.stop.to_vec(),
            fallback_after_block: app.fallback_after_block,
            hedge_after_ms: app.hedge_after_ms,
            answer_by: now + route.answer_within_ms,
            bundle: self.rules.hash().clone(),
            route: mark.map(Box::new),
            decided_at: now,
        })]);
        let entry = HistoryTurn { asked, ..HistoryTurn::blank(STATE_VERSION) };
        let number = self.state.add_turn(name, entry);
        let (phase, lost_at) = (Phase::Asked { request }, now + app.lost_after_ms);
        let notice_at = app.notice.as_ref().map(|notice| now + notice.after_ms);
        let state = self.state.lane_mut(name);
        let pins = route.pins;
        state.turn =
            Some(TurnState { id: to.turn, phase, number, lost_at, notice_at, cancelled: false, pins });
        (state.merge_until, state.merge_limit, state.told_full) = (None, None, false);
    }

    /// Turns that no prompt has room for any more when this is asked, oldest first.
    fn leaving_turns(&self, lane: &Lane, question: &Question<'_>) -> Vec<Arc<Remembered>> {
        let Way::Ask(route) = &question.chosen.way else { return Vec::new() };
        let mut turns: Vec<_> = self.state.past(name_of(lane)).into_iter().map(|(_, turn)| turn).collect();
        let prompt = Prompt { route, left: question.left };
        let gone = turns.len() - self.staying(lane, &turns, &question.asked, prompt);
        turns.truncate(gone);
        turns
    }

    /// The numbers of those of them that are the lane's own.
    pub(super) fn leaving(&self, lane: &Lane, question: &Question<'_>) -> Vec<u64> {
        let gone = self.leaving_turns(lane, question).len();
        self.state.past(name_of(lane)).into_iter().take(gone).filter_map(|(number, _)| number).collect()
    }

    /// How many turns are kept when this is asked. Where an app has routes, its own chain says it: a route that takes less of the history
    /// does not take it from the others.
    fn staying(
        &self,
        lane: &Lane,
        turns: &[Arc<Remembered>],
        asked: &[WaitingMessage],
        Prompt { route, left }: Prompt<'_>,
    ) -> usize {
        let (own, speakers) = (Route::of_app(self.app), Speakers::of(lane));
        let of_app = || own.budget(self.rules.windows())?.less(&said(asked, speakers));
        let (budget, most) = match self.tells_less().then(of_app) {
            Some(budget) => (budget.unwrap_or(left), self.app.kept_turns() as usize),
            None => (left, route.history_turns),
        };
        // The rest of the state's bound is for what waits, and for what is remembered besides.
        let budget = self.app.state_bytes.map_or(budget, |most| budget.within(most / 8 * 5));
        let limits = Limits::of(most, &self.app.session, self.step.now);
        staying(turns, budget, limits, speakers)
    }

    /// Whether a prompt may tell less of the history than is kept.
    fn tells_less(&self) -> bool {
        self.router().is_some() || !self.app.tiers.is_empty()
    }

    /// Drops history that no prompt has room for any more. Gives what stays for this prompt, and whether something was dropped.
    fn trim(
        &mut self,
        lane: &Lane,
        asked: &[WaitingMessage],
        prompt: Prompt<'_>,
    ) -> (Vec<Arc<Remembered>>, bool) {
        let (name, speakers) = (name_of(lane), Speakers::of(lane));
        let Prompt { route, left } = prompt;
        let tells_less = self.tells_less();
        let mut past = self.state.past(name);
        let turns: Vec<_> = past.iter().map(|(_, turn)| Arc::clone(turn)).collect();
        let gone = turns.len() - self.staying(lane, &turns, asked, prompt);
        for number in past[..gone].iter().filter_map(|(number, _)| *number) {
            self.state.drop_turn(name, number);
        }
        past.drain(..gone);
        let left = route.history_tokens.map_or(left, |most| left.at_most(most));
        let shown = if tells_less { shown(&past, left, route.history_turns, speakers) } else { past.len() };
        past.drain(..past.len() - shown);
        (past.into_iter().map(|(_, turn)| turn).collect(), gone > 0)
    }

    /// Calls the turn in flight off because of one of its messages, which is returned; the others wait again. The turn stays in
    /// its lane until [`Self::cut`], or until its outcome or its safety timer comes.
    pub(super) fn call_off(&mut self, name: &str, because: &MessageId) -> Option<WaitingMessage> {
        let turn = self.state.lane_mut(name).turn.as_mut()?;
        turn.cancelled = true;
        let number = turn.number;
        let asked = self.state.turn(name, number)?.asked.clone();
        let again = |message: WaitingMessage| WaitingMessage { round: message.round + 1, ..message };
        let (mut named, others): (Vec<_>, Vec<_>) =
            asked.into_iter().map(again).partition(|message| message.id == *because);
        for message in others {
            self.state.wait(name, message);
        }
        named.pop()
    }

    /// Whether a message that comes calls the turn in flight off: where the app wants it, a model is asked, and the question has not
    /// been interrupted as often as may be.
    pub(super) fn may_interrupt(&self, name: &str) -> bool {
        let turn = self.state.lane(name).and_then(|lane| lane.turn.as_ref());
        let Some(turn) = turn.filter(|turn| !turn.cancelled && matches!(turn.phase, Phase::Asked { .. }))
        else {
            return false;
        };
        let opener = self.state.turn(name, turn.number).and_then(|entry| entry.asked.first());
        let app = self.app;
        app.while_answering == WhileAnswering::Interrupt
            && app.cancel == Policy::Cut
            && opener.is_some_and(|opener| opener.round < MOST_INTERRUPTIONS)
    }

    /// Calls the turn in flight off because of a message that came. All of its messages wait again, and are asked with what came when the
    /// merge window closes.
    pub(super) fn interrupt(&mut self, lane: &Lane) {
        let (name, now, window) = (name_of(lane), self.step.now, self.app.merge_window_ms);
        let Some(turn) = self.state.lane_mut(name).turn.as_mut() else { return };
        turn.cancelled = true;
        let number = turn.number;
        let asked = self.state.turn(name, number).map(|entry| entry.asked.clone()).unwrap_or_default();
        for message in asked {
            self.state.wait(name, WaitingMessage { round: message.round + 1, ..message });
        }
        if window > 0 {
            let state = self.state.lane_mut(name);
            (state.merge_until, state.merge_limit) = (Some(now + window), Some(now + LONGEST_MERGE * window));
        }
        self.cut(lane);
    }

    /// Ends a turn that was called off: call is told to end its request, and the next turn opens. What comes of the request is
    /// late then. Where calls run on, the lane stays taken until that comes: one turn in flight per lane.
    pub(super) fn cut(&mut self, lane: &Lane) {
        let name = name_of(lane);
        let turn = self.state.lane(name).and_then(|lane| lane.turn.clone()).filter(|turn| turn.cancelled);
        let Some(turn) = turn.filter(|_| self.app.cancel == Policy::Cut) else { return };
        let opener = self.state.turn(name, turn.number).and_then(|entry| entry.asked.first());
        let cancel = turn.request().zip(opener).map(|(request, opener)| {
            Output::Cancel(Cancel {
                id: Cancel::id_of(request),
                request,
                turn: turn.id,
                lane: lane.clone(),
                message: opener.id.clone(),
                decided_at: self.step.now,
            })
        });
        self.step.add(cancel);
        self.close(lane, None);
    }

    /// Ends the turn in flight; its entry stays if it was answered. Then the next turn opens.
    pub(super) fn close(&mut self, lane: &Lane, answered: Option<HistoryTurn>) {
        let name = name_of(lane);
        let Some(turn) = self.state.lane_mut(name).turn.take() else { return };
        match answered.filter(|_| self.app.kept_turns() > 0) {
            Some(entry) => self.state.put_turn(name, turn.number, entry),
            None => self.state.drop_turn(name, turn.number),
        }
        self.state.forget_lanes(self.step.now - self.app.forget_after_ms);
        if self.state.lane_mut(name).merge_until.is_none() {
            self.open(lane, None);
        }
    }
}
