//! English.

use super::Words;
use crate::gate::Ruling;
use crate::gate::judge::Because;
use crate::results::DriftCause;
use crate::summary::metric::Metric;

pub(super) const WORDS: Words = Words {
    title: "Replay {name}",
    against: "Against {name}",
    baseline: "Baseline",
    candidate: "Candidate",
    in_short: "In short",
    figures: "Figures",
    metric: "What",
    change: "Change",
    interval: "95 % interval",
    least_effect: "Least effect",
    chance: "Chance",
    loop_of: "Loop",
    turns: "Turns",
    conversations: "Conversations",
    closed: "closed loop",
    open: "open loop",
    mixed: "{closed} closed, {open} open loop",
    gate: "Gate",
    condition: "Fails if",
    result: "Result",
    reason: "Why",
    value: "Measured",
    needs: "Conversations needed",
    incomplete: "Less than {least} of the turns are complete, so this cannot pass.",
    changes_plot: "Change from baseline to candidate",
    changes_help: "Left of the line: less than the baseline. The bar is the 95 % interval; where it crosses the line, no difference is shown.",
    cost_plot: "Cost of 1,000 turns",
    cost_help: "By how much work the answer takes, and by the target that answered for the candidate. All attempts count.",
    latency_plot: "Time to the whole answer",
    latency_help: "How many turns took how long. The last column has everything beyond as well.",
    latency_unit: "milliseconds",
    verdict_plot: "Changed verdicts",
    route_plot: "Changed routes",
    target_plot: "Changed targets",
    changed_help: "Turns that went from one to the other; {same} of {all} stayed as they were.",
    nothing_changed: "Nothing changed in {all} turns.",
    wins_plot: "Win rate",
    wins_help: "How often the judge, who does not know which is which, prefers the candidate; a tie counts half. Right of the line: the candidate is better.",
    class: "class",
    tier: "tier",
    target: "target",
    all: "all",
    worst: "The worst conversations",
    worst_help: "Those in which the candidate lost most: by the judge's score, by answers that are missing, stopped, or refuse where the baseline's do not. Personal data is masked.",
    worst_none: "The candidate lost in no conversation.",
    conversation: "Conversation {name}",
    question: "Question",
    no_answer: "no answer",
    judged_baseline: "baseline better",
    judged_tie: "tie",
    judged_candidate: "candidate better",
    not_judged: "not judged",
    verdict: "verdict",
    quality: "What it rests upon",
    coverage: "Compared: turns {compared}, conversations {conversations}.",
    complete: "{count} of {of} turns are complete.",
    unfinished: "The replay has not come to its end.",
    cold: "Started cold, since their state was gone, and not compared: turns {turns}, conversations {conversations}.",
    remade: "Requests that ask the same (prompt, chain, parameters): {rate} ({count} of {of}).",
    same_decisions: "Decisions that are the same byte by byte: {rate} ({count} of {of}).",
    drifted: "Decisions that should be the same and are not: {causes}.",
    no_drift: "No decision differs that should be the same.",
    judge_asked: "The judge was asked about {asked} turns, each in both orders.",
    judge_consistent: "It said the same in both orders of {rate} of them; the others count as ties.",
    judge_first: "Where it prefers an answer, it is the first one in {rate} ({low} to {high}); without bias it is 50 %.",
    judge_agrees: "It agrees with people in {rate} of {turns} turns ({low} to {high}).",
    judge_kappa: "Cohen's kappa is {kappa} ({low} to {high}): 0 is chance, 1 is always.",
    reading: "How to read this",
    how_to_read: &[
        "Closed loop: every earlier answer of the conversation is the recorded one, so the person really replied to it. Open loop: an earlier answer is the candidate's, which the person never saw; what they say next replies to another one. Closed-loop figures are the firmer ones.",
        "95 % interval: in 95 of 100 replays of such size the interval holds the true value. Whole conversations are drawn, since turns of one conversation resemble one another.",
        "Least effect: the smallest difference that a replay of this size would have shown four times of five. What is smaller may be there unseen.",
        "Chance: how likely such a difference is if neither side is better, corrected for the number of figures (Holm). Below 5 % a difference is taken as shown.",
        "Cost is that of 1,000 turns, each with all of its attempts. Currencies are never added up. pp are percentage points.",
    ],
    table: "As a table",
    less: "{metric}: {value} less than the baseline",
    more: "{metric}: {value} more than the baseline",
    shown: " ({low} to {high}): a difference is shown.",
    not_shown: " ({low} to {high}): no difference is shown; one of {least} would have been seen.",
    uncertain: "; too few conversations to say more.",
    wins: "The candidate's answer is preferred in {value} of the turns, ties half",
    wins_shown: " ({low} to {high}): {side} is better.",
    wins_not_shown: " ({low} to {high}): no difference is shown; one of {least} would have been seen.",
    wins_uncertain: "; too few conversations to say more.",
    hits: "{metric}: {hits} of {turns} turns.",
    rates: "{metric}: {baseline} before, {candidate} after",
    footing: "{closed} turns are closed loop, {open} open loop.",
    models: "Models",
    sample: "Sample",
    dataset: "Data set",
    manifest: "Manifest",
    quantile: "Quantile",
    from: "From",
    to: "To",
    count: "Turns",
};

pub(super) fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Cost => "Cost per 1,000 turns",
        Metric::Tokens => "Tokens per turn",
        Metric::Latency => "Time to answer, mean",
        Metric::P95 => "Time to answer, p95",
        Metric::FirstToken => "First token, mean",
        Metric::FirstTokenP95 => "First token, p95",
        Metric::Length => "Characters per answer",
        Metric::WinRate => "Win rate",
        Metric::Similarity => "Similarity of answers",
        Metric::Exact => "Same answer",
        Metric::Normalised => "Same answer, form aside",
        Metric::VerdictChanged => "Another verdict",
        Metric::RouteChanged => "Another route",
        Metric::TargetChanged => "Another target",
        Metric::LanguageChanged => "Another language",
        Metric::Drift => "Drift",
        Metric::Refusals => "Refusals",
        Metric::Stopped => "Stopped by a filter",
        Metric::Errors => "Without an answer",
    }
}

pub(super) fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Pass => "pass",
        Ruling::Fail => "fail",
        Ruling::CannotTell => "cannot tell",
    }
}

pub(super) fn because(because: Because) -> &'static str {
    match because {
        Because::Certain => "the whole interval is on this side of the limit",
        Because::Counted => "counted in the turns replayed",
        Because::TooFew => "too few conversations",
        Because::TooClose => "too close to the limit",
        Because::NotMeasured => "not measured",
        Because::Incomplete => "too much is missing",
    }
}

pub(super) fn drift(cause: DriftCause) -> &'static str {
    match cause {
        DriftCause::Bundle => "another bundle",
        DriftCause::Code => "another version of the code",
        DriftCause::ColdState => "cold state",
        DriftCause::Unexplained => "unexplained",
    }
}
