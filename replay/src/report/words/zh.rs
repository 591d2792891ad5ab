//! Chinese, simplified.

use super::Words;
use crate::gate::Ruling;
use crate::gate::judge::Because;
use crate::results::DriftCause;
use crate::summary::metric::Metric;

pub(super) const WORDS: Words = Words {
    title: "重放 {name}",
    against: "与 {name} 相比",
    baseline: "基线",
    candidate: "候选",
    in_short: "结论",
    figures: "指标",
    metric: "指标",
    change: "变化",
    interval: "95% 区间",
    least_effect: "最小可见差异",
    chance: "偶然概率",
    loop_of: "闭环/开环",
    turns: "轮次",
    conversations: "会话",
    closed: "闭环",
    open: "开环",
    mixed: "闭环 {closed},开环 {open}",
    gate: "门禁",
    condition: "不通过的条件",
    result: "结果",
    reason: "原因",
    value: "测得",
    needs: "所需会话数",
    incomplete: "完整的轮次不足 {least},因此不能判为通过。",
    changes_plot: "候选相对基线的变化",
    changes_help: "竖线左侧表示比基线少。横条是 95% 区间,横条跨过竖线时,看不出差异。",
    cost_plot: "每千轮费用",
    cost_help: "按回答的难度和候选一方作答的目标分类,包含所有尝试。",
    latency_plot: "完整回答用时",
    latency_help: "各用时区间内的轮次数。最后一列还包括更长的。",
    latency_unit: "毫秒",
    verdict_plot: "改变的判定",
    route_plot: "改变的路由",
    target_plot: "改变的目标",
    changed_help: "从一种变为另一种的轮次;{all} 轮中 {same} 轮没有变化。",
    nothing_changed: "{all} 轮都没有变化。",
    wins_plot: "胜率",
    wins_help: "裁判不知道哪个答案来自哪一方。胜率是裁判更喜欢候选的比例,平局算一半。竖线右侧表示候选更好。",
    class: "难度",
    tier: "用户等级",
    target: "目标",
    all: "全部",
    worst: "最差的会话",
    worst_help: "候选损失最大的会话:裁判打分低,或者基线有回答而候选没有回答、被拦截、拒绝回答。个人信息已遮盖。",
    worst_none: "没有候选变差的会话。",
    conversation: "会话 {name}",
    question: "问题",
    no_answer: "没有回答",
    judged_baseline: "基线更好",
    judged_tie: "平局",
    judged_candidate: "候选更好",
    not_judged: "未裁判",
    verdict: "判定",
    quality: "依据",
    coverage: "比较了 {conversations} 个会话的 {compared} 轮。",
    complete: "{of} 轮中 {count} 轮完整。",
    unfinished: "重放尚未结束。",
    cold: "{conversations} 个会话的 {turns} 轮为冷启动(状态已不存在),不参与比较。",
    remade: "问法相同的请求(提示词、链、参数):{rate}({of} 个中 {count} 个)。",
    same_decisions: "逐字节相同的决定:{rate}({of} 个中 {count} 个)。",
    drifted: "本应相同却不同的决定:{causes}。",
    no_drift: "本应相同的决定都相同。",
    judge_asked: "裁判评了 {asked} 轮,每轮都以两种顺序各评一次。",
    judge_consistent: "其中 {rate} 两次结论一致,其余按平局计。",
    judge_first: "裁判有偏好时,选中排在前面的答案占 {rate}({low} 至 {high});没有位置偏差时为 50%。",
    judge_agrees: "与人工意见一致:{turns} 轮中的 {rate}({low} 至 {high})。",
    judge_kappa: "Cohen's kappa 为 {kappa}({low} 至 {high}):0 为随机,1 为完全一致。",
    reading: "怎样阅读",
    how_to_read: &[
        "闭环:会话中此前的回答都是当时记录的回答,用户的话确实是对它说的。开环:此前有回答来自候选,用户没有见过它,接下来的话是对另一个回答说的。闭环的数字更可靠。",
        "95% 区间:同样规模的重放做 100 次,约有 95 次区间包含真实值。抽样以整个会话为单位,因为同一会话的各轮彼此相似。",
        "最小可见差异:这种规模的重放五次中有四次能看出的最小差异。更小的差异可能存在而没有看出来。",
        "偶然概率:两方其实一样好时,出现这样大的差异的概率,已按指标个数校正(Holm)。低于 5% 时认为差异成立。",
        "费用按每千轮计算,包含每轮的所有尝试。不同货币从不相加。pp 表示百分点。",
    ],
    table: "以表格查看",
    less: "{metric}:比基线少 {value}",
    more: "{metric}:比基线多 {value}",
    shown: "({low} 至 {high}),差异成立。",
    not_shown: "({low} 至 {high}),看不出差异;{least} 的差异本可看出。",
    uncertain: ",会话太少,不能下结论。",
    wins: "{value} 的轮次中候选的回答更好(平局算一半)",
    wins_shown: ",区间 {low} 至 {high}:{side}更好。",
    wins_not_shown: ",区间 {low} 至 {high}:看不出差异;{least} 的差异本可看出。",
    wins_uncertain: ",会话太少,不能下结论。",
    hits: "{metric}:{turns} 轮中 {hits} 轮。",
    rates: "{metric}:由 {baseline} 变为 {candidate}",
    footing: "{closed} 轮为闭环,{open} 轮为开环。",
    models: "模型",
    sample: "抽样",
    dataset: "数据集",
    manifest: "清单",
    quantile: "分位",
    from: "原来",
    to: "现在",
    count: "轮次",
};

pub(super) fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Cost => "每千轮费用",
        Metric::Tokens => "每轮词元数",
        Metric::Latency => "回答用时(均值)",
        Metric::P95 => "回答用时(p95)",
        Metric::FirstToken => "首词元用时(均值)",
        Metric::FirstTokenP95 => "首词元用时(p95)",
        Metric::Length => "每个回答字数",
        Metric::WinRate => "胜率",
        Metric::Similarity => "回答相似度",
        Metric::Exact => "回答完全相同",
        Metric::Normalised => "回答相同(不计形式)",
        Metric::VerdictChanged => "判定改变",
        Metric::RouteChanged => "路由改变",
        Metric::TargetChanged => "目标改变",
        Metric::LanguageChanged => "语言改变",
        Metric::Drift => "漂移",
        Metric::Refusals => "拒绝回答",
        Metric::Stopped => "被过滤器拦截",
        Metric::Errors => "没有回答",
    }
}

pub(super) fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Pass => "通过",
        Ruling::Fail => "不通过",
        Ruling::CannotTell => "无法判断",
    }
}

pub(super) fn because(because: Because) -> &'static str {
    match because {
        Because::Certain => "整个区间都在界限的这一侧",
        Because::Counted => "在重放的轮次中数得",
        Because::TooFew => "会话太少",
        Because::TooClose => "离界限太近",
        Because::NotMeasured => "没有测量",
        Because::Incomplete => "缺失太多",
    }
}

pub(super) fn drift(cause: DriftCause) -> &'static str {
    match cause {
        DriftCause::Bundle => "配置包不同",
        DriftCause::Code => "代码版本不同",
        DriftCause::ColdState => "冷启动",
        DriftCause::Unexplained => "原因不明",
    }
}
