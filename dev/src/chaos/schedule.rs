//! What is done to the line, in which order: a function of the seed.

use super::role::{INSTANCES, Role, Who};
use super::scale::Scale;
use fastrand::Rng;
use std::time::Duration;

/// Steps of a transaction at which its process ends.
const STEPS: [&str; 5] = ["begun", "written", "offsets_sent", "committing", "committed"];
/// Roles that commit by transactions.
const TRANSACTIONAL: [Role; 3] = [Role::Decide, Role::Call, Role::Deliver];
/// Steps of a range of the account step.
const RANGES: [&str; 3] = ["range_opened", "block_inserted", "range_closed"];
/// How long the work that a kill cut off is watched. After that the row of unclean ends is over.
const RECOVERY: Duration = Duration::from_secs(10);
/// Longer than the session of a member, so that its partitions go to others.
const ZOMBIE: Duration = Duration::from_secs(13);

/// Which broker is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Led {
    /// The one that leads most partitions of `events`.
    Events,
    /// The one that leads the controllers.
    Controllers,
    /// The coordinator of decide's group.
    Group,
    /// The coordinator of a transactional id of call.
    Transactions,
}

/// A stretch of time in which waits are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Window {
    /// Nothing goes wrong.
    Normal,
    /// The slow app's provider hangs.
    Hang,
    /// It answers again.
    After,
    /// A process of call is back after its first kill.
    Recovery,
    /// Every process is restarted.
    Restarts,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Nothing, for a while.
    Rest(Duration),
    /// Nothing, and waits are measured.
    Watch(Window, Duration),
    /// The slow app's provider hangs, and waits are measured.
    Hang(Duration),
    /// SIGKILL, and a start after a while.
    Kill(Who, Duration),
    /// SIGKILL and a start at once; then it is measured how soon everything runs again.
    Recover(Who, Duration),
    /// An end at a step of a commit, and a start after a while.
    Crash(Who, &'static str, Duration),
    /// SIGSTOP, and SIGCONT once the group has put them out.
    Freeze(Vec<Who>, Duration),
    /// A broker is killed, and started again after a while.
    Broker(Led, Duration),
    /// The ClickHouse engine is killed.
    ClickHouseGoes,
    /// It is started again, when it was away for so long.
    ClickHouseComes(Duration),
    /// Both providers refuse, fail, hang and cut their replies, so many rounds of it.
    Storm(u32),
    /// Easemob's REST side refuses, fails and resets, so many rounds of it.
    Refuse(u32),
    /// Every process is restarted, one after the other.
    Restarts,
}

/// The schedule of a seed.
pub(crate) fn schedule(seed: u64, scale: &Scale) -> Vec<Act> {
    let mut random = Rng::with_seed(seed ^ 0x5eed);
    let mut acts =
        vec![Act::Rest(scale.watch / 2), Act::Watch(Window::Normal, scale.watch), Act::Hang(scale.watch)];
    // Calls that hang end by their own timeout, and what waited for their places then runs.
    acts.extend([
        Act::Rest(scale.slow_timeout / 2),
        Act::Watch(Window::After, scale.watch),
        // This is the first kill of call: a single unclean end must delay nobody, several in a row may.
        Act::Recover(Who { role: Role::Call, number: 0 }, RECOVERY),
        Act::ClickHouseGoes,
    ]);
    let mut zombies = zombies(&mut random);
    for round in 0..scale.rounds {
        kills(&mut random, &mut acts);
        crashes(&mut random, round, scale, &mut acts);
        if let Some(zombies) = zombies.pop() {
            acts.push(Act::Freeze(zombies, ZOMBIE));
        }
        if round == 0 {
            acts.push(Act::ClickHouseComes(scale.clickhouse_away));
        }
        outside(&mut random, round, scale, &mut acts);
    }
    acts.extend([Act::Rest(scale.watch / 2), Act::Restarts, Act::Rest(scale.watch / 3)]);
    acts
}

/// Every role once, at a random moment.
fn kills(random: &mut Rng, acts: &mut Vec<Act>) {
    let mut roles = Role::ALL;
    random.shuffle(&mut roles);
    for role in roles {
        acts.push(rest(random));
        acts.push(Act::Kill(any(random, role), away(random)));
    }
}

