//! What becomes of a message among people: its verdict under the app's policy. Nothing here waits for anything.

use catalogue::labels::Language;
use catalogue::language::language_of;
use catalogue::people::{Otherwise, People, Texts, TooLong};
use schemas::verdict::Action;

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
        let found = judged.verdict.action;
        match self.action(judged) {
            Action::Pass => Some(Reply::Deliver),
            Action::Mask => self.changed(found, || Some(self.masked())),
            Action::Replace => {
                self.policy.replacement.text_in(None).and_then(|_| self.changed(found, || self.replaced()))
            }
            Action::Hold | Action::Block => None,
        }
    }

    /// The reply that stops the message; `usual` is what the callback rule tells the sender.
    pub(crate) fn stop_reply(&self, usual: Option<&str>) -> Reply {
        let own = self.text_of(&self.policy.blocked);
        Reply::Reject(own.or(usual).map(str::to_owned))
    }

    /// What is done: a callback cannot wait, so a message that is held is stopped or passes, as the policy says.
    fn action(&self, judged: &Judged) -> Action {
        match judged.verdict.action {
            Action::Hold if self.policy.hold == Otherwise::Pass => judged.milder,
            action => action,
        }
    }

    /// The reply that delivers the message changed, or what the policy says where it cannot be.
    fn changed<'a>(&'a self, found: Action, payload: impl FnOnce() -> Option<Json<'a>>) -> Option<Reply> {
        // Easemob takes changes of text messages only.
        let changed = self.content.said.as_ref().and_then(|_| payload());
        let Some(changed) = changed.filter(|changed| self.is_clean(changed, found)) else {
            return self.otherwise(self.policy.unchangeable);
        };
        in_reply(&changed).or_else(|| match self.policy.too_long {
            TooLong::Block => None,
            TooLong::Pass => Some(Reply::Deliver),
            TooLong::Replace => {
                self.replaced().filter(|replaced| self.is_clean(replaced, found)).and_then(|r| in_reply(&r))
            }
        })
    }

    fn otherwise(&self, otherwise: Otherwise) -> Option<Reply> {
        match otherwise {
            Otherwise::Block => None,
            Otherwise::Pass => Some(Reply::Deliver),
        }
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
