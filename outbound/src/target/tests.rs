use std::time::Duration;

use super::*;
use crate::{
    class::Class,
    config::HealthConfig,
    limiter::{Limits, Pauses},
    metrics::PaceNames,
};

fn target() -> Arc<Target> {
    Target::new("one", &HealthConfig::default().validate("health").unwrap(), Vec::new())
}

fn lane(lane: u64) -> Origin {
    Origin { tenant: "app".into(), lane, weight: crate::Weight::MIN }
}

fn permit(target: &Arc<Target>, number: u64) -> Permit {
    target.admit(Instant::now(), Kind::default(), &lane(number)).unwrap()
}

fn fail(target: &Arc<Target>, number: u64, class: Class) {
    permit(target, number).finish(Instant::now(), Err(&Failure::new(class, "")));
}

fn availability(target: &Target) -> Availability {
    target.view(Instant::now(), &lane(1), 0).availability
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_frees_its_place() {
    let target = target();
    (0..5).for_each(|number| fail(&target, number, Class::ServerError));
    assert!(matches!(availability(&target), Availability::Open { .. }));
    assert!(target.admit(Instant::now(), Kind::default(), &lane(1)).is_none());
    tokio::time::advance(Duration::from_secs(15)).await;
    let probe = target.admit(Instant::now(), Kind::default(), &lane(1)).unwrap();
    assert!(matches!(availability(&target), Availability::Probing { .. }));
    drop(probe);
    assert!(matches!(availability(&target), Availability::Free(_)));
}

#[tokio::test(start_paused = true)]
async fn neither_rate_limits_nor_unfair_timeouts_open_the_breaker() {
    let target = target();
    (0..20).for_each(|number| {
        permit(&target, number).finish_hurried(Instant::now(), &Failure::new(Class::Timeout, ""))
    });
    (0..20).for_each(|number| fail(&target, number, Class::RateLimited));
    assert!(matches!(availability(&target), Availability::Free(_)));
}

#[tokio::test(start_paused = true)]
async fn those_without_another_target_wait_for_one_probe_at_a_time_and_go_on_once_it_succeeds() {
    let target = target();
    (0..5).for_each(|number| fail(&target, number, Class::ServerError));
    let begun = Instant::now();
    let down_until = begun + Duration::from_secs(600);
    let probes = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let waiting: Vec<_> = (0..200)
        .map(|number| {
            let (target, probes) = (Arc::clone(&target), Arc::clone(&probes));
            tokio::spawn(async move {
                loop {
                    let latest = begun + Duration::from_secs(3_600);
                    let permit = target.admitted(Kind::default(), &lane(number), latest).await.unwrap();
                    let down = Instant::now() < down_until;
                    if !permit.is_probe() {
                        assert!(!down);
                        return permit.finish(Instant::now(), Ok(()));
                    }
                    probes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    let failure = Failure::new(Class::ServerError, "");
                    permit.finish(Instant::now(), if down { Err(&failure) } else { Ok(()) });
                    if !down {
                        return;
                    }
                }
            })
        })
        .collect();
    for waited in waiting {
        waited.await.unwrap();
    }
    let late = Instant::now() - down_until;
    assert!(late < Duration::from_secs(3), "back after {late:?}");
    let probes = probes.load(std::sync::atomic::Ordering::Relaxed);
    assert!((280..=300).contains(&probes), "{probes} probes within ten minutes");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_permit_beyond_his_time() {
    let target = target();
    (0..5).for_each(|number| fail(&target, number, Class::ServerError));
    let begun = Instant::now();
    let probe = begun + Duration::from_secs(2);
    tokio::time::advance(Duration::from_secs(2)).await;
    let held = target.admitted(Kind::default(), &lane(1), probe).await.unwrap();
    let latest = probe + Duration::from_secs(1);
    assert!(target.admitted(Kind::default(), &lane(2), latest).await.is_none());
    assert_eq!(Instant::now(), latest);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_sends_those_away_who_wait_for_the_pace() {
    let names = PaceNames { target: "one".into(), key: 1, limit: "requests" };
    let settings = HealthConfig::default().validate("health").unwrap();
    let pauses: Pauses = settings.pauses();
    let pace = Pace::new(names, Limits { per_second: Some(1.0), ..Limits::default() }, pauses);
    let target = Target::new("one", &settings, vec![Arc::clone(&pace)]);
    let key: Arc<str> = "app".into();
    let claim = crate::pace::Claim {
        key: &key,
        again: false,
        latest: Instant::now() + Duration::from_secs(60),
        tokens: Default::default(),
        weight: crate::Weight::MIN,
    };
    drop(pace.turn(claim).await.unwrap());
    let permit = target.admit(Instant::now(), Kind::default(), &lane(9)).unwrap();
    let waiting = pace.turn(claim);
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(Duration::from_millis(1), &mut waiting).await.is_err());
    (0..5).for_each(|number| fail(&target, number, Class::ServerError));
    assert!(waiting.await.is_err());
    assert!(!permit.holds());
}

#[tokio::test(start_paused = true)]
async fn an_outlook_tells_apart_what_one_tenant_brought_about() {
    use crate::Refusal;
    let target = target();
    assert_eq!(target.outlook(Instant::now()), Outlook::default());
    let other = Origin { tenant: "other".into(), lane: 1, weight: crate::Weight::MIN };
    target.admit(Instant::now(), Kind::default(), &other).unwrap().finish(Instant::now(), Ok(()));
    (0..5).for_each(|number| fail(&target, number, Class::ServerError));
    let seen = target.outlook(Instant::now());
    assert_eq!(seen.for_all, Prospect::default(), "one tenant's failures are its own");
    assert_eq!(seen.tenants.keys().map(|tenant| &**tenant).collect::<Vec<_>>(), ["app"]);
    assert!(matches!(seen.tenants["app"].refusal, Some(Refusal::Open(_))));
    // Half open it lets a probe through, so that nobody has to stay away.
    tokio::time::advance(Duration::from_secs(15)).await;
    assert_eq!(target.outlook(Instant::now()), Outlook::default());
}

#[tokio::test(start_paused = true)]
async fn an_outlook_tells_how_long_a_newcomer_waits_and_who_waits_longer() {
    use crate::{Claim, Tokens};
    let settings = HealthConfig::default().validate("health").unwrap();
    let limits = Limits { per_second: Some(0.5), ..Limits::default() };
    let names = PaceNames { target: "one".into(), key: 1, limit: "requests" };
    let pace = Pace::new(names, limits, settings.pauses());
    let target = Target::new("one", &settings, vec![Arc::clone(&pace)]);
    let latest = Instant::now() + Duration::from_secs(600);
    for _ in 0..6 {
        let pace = Arc::clone(&pace);
        tokio::spawn(async move {
            let key: Arc<str> = "app".into();
            let claim = Claim {
                key: &key,
                again: false,
                latest,
                tokens: Tokens::default(),
                weight: crate::Weight::MIN,
            };
            drop(pace.turn(claim).await);
        });
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    let seen = target.outlook(Instant::now());
    assert!(seen.for_all.wait > Duration::ZERO && seen.for_all.wait < Duration::from_secs(5), "{seen:?}");
    assert!(seen.tenants["app"].wait > seen.for_all.wait, "{seen:?}");
    assert_eq!((seen.for_all.refusal, seen.tenants.len()), (None, 1));
}
