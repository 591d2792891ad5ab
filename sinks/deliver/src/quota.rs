//! Easemob's limits of one app, of which this instance takes its share. Each class of message has a pace of its own, so that groups at
//! their limit do not delay answers to single users. Recalls have one as well.

use std::sync::Arc;

use outbound::{Limits, Pace, PaceNames, Pauses};
use schemas::conversation::ChatKind;

use crate::settings::PerSecond;

/// One pace per class of message, and one for recalls.
#[derive(Debug)]
pub(crate) struct Quota {
    users: Arc<Pace>,
    groups: Arc<Pace>,
    chatrooms: Arc<Pace>,
    recalls: Arc<Pace>,
}

impl Quota {
    pub(crate) fn new(app: &Arc<str>, limits: PerSecond, pauses: Pauses) -> Self {
        let pace = |limit, per_second| {
            let names = PaceNames { target: Arc::clone(app), key: 1, limit };
            Pace::new(names, Limits { per_second: Some(per_second), ..Limits::default() }, pauses)
        };
        Self {
            users: pace("users", limits.users),
            groups: pace("groups", limits.groups),
            chatrooms: pace("chatrooms", limits.chatrooms),
            recalls: pace("recalls", limits.recalls),
        }
    }

    pub(crate) fn of(&self, kind: ChatKind) -> &Arc<Pace> {
        match kind {
            ChatKind::Chat => &self.users,
            ChatKind::Group => &self.groups,
            ChatKind::Chatroom => &self.chatrooms,
        }
    }

    pub(crate) fn of_recalls(&self) -> &Arc<Pace> {
        &self.recalls
    }

    pub(crate) fn paces(&self) -> [&Arc<Pace>; 4] {
        [&self.users, &self.groups, &self.chatrooms, &self.recalls]
    }

    pub(crate) fn set_share(&self, share: f64) {
        self.paces().iter().for_each(|pace| pace.set_share(share));
    }
}
