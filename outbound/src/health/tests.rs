use super::*;
use crate::{class::Class, config::HealthConfig};

const FIRST: Kind = Kind { repeat: false, alone: false, key: 0 };
const REPEAT: Kind = Kind { repeat: true, alone: false, key: 0 };

fn memory() -> Memory {
    Memory::new(HealthConfig::default().validate("health").unwrap(), 1)
}

fn origin(tenant: &str, lane: u64) -> Origin {
    Origin { tenant: tenant.into(), lane, weight: crate::Weight::MIN }
}

/// One call; false when it was not let through.
fn call(memory: &mut Memory, now: Instant, origin: &Origin, class: Option<Class>) -> bool {
    let Some(pass) = memory.admit(now, origin, FIRST) else { return false };
    let failure = class.map(|class| Failure::new(class, ""));
    let health = match class {
        None => Health::Good,
        Some(class) if class.counts_for_breaker() => Health::Bad,
        Some(_) => Health::Neutral,
    };
    memory.finish(now, origin, &pass, Outcome { health, failure: failure.as_ref() });
    true
}

#[test]
fn what_one_tenant_meets_opens_nothing_for_another() {
    let now = Instant::now();
    let mut memory = memory();
    call(&mut memory, now, &origin("b", 1), None);
    for lane in 0..100 {
        call(&mut memory, now, &origin("a", lane), Some(Class::ServerError));
    }
    assert!(matches!(memory.standing(now, &origin("a", 1), 0).state, State::Open { .. }));
    assert_eq!(memory.standing(now, &origin("b", 1), 0).state, State::Closed);
    assert_eq!(memory.standing(now, &origin("c", 1), 0).state, State::Closed, "who never called before");
    assert!(matches!(memory.worst(now), State::Open { .. }), "and it is shown");
}

#[test]
fn an_outage_that_several_tenants_meet_opens_it_for_all() {
    let now = Instant::now();
    let mut memory = memory();
    for tenant in ["a", "b", "c"] {
        for lane in 0..2 {
            call(&mut memory, now, &origin(tenant, lane), Some(Class::ServerError));
        }
    }
    assert!(matches!(memory.standing(now, &origin("new", 1), 0).state, State::Open { .. }));
    let later = now + std::time::Duration::from_secs(15);
    assert!(call(&mut memory, later, &origin("b", 0), None), "the probe");
    for tenant in ["a", "b", "c", "new"] {
        assert_eq!(memory.standing(later, &origin(tenant, 1), 0).state, State::Closed, "{tenant}");
    }
}

#[test]
fn a_minority_of_failing_tenants_opens_it_for_themselves_only() {
    let now = Instant::now();
    let mut memory = memory();
    for tenant in ["a", "b", "c", "d"] {
        for lane in 0..20 {
            let class = ["a", "b"].contains(&tenant).then_some(Class::Timeout);
            call(&mut memory, now, &origin(tenant, lane), class);
            for served in ["c", "d"] {
                assert!(call(&mut memory, now, &origin(served, lane), None), "{served}");
            }
        }
    }
    for (tenant, open) in [("a", true), ("b", true), ("c", false), ("d", false)] {
        let is_open = matches!(memory.standing(now, &origin(tenant, 1), 0).state, State::Open { .. });
        assert_eq!(is_open, open, "{tenant}");
    }
}

#[test]
fn a_refused_key_is_believed_when_a_second_lane_meets_it_and_for_all_when_a_second_tenant_does() {
    let now = Instant::now();
    let mut memory = memory();
    for _ in 0..20 {
        call(&mut memory, now, &origin("a", 1), Some(Class::Auth));
    }
    assert_eq!(
        memory.standing(now, &origin("a", 2), 0).resting,
        None,
        "a gateway may refuse what one person says"
    );
    call(&mut memory, now, &origin("a", 2), Some(Class::Auth));
    assert!(memory.standing(now, &origin("a", 1), 0).resting.is_some());
    assert_eq!(memory.standing(now, &origin("b", 1), 0).resting, None);
    call(&mut memory, now, &origin("b", 1), Some(Class::Auth));
    assert!(memory.standing(now, &origin("c", 1), 0).resting.is_some());
}

#[test]
fn a_success_of_anybody_refutes_the_suspicion_against_a_key() {
    let now = Instant::now();
    let mut memory = memory();
    for _ in 0..20 {
        call(&mut memory, now, &origin("a", 1), Some(Class::Auth));
        call(&mut memory, now, &origin("b", 1), None);
        call(&mut memory, now, &origin("c", 1), Some(Class::Auth));
        call(&mut memory, now, &origin("b", 1), None);
    }
    assert_eq!(memory.standing(now, &origin("b", 1), 0).resting, None);
}

#[test]
fn a_tenant_uses_up_its_own_retries_only_and_none_while_few_fail() {
    let now = Instant::now();
    let mut memory = memory();
    let repeats = |memory: &mut Memory, tenant: &str| {
        let origin = origin(tenant, 1);
        (0..100).take_while(|_| memory.admit(now, &origin, REPEAT).is_some()).count()
    };
    assert_eq!(repeats(&mut memory, "a"), 100, "one lane fails");
    for tenant in ["a", "b"] {
        for lane in 0..100 {
            let class = (lane % 3 == 0).then_some(Class::ServerError);
            call(&mut memory, now, &origin(tenant, lane), class);
        }
    }
    assert_eq!(repeats(&mut memory, "a"), 10);
    assert_eq!(repeats(&mut memory, "a"), 0);
    assert_eq!(repeats(&mut memory, "b"), 10);
    assert!(memory.admit(now, &origin("a", 1), FIRST).is_some(), "first attempts are never refused");
}

#[test]
fn what_fails_again_and_again_while_nobody_else_calls_opens_nothing() {
    let now = Instant::now();
    let mut memory = memory();
    for lane in 0..4 {
        call(&mut memory, now, &origin("a", lane), Some(Class::ServerError));
    }
    for lane in (0..4).cycle().take(1_000) {
        let pass = memory.admit(now, &origin("a", lane), REPEAT).unwrap();
        let failure = Failure::new(Class::ServerError, "");
        memory.finish(
            now,
            &origin("a", lane),
            &pass,
            Outcome { health: Health::Bad, failure: Some(&failure) },
        );
    }
    assert_eq!(memory.standing(now, &origin("a", 1), 0).state, State::Closed);
}

#[test]
fn a_pass_holds_until_a_breaker_opens() {
    let now = Instant::now();
    let mut memory = memory();
    let (a, b) = (origin("a", 1), origin("b", 1));
    let pass_a = memory.admit(now, &a, FIRST).unwrap();
    let pass_b = memory.admit(now, &b, FIRST).unwrap();
    assert!(memory.holds(now, &a, &pass_a));
    for lane in 0..5 {
        call(&mut memory, now, &origin("a", lane), Some(Class::ServerError));
    }
    assert!(!memory.holds(now, &a, &pass_a) && memory.holds(now, &b, &pass_b));
    for lane in 0..5 {
        call(&mut memory, now, &origin("b", lane), Some(Class::ServerError));
    }
    assert!(!memory.holds(now, &b, &pass_b));
}
