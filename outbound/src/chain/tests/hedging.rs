//! Second attempts beside one whose first token is late.

use super::*;

const AFTER: Duration = Duration::from_secs(3);

/// What an attempt at a target does.
#[derive(Debug, Clone, Copy)]
struct Act {
    /// When its first token comes.
    begins: Option<u64>,
    /// When it ends.
    ends: u64,
    class: Option<Class>,
}

/// Answers after so many seconds, and begins to when it ends.
const fn answers(ends: u64) -> Act {
    Act { begins: None, ends, class: None }
}

const fn fails(ends: u64, class: Class) -> Act {
    Act { begins: None, ends, class: Some(class) }
}

/// A chain that hedges.
fn hedging(names: &[&str], change: impl FnOnce(&mut Rules)) -> Chain {
    let mut chain = chain(names);
    chain.rules.hedge_after = Some(AFTER);
    change(&mut chain.rules);
    chain
}

/// What came of a run whose targets act like this each time, and how long it took. Attempts end when they are cut, as a
/// provider's do.
async fn play(chain: &Chain, acts: &[Act], time: Duration) -> (Ran<usize>, Duration) {
    let began = Instant::now();
    let attempt = |slot: Slot, signals: Signals| {
        let act = acts[slot.target];
        async move {
            let ends = Instant::now() + secs(act.ends);
            if let Some(begins) = act.begins {
                sleep(secs(begins)).await;
                signals.begun();
            }
            tokio::select! {
                () = signals.cut() => Err(Failure::new(Class::Cancelled, "told").possibly_done()),
                () = tokio::time::sleep_until(ends) => match act.class {
                    Some(class) => Err(Failure::new(class, "planned")),
                    None => Ok(slot.target),
                },
            }
        }
    };
    let ran = chain.run_resting(&lane(0), began + time, || (), attempt).await;
    (ran, began.elapsed())
}

/// Target, seconds of its start and its end, and class of every attempt.
fn told(ran: &Ran<usize>) -> Vec<(usize, u64, u64, &'static str)> {
    let told = |it: &Attempt| {
        let (start, class) = (it.started.as_secs(), it.failure.as_ref().map_or("ok", Failure::label));
        (it.target, start, (it.started + it.took).as_secs(), class)
    };
    ran.attempts.iter().map(told).collect()
}

fn load(chain: &Chain, target: usize) -> u32 {
    chain.links[target].keys[0].load().running
}

