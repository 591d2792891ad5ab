use std::sync::Arc;

use conversation::{Bundles, Deployment, Settings};
use pipeline::StartPolicy;
use schemas::topic::TopicNames;

use super::*;

fn line() -> Line {
    let deployment = Deployment {
        name: "kept".to_owned(),
        kafka: pipeline::simulation::offline(),
        topics: TopicNames::new(""),
        partitions: 1,
    };
    let settings = Settings { ordinal: 0, start: StartPolicy::Earliest, batch_records: 1 };
    Line::new(deployment, settings, Arc::new(Bundles::of([])))
}

#[test]
fn a_snapshot_is_read_as_it_was_written_and_is_its_owners_alone() {
    let (folder, line) = (tempfile::tempdir().unwrap(), line());
    let stands = Place::new(0, 7, 1_000, "first");
    assert_eq!(store(folder.path(), &line, &stands, &States::default()).unwrap(), 1);
    assert_eq!(place(folder.path(), 0).unwrap(), stands);
    let span = Span { partition: 0, lead: 7, warm: 7, first: 7, end: 7 };
    assert!(restore(folder.path(), &line, span).unwrap().conversations.is_empty());
    #[cfg(unix)]
    {
        let modes = path(folder.path(), 0).metadata().unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&modes) & 0o777, 0o600);
    }
}
