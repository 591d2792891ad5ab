//! Experiments: which arm a conversation is in follows from its name, so that it stays there and anybody can compute it again.

use schemars::JsonSchema;
use schemas::conversation::Conversation;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An experiment of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// Its arms, in the order of the file.
    pub arms: Vec<Arm>,
}

/// An arm of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// How many of all weights' sum it gets.
    pub weight: u32,
}

impl Experiment {
    /// The arm of a conversation; `None` where no arm has a weight. The first 8 bytes of the SHA-256 of the experiment's name, a line
    /// break and the conversation's key choose it: the place that they have among all numbers of 8 bytes is taken among the weights, in
    /// the order of the arms.
    pub fn arm_of(&self, conversation: &Conversation) -> Option<&str> {
        let sum: u64 = self.arms.iter().map(|arm| u64::from(arm.weight)).sum();
        let digest = Sha256::digest(format!("{}\n{conversation}", self.name));
        let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        let mut place = u64::try_from((u128::from(hash) * u128::from(sum)) >> 64).ok()?;
        for arm in &self.arms {
            let weight = u64::from(arm.weight);
            if place < weight {
                return Some(&arm.name);
            }
            place -= weight;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use schemas::ids::{AppKey, UserId};

    use super::*;

    fn experiment(weights: &[u32]) -> Experiment {
        let arms = weights.iter().enumerate();
        let arms = arms.map(|(n, weight)| Arm { name: format!("arm{n}"), weight: *weight }).collect();
        Experiment { name: "answers".into(), arms }
    }

    fn conversation(n: u32) -> Conversation {
        let app = AppKey::new("acme#support").unwrap();
        Conversation::with_bot(app, UserId::new("bot").unwrap(), UserId::new(format!("user{n}")).unwrap())
    }

    #[test]
    fn the_arm_of_a_conversation_is_the_same_for_ever() {
        // Recorded once: whoever computes it otherwise moves people between arms.
        let told: Vec<_> =
            (0..8).map(|n| experiment(&[1, 1]).arm_of(&conversation(n)).unwrap().to_owned()).collect();
        assert_eq!(told, ["arm0", "arm0", "arm0", "arm0", "arm0", "arm1", "arm1", "arm1"]);
    }

    #[test]
    fn arms_get_their_share_and_two_experiments_are_independent() {
        let experiment = experiment(&[90, 10, 0]);
        let other = Experiment { name: "other".into(), ..experiment.clone() };
        let (mut second, mut both) = (0, 0);
        for n in 0..10_000 {
            let arm = experiment.arm_of(&conversation(n)).unwrap();
            assert_ne!(arm, "arm2");
            second += u32::from(arm == "arm1");
            both += u32::from(arm == "arm1" && other.arm_of(&conversation(n)) == Some("arm1"));
        }
        assert!((900..1_100).contains(&second), "{second}");
        assert!((60..140).contains(&both), "{both}");
    }

    #[test]
    fn whoever_writes_in_another_case_is_in_the_same_arm_and_nothing_is_chosen_without_weights() {
        let spelt = Conversation::with_bot(
            AppKey::new("acme#support").unwrap(),
            UserId::new("Bot").unwrap(),
            UserId::new("USER3").unwrap(),
        );
        assert_eq!(experiment(&[1, 1]).arm_of(&spelt), experiment(&[1, 1]).arm_of(&conversation(3)));
        assert_eq!(experiment(&[0]).arm_of(&conversation(1)), None);
    }
}
