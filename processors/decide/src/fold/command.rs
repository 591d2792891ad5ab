//! Commands: a person tells the bot to do something.

use catalogue::dialogue::Command;
use schemas::conversation::{ChatKind, Lane};
use schemas::decision::{Decision, Ruling};
use schemas::ids::{TurnId, UserId};
use schemas::state::WaitingMessage;

use super::refuse::Told;
use super::timer::dismiss;
use super::{Folding, name_of};
use crate::commands::Given;
use crate::reason::Reason;
use crate::recent::Leave;

/// A message that is a command, and the decision on it as far as it is known.
pub(super) struct Order<'a> {
    pub(super) draft: Decision,
    pub(super) message: &'a WaitingMessage,
    pub(super) lane: &'a Lane,
}

impl Folding<'_> {
    /// The command that a message is, if it is one.
    pub(super) fn command(&self, message: &WaitingMessage) -> Option<Given> {
        self.rules.command(self.step.conversation.app(), message.text.plain()?)
    }

    /// Whether this person may let the bot answer again.
    pub(super) fn may_hand_back(&self, person: &UserId) -> bool {
        let is_staff = self.app.staff.as_ref().is_some_and(|staff| staff.has(person));
        is_staff || self.step.conversation.kind() == ChatKind::Chat
    }

    /// Does what a person says.
    pub(super) fn obey(&mut self, given: Given, order: Order<'_>) {
        match given.command {
            Command::New | Command::Stop => self.stop(given.command, order),
            Command::Rate => self.rate(given.rating, order),
            Command::Person => self.call_person(order),
            Command::HandBack => {
                let was_taken = self.state.core.person.is_some();
                let text = self.app.commands.text(Command::HandBack);
                self.answer_command(Command::HandBack, text, order, was_taken.then_some(Reason::HandedBack));
                self.hand_back();
            }
            Command::Help => {
                self.answer_command(Command::Help, self.app.commands.text(Command::Help), order, None)
            }
        }
    }

    /// Calls off what is pending in a lane; with `new` what was said before is forgotten as well.
    fn stop(&mut self, command: Command, order: Order<'_>) {
        let lane = order.lane;
        let name = name_of(lane);
        let turn = self.state.lane_mut(name).turn.as_mut().filter(|turn| !turn.cancelled);
        let is_called_off = turn.map(|turn| turn.cancelled = true).is_some();
        let forgets = command == Command::New && self.state.forget_said(name);
        if command == Command::New {
            self.state.unpin(name);
        }
        let reasons = is_called_off.then_some(Reason::TurnCancelled);
        let reasons = reasons.into_iter().chain(forgets.then_some(Reason::HistoryRemoved));
        self.answer_command(command, self.app.commands.text(command), order, reasons);
        dismiss(&mut self.state, &mut self.step, name, Ruling::Cancelled);
        self.cut(lane);
    }

    /// Notes a rating of the last answer.
    fn rate(&mut self, rating: Option<u8>, order: Order<'_>) {
        let turn = self.last_answered(name_of(order.lane)).or(order.draft.turn);
        let order = Order { draft: Decision { rating, turn, ..order.draft }, ..order };
        let (text, reason) = match rating {
            Some(_) => (Command::Rate, None),
            None => (Command::Help, Some(Reason::Unclear)),
        };
        self.answer_command(Command::Rate, self.app.commands.text(text), order, reason);
    }

    /// The turn of a lane that was answered last, if the history has it.
    fn last_answered(&self, name: &str) -> Option<TurnId> {
        let past = self.state.past(name);
        let asked = past.iter().rev().filter(|(number, turn)| number.is_some() && turn.answer.is_some());
        let opener = asked.filter_map(|(_, turn)| turn.asked.first()).next()?;
        Some(TurnId::derive(opener.id.as_str(), opener.round as usize))
    }

    /// Somebody asks for a person: from here on the bot is silent.
    fn call_person(&mut self, order: Order<'_>) {
        let lane = order.lane;
        self.answer_command(Command::Person, self.app.commands.text(Command::Person), order, None);
        if let Some(desk) = self.app.staff.as_ref().map(|staff| staff.desk.clone()) {
            self.take_over(desk, Some(name_of(lane)));
        }
    }

    /// Answers a command, with the decision on it.
    fn answer_command(
        &mut self,
        command: Command,
        text: &str,
        order: Order<'_>,
        besides: impl IntoIterator<Item = Reason>,
    ) {
        let Order { mut draft, message, lane } = order;
        let text = match self.leave(message) {
            Leave::Given => text,
            Leave::Refused => &self.app.output.too_often,
            Leave::ToldBefore => "",
        };
        draft.reasons.extend([Reason::Command.label(), command.label()].map(str::to_owned));
        let reasons = besides.into_iter().collect();
        let told = Told { ruling: Ruling::Noted, reasons, occasion: Reason::Command, text };
        self.tell(draft, std::slice::from_ref(message), lane, told);
    }
}