#[tokio::test(start_paused = true)]
async fn the_second_wins_and_the_first_is_cut() {
    let two = hedging(&["one", "two"], |_| {});
    let (ran, took) = play(&two, &[answers(9), answers(2)], secs(60)).await;
    assert_eq!((ran.result.as_ref().ok(), took), (Some(&1), secs(5)));
    assert_eq!(told(&ran), [(0, 0, 5, "cancelled"), (1, 3, 5, "ok")], "who answered comes last");
    assert_eq!(ran.attempts[0].failure.as_ref().unwrap().detail, "told", "it says itself how it ended");
    assert_eq!(ran.attempts.iter().map(|it| it.number).collect::<Vec<_>>(), [0, 1]);
    assert_eq!([load(&two, 0), load(&two, 1)], [0, 0], "both have left their pace");
    assert_eq!(two.links.iter().map(|link| link.target.successes()).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn the_first_wins_and_the_second_is_cut() {
    let two = hedging(&["one", "two"], |_| {});
    let (ran, took) = play(&two, &[answers(4), answers(9)], secs(60)).await;
    assert_eq!((ran.result.as_ref().ok(), took), (Some(&0), secs(4)));
    assert_eq!(told(&ran), [(1, 3, 4, "cancelled"), (0, 0, 4, "ok")]);
    assert_eq!(ran.attempts.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 0]);
    assert_eq!([load(&two, 0), load(&two, 1)], [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_first_token_in_time_is_enough() {
    let two = hedging(&["one", "two"], |_| {});
    let slow = Act { begins: Some(2), ..answers(9) };
    let (ran, took) = play(&two, &[slow, answers(1)], secs(60)).await;
    assert_eq!((told(&ran), took), (vec![(0, 0, 9, "ok")], secs(9)));
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_leaves_the_answer_to_the_other() {
    for (acts, expected) in [
        ([fails(4, Class::ServerError), answers(6)], [(0, 0, 4, "server_error"), (1, 3, 9, "ok")]),
        ([answers(8), fails(1, Class::ServerError)], [(1, 3, 4, "server_error"), (0, 0, 8, "ok")]),
    ] {
        let two = hedging(&["one", "two"], |_| {});
        let (ran, _) = play(&two, &acts, secs(60)).await;
        assert_eq!(told(&ran), expected);
        assert!(ran.result.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn when_both_fail_the_chain_goes_on_without_a_further_second() {
    let three = hedging(&["one", "two", "three"], |_| {});
    let acts = [fails(4, Class::ServerError), fails(2, Class::ServerError), answers(9)];
    let (ran, _) = play(&three, &acts, secs(60)).await;
    let expected = [(0, 0, 4, "server_error"), (1, 3, 5, "server_error"), (2, 5, 14, "ok")];
    assert_eq!(told(&ran), expected);
    let two = hedging(&["one", "two"], |_| {});
    let (ran, _) = play(&two, &[fails(4, Class::Auth), fails(2, Class::Auth)], secs(60)).await;
    let ending = ran.result.unwrap_err();
    assert_eq!(ending.stop, Stop::Exhausted);
    assert_eq!(ending.last.unwrap().class, Class::Auth);
}

#[tokio::test(start_paused = true)]
async fn both_end_at_the_deadline_and_none_starts_too_late() {
    let two = hedging(&["one", "two"], |_| {});
    let (ran, took) = play(&two, &[answers(30), answers(30)], secs(6)).await;
    assert_eq!((ran.result.unwrap_err().stop, took), (Stop::Deadline, secs(6)));
    let ran = Ran { attempts: ran.attempts, result: Ok(0) };
    assert_eq!(told(&ran), [(0, 0, 6, "timeout"), (1, 3, 6, "timeout")]);
    // Half a second is less than what is useful.
    let (ran, _) = play(&two, &[answers(30), answers(30)], Duration::from_millis(3_500)).await;
    assert_eq!(ran.attempts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_takes_from_the_retry_budget_of_the_late_target_and_none_starts_without() {
    let two = hedging(&["one", "two"], |_| {});
    for _ in 0..10 {
        assert!(two.links[0].target.hedge(Instant::now(), &lane(0)), "what a new budget starts with");
    }
    // By the end of its wait there is one more, at ten a second, unless others take them.
    let drain = async {
        sleep(Duration::from_millis(2_999)).await;
        while two.links[0].target.hedge(Instant::now(), &lane(0)) {}
    };
    let acts = [answers(9), answers(2)];
    let ((ran, _), ()) = tokio::join!(play(&two, &acts, secs(60)), drain);
    assert_eq!(told(&ran), [(0, 0, 9, "ok")]);
    let (ran, _) = play(&two, &acts, secs(60)).await;
    assert_eq!(ran.attempts.len(), 2, "the budget has filled again");
}

#[tokio::test(start_paused = true)]
async fn a_single_target_has_no_second_and_neither_has_one_whose_others_are_away() {
    let one = hedging(&["one"], |_| {});
    let (ran, _) = play(&one, &[answers(9)], secs(60)).await;
    assert_eq!(told(&ran), [(0, 0, 9, "ok")]);
    let two = hedging(&["one", "two"], |_| {});
    let limited = |slot: Slot| {
        let failure = Failure::new(Class::RateLimited, "").with_retry_after(Some(secs(30)));
        ready(if slot.target == 1 { Err(failure) } else { Ok(()) })
    };
    let second = Chain::new(two.rules, vec![two.links[1].clone()]);
    let ran =
        second.run(&lane(1), Instant::now() + secs(2), |slot| limited(Slot { target: 1, ..slot })).await;
    ran.result.unwrap_err();
    let (ran, _) = play(&two, &[answers(9), answers(1)], secs(60)).await;
    assert_eq!(told(&ran), [(0, 0, 9, "ok")], "a target that is not free is not waited for");
}

#[tokio::test(start_paused = true)]
async fn a_block_ends_both_unless_another_may_be_asked_and_nothing_is_hedged_behind_one() {
    let acts = [fails(4, Class::ContentBlocked), answers(6)];
    let two = hedging(&["one", "two"], |_| {});
    let (ran, took) = play(&two, &acts, secs(60)).await;
    let ending = ran.result.as_ref().unwrap_err();
    assert_eq!((ending.stop, ending.last.as_ref().unwrap().class), (Stop::Terminal, Class::ContentBlocked));
    assert_eq!((told(&ran), took), (vec![(0, 0, 4, "content_blocked"), (1, 3, 4, "cancelled")], secs(4)));
    let two = hedging(&["one", "two"], |rules| rules.fallback_after_block = true);
    assert_eq!(play(&two, &acts, secs(60)).await.0.result, Ok(1));
    let three = hedging(&["one", "two", "three"], |rules| rules.fallback_after_block = true);
    let acts = [fails(1, Class::ContentBlocked), answers(9), answers(1)];
    let (ran, _) = play(&three, &acts, secs(60)).await;
    assert_eq!(told(&ran), [(0, 0, 1, "content_blocked"), (1, 1, 10, "ok")]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_hedged_where_it_is_off_or_would_break_another_rule() {
    let acts = [answers(9), answers(1)];
    let rules: [fn(&mut Rules); 3] = [
        |rules| rules.hedge_after = None,
        |rules| rules.repeat_ambiguous = false,
        |rules| rules.max_attempts = Some(1),
    ];
    for change in rules {
        let (ran, _) = play(&hedging(&["one", "two"], change), &acts, secs(60)).await;
        assert_eq!(told(&ran), [(0, 0, 9, "ok")]);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_hear_is_dropped_and_holds_nobody_up() {
    let two = hedging(&["one", "two"], |_| {});
    let attempt = |slot: Slot, _| async move { if slot.target == 0 { pending().await } else { Ok(()) } };
    let began = Instant::now();
    let ran = two.run_resting(&lane(0), began + secs(60), || (), attempt).await;
    assert_eq!((ran.result, began.elapsed()), (Ok(()), AFTER));
    let failure = ran.attempts[0].failure.as_ref().unwrap();
    assert_eq!((failure.class, failure.detail.as_str(), failure.ambiguous), (Class::Cancelled, OUTRUN, true));
    assert_eq!(load(&two, 0), 0);
    assert!(is_free(&two), "its breaker learnt nothing");
}
