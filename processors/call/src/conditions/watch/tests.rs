use std::sync::Arc;
use std::time::Duration;

use super::*;

const WALL: Millis = 1_750_000_000_000;

fn target(name: &str) -> TargetName {
    TargetName::new(name).unwrap()
}

fn app(name: &str) -> AppKey {
    AppKey::new(name).unwrap()
}

/// A watch with a clock of its own.
struct Scene {
    watch: Watch,
    began: Instant,
    passed: Duration,
}

impl Scene {
    fn new() -> Self {
        Self { watch: Watch::default(), began: Instant::now(), passed: Duration::ZERO }
    }

    fn now(&self) -> Moment {
        let passed = Millis::try_from(self.passed.as_millis()).unwrap();
        Moment { wall: WALL + passed, monotonic: self.began + self.passed }
    }

    fn after(&mut self, passed: Duration) {
        self.passed += passed;
    }

    /// Looks, and tells those that are to be told.
    fn look(&mut self, outlook: Outlook, owned: &[i32]) -> Vec<i32> {
        let outlooks = BTreeMap::from([(target("deep"), outlook), (target("fast"), Outlook::default())]);
        let now = self.now();
        let told = self.watch.look(now, outlooks, &owned.iter().copied().collect());
        told.iter().for_each(|partition| self.watch.told(*partition, now.wall));
        told
    }

    fn deep(&self) -> TargetConditions {
        self.watch.targets().get(&target("deep")).cloned().unwrap_or_default()
    }
}

fn all(prospect: Prospect) -> Outlook {
    Outlook { for_all: prospect, tenants: BTreeMap::new() }
}

fn waits(ms: u64) -> Outlook {
    all(Prospect { refusal: None, wait: Duration::from_millis(ms) })
}

fn usual() -> Outlook {
    Outlook::default()
}

#[test]
fn a_new_partition_is_told_and_nothing_follows_while_nothing_changes() {
    let mut scene = Scene::new();
    assert_eq!(scene.look(usual(), &[0, 3]), [0, 3]);
    for _ in 0..2_000 {
        scene.after(Duration::from_secs(1));
        assert_eq!(scene.look(usual(), &[0, 3]), [0; 0]);
    }
    assert_eq!(scene.look(usual(), &[3, 5]), [5]);
    assert_eq!(scene.look(usual(), &[0, 3, 5]), [0], "it was somebody else's meanwhile");
    assert!(scene.watch.targets().is_empty());
}

#[test]
fn an_open_breaker_is_told_to_all_once_and_its_end_once() {
    let mut scene = Scene::new();
    scene.look(usual(), &[0, 1]);
    let until = scene.began + Duration::from_secs(30);
    let open = || all(Prospect { refusal: Some(Refusal::Open(until)), wait: Duration::ZERO });
    assert_eq!(scene.look(open(), &[0, 1]), [0, 1]);
    let told = Condition { state: Standing::Open, until: Some(WALL + 30_000), waiting_ms: 0 };
    assert_eq!(scene.deep().for_all, told);
    for _ in 0..20 {
        scene.after(Duration::from_millis(1_001));
        assert_eq!(scene.look(open(), &[0, 1]), [0; 0]);
    }
    assert_eq!(scene.look(usual(), &[0, 1]), [0, 1]);
    assert!(scene.watch.targets().is_empty());
}

#[test]
fn clocks_that_drift_apart_a_little_are_no_news_and_a_longer_pause_is() {
    let mut scene = Scene::new();
    let ends = |after: u64, scene: &Scene| {
        let until = scene.began + Duration::from_millis(after);
        all(Prospect { refusal: Some(Refusal::Cooling(until)), wait: Duration::ZERO })
    };
    assert_eq!(scene.look(ends(60_000, &scene), &[0]), [0]);
    assert_eq!(scene.look(ends(61_900, &scene), &[0]), [0; 0]);
    assert_eq!(scene.look(ends(65_000, &scene), &[0]), [0]);
    assert_eq!(scene.deep().for_all.until, Some(WALL + 65_000));
}

#[test]
fn what_lasts_is_told_again_before_it_is_forgotten() {
    let mut scene = Scene::new();
    scene.look(waits(9_000), &[0]);
    let mut told = 0;
    for _ in 0..(2 * LASTS_MS / 1_000) {
        scene.after(Duration::from_secs(1));
        told += scene.look(waits(9_000), &[0]).len();
    }
    assert_eq!(told, 4);
}

#[test]
fn noise_of_waiting_times_writes_nothing() {
    let mut scene = Scene::new();
    scene.look(usual(), &[0]);
    let mut told = 0;
    for ms in [900, 999, 0, 400].repeat(10) {
        told += scene.look(waits(ms), &[0]).len();
    }
    assert_eq!(told, 0, "below a second");
    for ms in [4_100, 3_900, 4_050, 2_500, 7_900, 2_100].repeat(10) {
        told += scene.look(waits(ms), &[0]).len();
    }
    assert_eq!((told, scene.deep().for_all.waiting_ms), (1, 4_000));
    assert_eq!(scene.look(waits(1_900), &[0]), [0]);
    assert_eq!(scene.deep().for_all.waiting_ms, 1_000);
    assert_eq!(scene.look(waits(499), &[0]), [0]);
    assert!(scene.watch.targets().is_empty());
    scene.look(waits(u64::from(u32::MAX) * 2), &[0]);
    assert_eq!(scene.deep().for_all.waiting_ms, LONGEST_WAIT);
}

#[test]
fn what_one_app_meets_stands_under_its_name() {
    let mut scene = Scene::new();
    let until = scene.began + Duration::from_secs(30);
    let open = Prospect { refusal: Some(Refusal::Open(until)), wait: Duration::ZERO };
    let tenants = BTreeMap::from([(Arc::from("acme#shop"), open), (Arc::from("not an app"), open)]);
    scene.look(Outlook { for_all: Prospect::default(), tenants }, &[0]);
    let told = scene.deep();
    assert!(told.for_all.is_usual());
    assert_eq!(told.apps.keys().collect::<Vec<_>>(), [&app("acme#shop")]);
    assert_eq!(told.apps[&app("acme#shop")].state, Standing::Open);
}

#[test]
fn of_very_many_apps_the_worst_are_told() {
    let mut scene = Scene::new();
    let until = scene.began + Duration::from_secs(30);
    let waiting = |n: u64| {
        let prospect = Prospect { refusal: None, wait: Duration::from_secs(n) };
        (Arc::from(format!("acme#app{n}")), prospect)
    };
    let mut tenants: BTreeMap<Arc<str>, Prospect> = (1..100).map(waiting).collect();
    let open = Prospect { refusal: Some(Refusal::Open(until)), wait: Duration::ZERO };
    tenants.insert(Arc::from("acme#open"), open);
    scene.look(Outlook { for_all: Prospect::default(), tenants }, &[0]);
    let told = scene.deep().apps;
    assert_eq!(told.len(), MOST_APPS);
    assert!(told.contains_key(&app("acme#open")) && told.contains_key(&app("acme#app64")));
    assert!(!told.contains_key(&app("acme#app1")) && !told.contains_key(&app("acme#app63")));
}

#[test]
fn a_partition_that_could_not_be_told_is_told_later() {
    let mut scene = Scene::new();
    let now = scene.now();
    let owned = BTreeSet::from([0, 1]);
    assert_eq!(scene.watch.look(now, BTreeMap::new(), &owned), [0, 1]);
    scene.watch.told(1, now.wall);
    assert_eq!(scene.watch.look(now, BTreeMap::new(), &owned), [0]);
}
