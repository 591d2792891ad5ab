//! What becomes of a message among people: its verdict under the app's policy. Nothing here waits for anything.

use catalogue::labels::Language;
use catalogue::language::language_of;
use catalogue::people::{People, Texts, TooLong};
use schemas::verdict::{Action, OnError};

use crate::active_bundle::{Judged, Shown};
use crate::callback::{Content, Json};
use crate::reply::Reply;

/// A message that people will read, and the policy on it.
pub(crate) struct AmongPeople<'a> {
    pub(crate) policy: &'a People,
    pub(crate) shown: Shown<'a>,
    pub(crate) payload: &'a Json<'a>,
    pub(crate) content: &'a Content,
}

impl AmongPeople<'_> {
    /// The reply that lets the message through, changed where the verdict says so; `None` when nothing may.
    pub(crate) fn pass_reply(&self, judged: &Judged) -> Option<Reply> {
        let has_text = self.policy.replacement.text_in(None).is_some();
        match self.action(judged) {
            Action::Pass => Some(Reply::Deliver),
            Action::Mask => self.changed(judged, || Some(self.masked())),
            Action::Replace if has_text => self.changed(judged, || self.replaced()),
            // Nothing can stand in its place: it goes on masked if its rules say so.
            Action::Replace if judged.found.on_error(Action::Replace) == Some(OnError::Open) => {
                self.changed(judged, || Some(self.masked()))
            }
            Action::Replace | Action::Hold | Action::Block => None,
        }
    }

    /// The reply that stops the message; `usual` is what the callback rule tells the sender.
    pub(crate) fn stop_reply(&self, usual: Option<&str>) -> Reply {
        let own = self.text_of(&self.policy.blocked);
        Reply::Reject(own.or(usual).map(str::to_owned))
    }

    /// What is done: a callback cannot wait, so a message that is held is stopped or passes, as its rules or else the policy say.
    fn action(&self, judged: &Judged) -> Action {
        let lets_on = || judged.found.on_error(Action::Hold).unwrap_or(self.policy.hold.into()).lets_on();
        match judged.verdict.action {
            Action::Hold if lets_on() => judged.found.milder(),
            action => action,
        }
    }

    /// The reply that delivers the message changed, or what its rules say where it cannot be, or else the policy.
    fn changed<'a>(&'a self, judged: &Judged, payload: impl FnOnce() -> Option<Json<'a>>) -> Option<Reply> {
        let (found, rules) = (judged.verdict.action, judged.found.on_error(Action::Mask));
        // Easemob takes changes of text messages only.
        let changed = self.content.said.as_ref().and_then(|_| payload());
        let Some(changed) = changed.filter(|changed| self.is_clean(changed, found)) else {
            let on_error = rules.unwrap_or(self.policy.unchangeable.into());
            return on_error.lets_on().then_some(Reply::Deliver);
        };
        in_reply(&changed).or_else(|| match (rules, self.policy.too_long) {
            (Some(OnError::Closed), _) | (None, TooLong::Block) => None,
            (Some(OnError::Open), _) | (None, TooLong::Pass) => Some(Reply::Deliver),
            (None, TooLong::Replace) => {
                self.replaced().filter(|replaced| self.is_clean(replaced, found)).and_then(|r| in_reply(&r))
            }
        })
    }

    fn masked(&self) -> Json<'_> {
        Content::changed(self.payload, |text| self.shown.masked(text))
    }

    /// The message with the replacement in place of what it says, and everything masked beside it.
    fn replaced(&self) -> Option<Json<'_>> {
        let said = self.text_of(&self.policy.replacement)?;
        Some(Content::saying(self.payload, said, |text| self.shown.masked(text)))
    }

    fn is_clean(&self, payload: &Json<'_>, found: Action) -> bool {
        self.shown.is_clean(Content::read(payload).texts(), found)
    }

    /// A text of the policy in the language of the message.
    fn text_of<'a>(&self, texts: &'a Texts) -> Option<&'a str> {
        texts.text_in(if texts.differ() { self.language() } else { None })
    }

    fn language(&self) -> Option<Language> {
        let mut texts = self.content.texts();
        language_of(texts.next()?, texts)
    }
}

/// The reply that delivers this payload, if Easemob takes it.
fn in_reply(payload: &Json<'_>) -> Option<Reply> {
    serde_json::to_value(payload).ok().and_then(Reply::change)
}
