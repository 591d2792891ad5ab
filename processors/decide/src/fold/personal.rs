//! Personal data are hidden before a text is kept, so that no prompt has them, and come back at the gate to the person who wrote them.

use catalogue::personal::Restore;
use safety::personal::{Recogniser, Restored};
use schemas::conversation::ChatKind;
use schemas::ids::UserId;

use super::Folding;
use crate::gate::Addressee;

impl Folding<'_> {
    /// A text of this writer as it may be kept and asked; `None` when nothing in it is to be hidden.
    pub(super) fn hidden(&mut self, writer: &UserId, text: &str) -> Option<String> {
        let personal = self.app.personal_data.as_ref().filter(|personal| !personal.model.is_off())?;
        let mut recogniser = Recogniser::default();
        if !recogniser.recognise(text).iter().any(|datum| personal.model.hides(datum.kind)) {
            return None;
        }
        let masking = personal.masking(&personal.model, self.rules.hash_keys());
        let writer = writer.canonical();
        Some(self.state.placeholders_mut().hide(&mut recogniser, writer.as_str(), text, masking))
    }

    /// What a model said as those who are answered may see it. What one person wrote comes back to that person alone: not where the turn
    /// answers several, and in groups and rooms only if the app wants it, since everybody there reads it.
    pub(super) fn restored(&self, to: &Addressee, said: &str) -> Restored {
        let restore = self.app.personal_data.as_ref().map(|personal| personal.restore).unwrap_or_default();
        let is_read_by_one = to.lane.conversation.kind() == ChatKind::Chat;
        let may = match restore {
            Restore::Chats => is_read_by_one,
            Restore::Everywhere => true,
            Restore::Never => false,
        };
        let reader = Some(to.user.canonical()).filter(|_| may && to.others.is_empty());
        let known = &self.state.placeholders.placeholders;
        known.restored(reader.as_ref().map(UserId::as_str), said)
    }
}
