//! Members of staff who speak to people in a conversation in which the bot talks, and what is said while one of them has it.

use schemas::conversation::Lane;
use schemas::decision::{Decision, Ruling};
use schemas::event::Message;
use schemas::ids::UserId;
use schemas::state::{HistoryTurn, STATE_VERSION, WaitingMessage};
use schemas::text::Text;

use catalogue::dialogue::Command;

use super::by_hand::Voice;
use super::{Folding, name_of};
use crate::guard::Judged;
use crate::history::told_later;
use crate::reason::Reason;

impl Folding<'_> {
    /// A member of staff wrote it to people.
    pub(super) fn is_of_staff(&self, message: &Message) -> bool {
        let staff = self.app.staff.as_ref().filter(|_| message.bot.is_none());
        staff.is_some_and(|staff| staff.has(&message.sender))
    }

    /// A member of staff spoke: the bot is silent from here on, and has the words in its history. Where the bot never talked nothing
    /// follows.
    pub(super) fn staff_spoke(&mut self, message: &Message, judged: Judged, draft: Decision) {
        let said = message.text.as_ref().and_then(Text::plain).unwrap_or_default();
        let given = self.rules.command(self.step.conversation.app(), said);
        if given.is_some_and(|given| given.command == Command::HandBack) {
            self.hand_back();
            return self.step.rule(draft, Ruling::Noted, [Reason::HandedBack]);
        }
        let Some(bot) = self.talking_bot() else {
            return self.step.rule(draft, Ruling::Passed, [Reason::Staff]);
        };
        if self.keep_words(message, judged, draft, Voice { bot, why: Reason::Staff }) {
            self.person_speaks(&message.sender);
        }
    }

    /// A person spoke who has the conversation, or has it from now on.
    pub(super) fn person_speaks(&mut self, person: &UserId) {
        match self.state.core.person.as_ref().is_some_and(|has| has == person) {
            true => self.state.core.person_until = self.silent_until(),
            false => self.take_over(person.clone(), None),
        }
    }

    /// Until when the bot is silent if a person speaks now; until it is handed back if absent.
    pub(super) fn silent_until(&self) -> Option<i64> {
        let silence = self.app.staff.as_ref().and_then(|staff| staff.silence_ms);
        silence.map(|silence| self.step.now + silence)
    }

    /// The bot that spoke last in the conversation, if one did.
    fn talking_bot(&self) -> Option<UserId> {
        if !self.state.holds_talk() {
            return None;
        }
        self.state.newest_bot().or_else(|| self.app.bots.keys().next().cloned())
    }

    /// Keeps what is said to the bot while a person has the conversation, so that later prompts tell of it.
    pub(super) fn overhear(&mut self, lane: &Lane, message: WaitingMessage) {
        let says_nothing = message.text.plain().is_none_or(str::is_empty) && message.media.is_none();
        if self.app.staff.is_none() || says_nothing {
            return;
        }
        let hidden = message.text.plain().and_then(|text| self.hidden(&message.sender, text));
        let message = match hidden {
            Some(hidden) => WaitingMessage { text: Text::from(hidden), ..message },
            None => message,
        };
        let (name, most) = (name_of(lane), self.app.kept_turns() as usize);
        let answer = Some(Text::from(""));
        let asked = told_later(std::slice::from_ref(&message));
        let turn = HistoryTurn { asked, answer, ..HistoryTurn::blank(STATE_VERSION) };
        self.state.add_turn(name, turn);
        self.state.keep_said(name, most);
    }
}
