//! Easemob's limits of one app, of which this instance takes its share.

use outbound::Pace;
use outbound::bucket::Rate;
use schemas::conversation::ChatKind;

use crate::settings::PerSecond;

/// One pace per class of message.
#[derive(Debug)]
pub(crate) struct Quota {
    users: Pace,
    groups: Pace,
    chatrooms: Pace,
}

impl Quota {
    pub(crate) fn new(limits: PerSecond) -> Self {
        // Easemob counts whole seconds: a large burst would meet the limit in the second that follows.
        let pace = |per_second: f64| Pace::new(Rate { per_second, burst: (per_second / 10.0).max(1.0) });
        Self { users: pace(limits.users), groups: pace(limits.groups), chatrooms: pace(limits.chatrooms) }
    }

    pub(crate) fn of(&self, kind: ChatKind) -> &Pace {
        match kind {
            ChatKind::Chat => &self.users,
            ChatKind::Group => &self.groups,
            ChatKind::Chatroom => &self.chatrooms,
        }
    }

    pub(crate) fn set_share(&self, share: f64) {
        for pace in [&self.users, &self.groups, &self.chatrooms] {
            pace.set_share(share);
        }
    }
}
