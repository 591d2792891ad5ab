//! The fold whose log is recorded.

use std::sync::Arc;

use catalogue::Bundle;
use conversation::{Bundles, Conversations, Deployment, Settings};
use pipeline::StartPolicy;
use pipeline::fold::FoldConfig;
use schemas::ids::BundleHash;
use schemas::topic::TopicNames;

use super::recording::Recording;

/// Partitions of the deployment.
pub(crate) const PARTITIONS: i32 = 2;

fn deployment() -> Deployment {
    Deployment {
        name: "recorded".to_owned(),
        kafka: pipeline::simulation::offline(),
        topics: TopicNames::new(""),
        partitions: PARTITIONS,
    }
}

/// The fold under the bundles of a recording.
pub(crate) fn fold(recording: &Recording) -> Conversations {
    let bundles = recording.bundles.iter().map(|(hash, value)| {
        let hash = BundleHash::new(hash.clone()).unwrap();
        let bundle = Bundle::from_json(&hash, value.as_bytes()).unwrap();
        (hash, bundle)
    });
    Conversations::new(&deployment(), Arc::new(Bundles::of(bundles)))
}

pub(crate) fn driver() -> FoldConfig {
    let settings = Settings { ordinal: 0, start: StartPolicy::Earliest, batch_records: 1 };
    deployment().driver(&settings, 0).unwrap()
}
