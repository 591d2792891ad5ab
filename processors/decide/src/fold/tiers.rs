//! The tier of a person, as the configuration, a claim of the app's, or the app's table says.

use catalogue::tier::Granted;
use schemas::decision::Decision;
use schemas::ids::UserId;
use schemas::state::WaitingMessage;
use schemas::tier::Tier;

use super::Folding;

impl<'a> Folding<'a> {
    /// The tier of whoever opens a turn of these messages: of several claims of theirs the newest counts.
    pub(super) fn tier(&self, asked: &[WaitingMessage]) -> Option<Granted<'a>> {
        let opener = asked.first()?;
        let own = asked.iter().rev().filter(|message| message.sender == opener.sender);
        let claimed = own.filter_map(|message| message.marks.as_deref()?.tier.as_deref()).next();
        self.tier_of(&opener.sender, claimed)
    }

    /// The tier of a person whose message has this claim.
    pub(super) fn tier_of(&self, user: &UserId, claimed: Option<&str>) -> Option<Granted<'a>> {
        if self.app.tiers.is_empty() {
            return None;
        }
        let table = self.rules.tier_table(self.step.conversation.app());
        self.app.tiers_of(user, claimed, table).next()
    }

    /// The decision with the tier of whoever sent this message.
    pub(super) fn tiered(&self, draft: Decision, message: &WaitingMessage) -> Decision {
        let tier = self.tier(std::slice::from_ref(message));
        Decision { tier: tier.map(told), ..draft }
    }
}

/// A tier as records tell of it.
pub(super) fn told(granted: Granted<'_>) -> Tier {
    Tier { name: granted.tier.name.clone(), by: granted.by }
}