/// The steps of a commit. In a short run each step comes once, in one of the roles.
fn crashes(random: &mut Rng, round: usize, scale: &Scale, acts: &mut Vec<Act>) {
    let first = random.usize(..TRANSACTIONAL.len());
    for (at, step) in STEPS.into_iter().enumerate() {
        for (turn, role) in TRANSACTIONAL.into_iter().enumerate() {
            // In a long run every role meets each step in the first round and one role in the later ones.
            if scale.every_step && round == 0 || (first + at + round) % TRANSACTIONAL.len() == turn {
                acts.push(Act::Crash(any(random, role), step, away(random)));
                acts.push(rest(random));
            }
        }
    }
}

/// What stands around the line: brokers, ClickHouse's client, providers, Easemob.
fn outside(random: &mut Rng, round: usize, scale: &Scale, acts: &mut Vec<Act>) {
    let mut brokers = [Led::Events, Led::Controllers, Led::Group, Led::Transactions];
    random.shuffle(&mut brokers);
    let hit = if scale.every_step { 4 } else { 2 };
    for led in brokers.into_iter().take(if round == 0 { hit } else { 1 }) {
        acts.extend([Act::Broker(led, Duration::from_secs(random.u64(3..8))), rest(random)]);
    }
    acts.extend([Act::Storm(scale.storm), Act::Refuse(scale.storm)]);
    for step in RANGES.into_iter().filter(|_| round == 0) {
        acts.push(Act::Crash(any(random, Role::Account), step, away(random)));
    }
}

/// Pairs of processes of different roles that are stopped together, one pair in each round.
fn zombies(random: &mut Rng) -> Vec<Vec<Who>> {
    let mut roles = [Role::Decide, Role::Call, Role::Deliver, Role::Account];
    random.shuffle(&mut roles);
    roles.chunks(2).map(|pair| pair.iter().map(|role| any(random, *role)).collect()).collect()
}

fn any(random: &mut Rng, role: Role) -> Who {
    Who { role, number: random.usize(..INSTANCES) }
}

fn rest(random: &mut Rng) -> Act {
    Act::Rest(Duration::from_millis(random.u64(300..2_000)))
}

fn away(random: &mut Rng) -> Duration {
    Duration::from_millis(random.u64(100..1_500))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(acts: &[Act], is_it: impl Fn(&Act) -> bool) -> bool {
        acts.iter().any(is_it)
    }

    #[test]
    fn one_seed_is_one_schedule() {
        assert_eq!(schedule(7, &Scale::SHORT), schedule(7, &Scale::SHORT));
        assert_ne!(schedule(7, &Scale::SHORT), schedule(8, &Scale::SHORT));
    }

    #[test]
    fn whatever_the_seed_every_role_is_killed_and_every_step_and_every_kind_of_fault_comes() {
        for (seed, scale) in (0..50).flat_map(|seed| [(seed, Scale::SHORT), (seed, Scale::LONG)]) {
            let acts = schedule(seed, &scale);
            for role in Role::ALL {
                assert!(has(&acts, |act| matches!(act, Act::Kill(who, _) if who.role == role)), "{role:?}");
            }
            for step in STEPS.iter().chain(&RANGES) {
                assert!(has(&acts, |act| matches!(act, Act::Crash(_, at, _) if at == step)), "{step}");
            }
            assert!(has(&acts, |act| matches!(act, Act::Broker(..))));
            let pairs = acts.iter().filter(|act| matches!(act, Act::Freeze(who, _) if who.len() == 2));
            assert_eq!(pairs.count(), scale.rounds);
            assert!(has(&acts, |act| *act == Act::ClickHouseComes(scale.clickhouse_away)));
            assert_eq!(acts.iter().filter(|act| matches!(act, Act::Watch(..))).count(), 2);
            let of_call = |act: &&Act| matches!(act, Act::Kill(who, _) | Act::Crash(who, ..) | Act::Recover(who, _) if who.role == Role::Call);
            assert!(matches!(acts.iter().find(of_call), Some(Act::Recover(..))), "it is the first");
        }
    }

    #[test]
    fn in_a_long_run_every_step_comes_in_every_role_that_has_it() {
        let acts = schedule(3, &Scale::LONG);
        for (step, role) in STEPS.iter().flat_map(|step| TRANSACTIONAL.map(|role| (step, role))) {
            assert!(has(
                &acts,
                |act| matches!(act, Act::Crash(who, at, _) if at == step && who.role == role)
            ));
        }
    }
}
