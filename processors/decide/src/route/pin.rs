//! A session stays on the target that answered its first turn: prompts that begin alike are read from that provider's cache, and the bot
//! keeps its manner.

use std::borrow::Cow;

use catalogue::App;
use schemas::decision::{PinTold, Why};
use schemas::ids::TargetName;

use super::Route;
use super::facts::Facts;
use crate::prompt::{Speakers, said};

/// Why a turn does not begin with the target that its session stays on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// A rule says so.
    Rule,
    /// The bundle does not have it any more, or the app may not ask it.
    Gone,
    /// It may not see the pictures of the turn.
    Vision,
    /// The question does not fit its window.
    Window,
}

impl Left {
    fn label(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Gone => "gone",
            Self::Vision => "vision",
            Self::Window => "window",
        }
    }
}

/// The route with the target in front that the session stays on, if it stays on one and that can take the turn. Without any the target
/// that answers is to be that.
pub(super) fn pinned<'a>(route: Route<'a>, app: &App, facts: &Facts<'_>, why: &mut Why) -> Route<'a> {
    let Some(target) = facts.state.pin(facts.lane_name()) else {
        let pins = route.pin && app.history_turns > 0;
        return Route { pins, ..route };
    };
    let left = if !route.pin {
        Some(Left::Rule)
    } else if !facts.targets.may_ask(target, app) {
        Some(Left::Gone)
    } else if route.most_images > 0 && !route.chain.contains(target) {
        Some(Left::Vision)
    } else {
        (!fits(&route, target, facts)).then_some(Left::Window)
    };
    why.pin = Some(PinTold { target: target.clone(), left: left.map(|left| left.label().to_owned()) });
    if left.is_some() || route.chain.first() == Some(target) {
        return route;
    }
    let rest = route.chain.iter().filter(|other| *other != target);
    let chain = Cow::Owned(std::iter::once(target).chain(rest).cloned().collect());
    Route { chain, ..route }
}

/// Whether the first message of the turn fits the target's window.
fn fits(route: &Route<'_>, target: &TargetName, facts: &Facts<'_>) -> bool {
    let windows = facts.targets.windows;
    let alone = Route { chain: Cow::Owned(vec![target.clone()]), ..route.clone() };
    let opener = facts.asked.get(..1).unwrap_or_default();
    let left = alone.budget(windows).and_then(|budget| budget.less(&said(opener, Speakers::of(facts.lane))));
    left.and_then(|left| left.without(alone.image_tokens(opener, windows))).is_some()
}
