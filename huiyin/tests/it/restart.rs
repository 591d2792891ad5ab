//! A role that ends by itself is started again, while the others of its process go on.

use std::time::Duration;

use pipeline::kafka::{Consumer, Instance};

use crate::gate::{Gate, engine};
use crate::rig::Rig;
use crate::wait::{seconds, until};

#[test]
fn a_role_whose_membership_was_taken_once_is_started_again_and_its_process_goes_on() {
    let rig = Rig::new("again", |text| text);
    rig.prepare();
    let mut process = rig.start("ingest,decide,call,deliver");
    process.wait_ready();
    rig.stand_ins.say("ada", "before");
    until("the first answer", seconds(20), || (rig.stand_ins.heard("ada").len() == 1).then_some(()));

    // Joining under the same instance id is fatal for the member that has it.
    let instance = Instance::new(rig.name(), "decide", 0).unwrap();
    let mut taker = Consumer::join(&rig.access(), &instance, &[&rig.topic("events")]).unwrap();
    until("decide to lose its membership", seconds(30), || {
        drop(taker.poll(Duration::from_millis(50)));
        process.output().contains("a role ended by itself and is started again").then_some(())
    });
    taker.close();
    until("decide to run again", seconds(30), || {
        process.output().contains("started again role").then_some(())
    });

    rig.stand_ins.say("ada", "after");
    until("the second answer", seconds(30), || (rig.stand_ins.heard("ada").len() == 2).then_some(()));
    assert!(process.ended().is_none(), "{}", process.tail());
    assert!(
        process.metrics().contains("huiyin_run_role_restarts_total{role=\"decide\"} 1"),
        "{}",
        process.metrics()
    );
    process.wait_ready();
}

#[test]
fn a_process_that_starts_while_the_store_is_away_answers_people_and_accounts_for_them_later() {
    let rig = Rig::new("storeless", |text| text);
    rig.prepare();
    let gate = Gate::new();
    let edit = |text: String| text.replace(&engine(), &gate.url());
    let mut process = rig.start_with(edit, &["run", "--roles", "ingest,decide,call,deliver,account"]);
    until("the process to wait for its store", seconds(40), || {
        assert!(process.ended().is_none(), "{}", process.tail());
        process
            .ready()
            .filter(|(status, body)| *status == 503 && body.to_string().contains("check the tables"))
    });
    assert!(rig.stand_ins.say("ada", "before").is_intercepted());
    until("an answer", seconds(30), || (rig.stand_ins.heard("ada").len() == 1).then_some(()));

    gate.open();
    process.wait_ready();
    let rows = || rig.done(&["query", "counts"]).lines().filter(|line| line.contains("acme#support")).count();
    until("the tables to be filled", seconds(30), || (rows() >= 3).then_some(()));
}
