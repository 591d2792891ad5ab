//! How long a vendor asks to be left alone, in every form that HTTP has for it, at every wire that goes over HTTP. A WebSocket has
//! no place for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use schemas::ids::{RequestId, TargetName};
use simulators::model::{self, Config};
use tokio::time::{Instant, sleep_until};

use crate::table::rows::How;
use crate::table::wires::{WIRES, Wire};
use crate::world::{World, attempts};

/// What the vendor asks for: seconds, a date, milliseconds. A date has no parts of a second.
const FORMS: [&str; 3] = ["6s", "until-6s", "in-ms-6s"];
/// Then what was asked for is over. Without a time of the vendor's a target would be left for half a minute.
const LATER: Duration = Duration::from_millis(6_400);

/// A target that always refuses with this.
struct Refusing {
    wire: &'static Wire,
    what: &'static str,
    form: &'static str,
}

impl Refusing {
    fn all(what: &'static str, wires: &[&str]) -> Vec<Self> {
        let wires: Vec<&Wire> =
            WIRES.iter().filter(|wire| wire.is_http() && wires.contains(&wire.name)).collect();
        let of = |wire: &'static Wire| FORMS.iter().map(move |form| Self { wire, what, form });
        wires.into_iter().flat_map(of).collect()
    }

    fn target(&self) -> String {
        format!("{}-{}-{}", self.wire.name, self.what, self.form)
    }

    fn model(&self) -> String {
        format!("sim-{}-{}", self.what, self.form)
    }
}

async fn world(all: &[Refusing]) -> World {
    let sim = model::start(Config { api_keys: vec!["sk-sim".into(), "ak:sk".into()], ..Config::default() });
    let sim = sim.await.unwrap();
    let mut catalogue = String::from(
        "[[app]]\nkey = \"acme#support\"\nchain = [\"spare\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n[[app.bot]]\nid = \"bot\"\n",
    );
    let mut section = String::from(
        "chain = { min_useful = \"50ms\" }\n\
         health = { pause_base = \"30s\", pause_cap = \"30s\", breaker_failures_in_a_row = 20, breaker_min_lanes = 50 }\n",
    );
    let spare = Wire::named("vllm");
    let targets = all.iter().map(|it| (it.target(), it.wire, it.model()));
    for (name, wire, model) in targets.chain([("spare".to_owned(), spare, "sim-spare".to_owned())]) {
        let provider = wire.provider;
        catalogue += &format!(
            "[[target]]\nname = {name:?}\nprovider = {provider:?}\nmodel = {model:?}\nregion = \"cn\"\ncontext_tokens = 8000\n"
        );
        section += &wire.entry(&name, How::Well, |path| sim.url(path));
    }
    World::built(sim, &catalogue, &section)
}

/// The class with which the target refuses this person, or nothing if it is passed by.
async fn refused(world: &World, target: &str, person: &str) -> Option<String> {
    let mut request = world.request("hello", 10_000);
    request.id = RequestId::derive(&format!("{target} {person}"), 0);
    request.lane = format!("acme#support/group/7@{person}").parse().unwrap();
    request.chain = vec![TargetName::new(target).unwrap(), TargetName::new("spare").unwrap()];
    request.allowed_regions = vec!["cn".to_owned()];
    let answered = world.run(&request).await;
    let attempts = attempts(&answered);
    assert_eq!(attempts.last(), Some(&("spare", "ok")), "{attempts:?}");
    attempts.iter().find(|(name, _)| *name == target).map(|(_, class)| (*class).to_owned())
}

/// Each target refuses so many people, is then passed by for as long as it asked for, and is asked again afterwards.
async fn obeyed(all: Vec<Refusing>, class: &str, met_by: usize) {
    let world = Arc::new(world(&all).await);
    let names: BTreeSet<String> = all.iter().map(Refusing::target).collect();
    assert_eq!(names.len(), all.len());
    let playing = names.into_iter().map(|target| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let mut met = Vec::new();
            for person in 0..met_by {
                met.push(refused(&world, &target, &format!("p{person}")).await);
            }
            let begun = Instant::now();
            let meanwhile = refused(&world, &target, "next").await;
            sleep_until(begun + LATER).await;
            (target.clone(), met, meanwhile, refused(&world, &target, "later").await)
        })
    });
    for played in playing.collect::<Vec<_>>() {
        let (target, met, meanwhile, later) = played.await.unwrap();
        let told = Some(class.to_owned());
        assert_eq!(met, vec![told.clone(); met_by], "{target}");
        assert_eq!((meanwhile, later), (None, told), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_limit_is_over_when_the_vendor_says_so() {
    let wires = [
        "openai",
        "openai-whole",
        "claude",
        "claude-whole",
        "tongyi",
        "ernie",
        "ernie-v1",
        "spark",
        "spark-whole",
    ];
    obeyed(Refusing::all("rate-limited", &wires), "rate_limited", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_without_room_is_left_for_as_long_as_it_asks_once_two_people_heard_it() {
    let wires = [
        "openai",
        "openai-whole",
        "claude",
        "claude-whole",
        "tongyi",
        "ernie",
        "ernie-v1",
        "spark",
        "vllm",
        "llamacpp",
    ];
    obeyed(Refusing::all("overloaded", &wires), "overloaded", 2).await;
}
