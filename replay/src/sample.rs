//! Results that look like those of a replay, for tests: equal seeds give equal ones.

use common::Action;
use common::random::SplitMix64;
use schemas::money::Money;

use crate::results::{
    Arm, End, FORMAT, Footing, Head, Judged, Models, Opinion, Preference, Results, Side, Source, Strength,
    Tokens, TurnResult,
};

const ASKED: [(&str, &str, &str); 6] = [
    ("怎么退款?", "退款三个工作日内到账,请在订单页点击「申请退款」。", "请在订单页申请退款,三天内到账。"),
    (
        "我的手机号是 138****0000,帮我查快递",
        "您的快递已到达上海转运中心,预计明天送达。",
        "快递在上海,明天到。",
    ),
    ("Where is my parcel?", "Your parcel is in Shanghai and arrives tomorrow.", "It arrives tomorrow."),
    ("发票能开专票吗?", "可以开增值税专用发票,请提供公司名称和税号。", "抱歉,我无法提供开票服务。"),
    ("会员怎么续费?", "打开「我的」-「会员中心」,选择续费即可。", "打开「我的」,进会员中心续费。"),
    ("营业时间?", "每天 9:00 到 21:00。", "每天 9:00 到 21:00。"),
];

/// Results of so many conversations.
pub(crate) fn results(conversations: usize, seed: u64) -> Results {
    let mut source = SplitMix64::new(seed);
    let mut turns = Vec::new();
    for conversation in 0..conversations {
        let length = 1 + source.below(6) as usize;
        let cold = conversation % 17 == 16;
        for place in 0..length {
            turns.push(turn(&mut source, conversation, place, cold));
        }
    }
    let arm = |name: &str, bundle: &str| Arm { name: name.into(), bundle: Some(bundle.into()) };
    let end = End { turns: turns.len() as u64, stopped: None };
    let head = Head {
        format: FORMAT,
        name: "cheaper".into(),
        manifest: format!("manifest-{seed}"),
        baseline: arm("production", "b1"),
        candidate: arm("cheaper.toml", "c1"),
        models: Models::Live,
        fork_at: None,
        from: Some(1_760_000_000_000),
        to: Some(1_760_086_400_000),
        sample: Some("5%".into()),
        dataset: Some("slow.jsonl".into()),
    };
    Results { head, turns, end: Some(end) }
}

fn turn(source: &mut SplitMix64, conversation: usize, place: usize, cold_start: bool) -> TurnResult {
    let asked = ASKED[source.below(ASKED.len() as u64) as usize];
    let class = ["simple", "standard", "hard"][source.below(3) as usize];
    let tier = ["free", "gold"][conversation % 2];
    let blocked = source.one_in(40);
    let baseline = side(source, "large", asked.1, 1_000);
    let mut candidate = side(source, "small", asked.2, 550);
    if blocked {
        let stopped = Side { verdict: Some(Action::Block), rules: vec!["ads".into()], ..Side::default() };
        candidate = Side { decision: Some("00000000000000bb".into()), ..stopped };
    } else if source.one_in(50) {
        candidate.answer = None;
        candidate.error = Some("timeout".into());
    }
    let judged = candidate.answer.is_some().then(|| judged(source, asked.1 == asked.2));
    TurnResult {
        conversation: format!("org#shop/chat/helper/user{conversation}"),
        turn: format!("turn-{conversation}-{place}"),
        app: "org#shop".into(),
        class: Some(class.into()),
        tier: Some(tier.into()),
        question: Some(asked.0.into()),
        baseline,
        candidate,
        footing: if place == 0 { Footing::Closed } else { Footing::Open },
        cold_start,
        drift: None,
        judged,
    }
}

fn side(source: &mut SplitMix64, target: &str, answer: &str, price: u64) -> Side {
    let (input, output) = (200 + source.below(800), 40 + source.below(200));
    let latency = price + source.below(900) + if source.one_in(15) { 4_000 } else { 0 };
    Side {
        verdict: Some(Action::Pass),
        answer_verdict: Some(Action::Pass),
        rules: Vec::new(),
        decision: Some(format!("00000000000000{:02x}", price % 251)),
        request: Some(format!("r{price}")),
        route: Some("chain".into()),
        target: Some(target.into()),
        answer: Some(answer.into()),
        tokens: Some(Tokens { input, cached: 0, output }),
        cost: Some(Money { currency: "CNY".into(), pico: i128::from((input + 4 * output) * price) * 1_000 }),
        latency_ms: Some(latency),
        first_token_ms: Some(latency / 4),
        source: Some(if target == "large" { Source::Recorded } else { Source::Live }),
        error: None,
    }
}

fn judged(source: &mut SplitMix64, equal: bool) -> Judged {
    if equal {
        return Judged::equal();
    }
    let better = [Preference::Baseline, Preference::Tie, Preference::Candidate][source.below(3) as usize];
    let opinion = |better, by| Opinion { better, by, why: "shorter".into() };
    let by =
        if better == Preference::Tie { Strength::NONE } else { Strength::new(1 + source.below(3) as u8) };
    let second = if source.one_in(5) { Opinion::tie() } else { opinion(better, by) };
    Judged { baseline_first: opinion(better, by), candidate_first: second, equal: false, cost: Vec::new() }
}

/// The example that is checked in, as this module makes it. `UPDATE_EXAMPLES=1` writes it anew.
#[test]
fn the_example_that_is_checked_in_is_what_is_written_today() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/results.jsonl");
    let text = results(24, 7).to_lines().unwrap();
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
}
