//! Messages without a text, as far as the app reads them: what is said in their place, and which pictures a model may be shown.

use catalogue::media::Unseen;
use safety::{Direction, is_blank};
use schemas::attachment::Attachment;
use schemas::decision::Decision;
use schemas::event::{Message, MessageKind};
use schemas::state::Media;
use schemas::text::Text;

use super::Folding;
use crate::guard::Judged;
use crate::reason::Reason;

/// What a message brings that has no text of its own.
pub(super) struct Brought {
    pub(super) media: Box<Media>,
    /// Its caption, as the guard lets it through.
    pub(super) caption: String,
    /// Why its picture is not shown to anybody.
    pub(super) unseen: Option<Reason>,
}

impl Folding<'_> {
    /// What the message brings in place of a text, where the app reads that. What the filter holds it does not read: nobody reviews a picture.
    pub(super) fn brought(&self, message: &Message, judged: &Judged) -> Option<Brought> {
        let policy = self.app.media.as_ref()?;
        let attachment = message.attachment.as_deref()?;
        let is_read = judged.text.is_none()
            && message.text.is_none()
            && !matches!(message.kind, MessageKind::Text | MessageKind::Command)
            && !judged.is_held(self.app);
        if !is_read {
            return None;
        }
        let address = (message.kind == MessageKind::Image).then(|| policy.address(attachment));
        let (image, unseen) = match address {
            None => (None, None),
            Some(Ok(address)) => (Some(Text::from(address)), None),
            Some(Err(why)) => (None, Some(reason(why))),
        };
        Some(Brought { media: Box::new(Media { image }), caption: self.caption(attachment), unseen })
    }

    fn caption(&self, attachment: &Attachment) -> String {
        let caption = attachment.caption.as_ref().and_then(Text::plain).unwrap_or_default();
        let engine = self.rules.before_model(self.step.conversation.app());
        let masked = engine.judge(Direction::Input, caption).masked(caption);
        if is_blank(&masked) { String::new() } else { masked }
    }
}

/// The decision with what is to be said of a message's picture.
pub(super) fn noted(mut draft: Decision, brought: Option<&Brought>) -> Decision {
    let unseen = brought.and_then(|brought| brought.unseen);
    draft.reasons.extend(unseen.map(|reason| reason.label().to_owned()));
    draft
}

fn reason(why: Unseen) -> Reason {
    match why {
        Unseen::Address => Reason::ImageAddress,
        Unseen::Host => Reason::ImageHost,
        Unseen::Size => Reason::ImageSize,
        Unseen::Restricted => Reason::ImageRestricted,
    }
}
