//! REST quotas of one app.

use super::config::QuotaConfig;
use super::message::Target;
use crate::window::{Limit, Window};

/// What exceeded a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// Too many calls: 429.
    Calls,
    /// Too many messages: 403.
    Messages,
}

/// Meter of one app: one call window and one message window per endpoint, one for tokens, one for recalls.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    calls: [Window; 3],
    messages: [Window; 3],
    tokens: Window,
    recalls: Window,
}

impl Meter {
    /// Counts one call to a send endpoint.
    pub(crate) fn call(&mut self, target: Target, quotas: &QuotaConfig, now_ms: u64) -> Result<(), Exceeded> {
        let limit = match target {
            Target::Users => quotas.users_calls_per_s,
            Target::Groups => quotas.groups_calls_per_s,
            Target::Rooms => quotas.rooms_calls_per_s,
        };
        let [users, groups, rooms] = &mut self.calls;
        let window = pick(target, users, groups, rooms);
        if window.take(1, limit_of(quotas, limit, 1_000), now_ms) { Ok(()) } else { Err(Exceeded::Calls) }
    }

    /// Counts messages, one per recipient; all fit or none is counted.
    pub(crate) fn messages(
        &mut self,
        target: Target,
        count: u64,
        quotas: &QuotaConfig,
        now_ms: u64,
    ) -> Result<(), Exceeded> {
        let (limit, window_ms) = match target {
            Target::Users => (quotas.users_messages_per_min, 60_000),
            Target::Groups => (quotas.groups_messages_per_s, 1_000),
            Target::Rooms => (quotas.rooms_messages_per_s, 1_000),
        };
        let [users, groups, rooms] = &mut self.messages;
        let window = pick(target, users, groups, rooms);
        if window.take(count, limit_of(quotas, limit, window_ms), now_ms) {
            Ok(())
        } else {
            Err(Exceeded::Messages)
        }
    }

    /// Counts one call to the recall endpoint.
    pub(crate) fn recall(&mut self, quotas: &QuotaConfig, now_ms: u64) -> Result<(), Exceeded> {
        let fits = self.recalls.take(1, limit_of(quotas, quotas.recall_calls_per_s, 1_000), now_ms);
        if fits { Ok(()) } else { Err(Exceeded::Calls) }
    }

    /// Counts one call to the token endpoint.
    pub(crate) fn token(&mut self, quotas: &QuotaConfig, now_ms: u64) -> Result<(), Exceeded> {
        let fits = self.tokens.take(1, limit_of(quotas, quotas.token_calls_per_s, 1_000), now_ms);
        if fits { Ok(()) } else { Err(Exceeded::Calls) }
    }
}

fn limit_of(quotas: &QuotaConfig, most: u32, window_ms: u64) -> Limit {
    Limit { most, window_ms, counting: quotas.counting }
}

fn pick<'a>(
    target: Target,
    users: &'a mut Window,
    groups: &'a mut Window,
    rooms: &'a mut Window,
) -> &'a mut Window {
    match target {
        Target::Users => users,
        Target::Groups => groups,
        Target::Rooms => rooms,
    }
}

#[cfg(test)]
mod tests {
    use super::{Exceeded, Meter};
    use crate::easemob::config::QuotaConfig;
    use crate::easemob::message::Target;
    use crate::window::Counting;

    #[test]
    fn calls_are_limited_within_a_sliding_second_and_per_endpoint() {
        let quotas = QuotaConfig { groups_calls_per_s: 2, ..QuotaConfig::default() };
        let mut meter = Meter::default();
        assert_eq!(meter.call(Target::Groups, &quotas, 900), Ok(()));
        assert_eq!(meter.call(Target::Groups, &quotas, 1_000), Ok(()));
        assert_eq!(meter.call(Target::Groups, &quotas, 1_100), Err(Exceeded::Calls));
        assert_eq!(meter.call(Target::Users, &quotas, 1_100), Ok(()));
        assert_eq!(meter.call(Target::Groups, &quotas, 1_900), Ok(()));
    }

    #[test]
    fn calls_of_a_fixed_second_are_limited_by_the_clock() {
        let counting = Counting::Fixed;
        let quotas = QuotaConfig { groups_calls_per_s: 2, counting, ..QuotaConfig::default() };
        let mut meter = Meter::default();
        let taken = [900, 999, 999, 1_000].map(|at| meter.call(Target::Groups, &quotas, at).is_ok());
        assert_eq!(taken, [true, true, false, true]);
    }

    #[test]
    fn messages_are_counted_per_recipient_and_a_refused_call_counts_none() {
        let quotas = QuotaConfig { users_messages_per_min: 5, ..QuotaConfig::default() };
        let mut meter = Meter::default();
        assert_eq!(meter.messages(Target::Users, 3, &quotas, 0), Ok(()));
        assert_eq!(meter.messages(Target::Users, 3, &quotas, 1), Err(Exceeded::Messages));
        assert_eq!(meter.messages(Target::Users, 2, &quotas, 2), Ok(()));
        assert_eq!(meter.messages(Target::Users, 3, &quotas, 60_000), Ok(()));
    }
}
