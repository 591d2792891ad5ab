//! `huiyin tier`: which tier a user of an app has by this file, and what says so.

use anyhow::Context as _;
use catalogue::Engines;
use catalogue::tier::{Granted, Tier};
use clap::Args;
use schemas::ids::{AppKey, UserId};

use crate::config::Config;

/// Whose tier is asked for.
#[derive(Args)]
pub(crate) struct OfUser {
    /// The IM user id
    user: String,
    /// The app's key, org#app; without it the only app
    #[arg(long, value_parser = |text: &str| AppKey::new(text))]
    app: Option<AppKey>,
    /// The tier that a claim in the user's message would name
    #[arg(long, value_name = "TIER")]
    claim: Option<String>,
}

/// What each source says of a user, the one that counts first.
pub(crate) fn run(of: &OfUser, config: &Config) -> anyhow::Result<String> {
    let user = UserId::new(of.user.clone())?;
    let mut apps = config.bundle.apps.iter();
    let (key, app) = match (&of.app, apps.next(), apps.next()) {
        (Some(key), ..) => {
            let of_key = config.bundle.apps.get_key_value(key);
            of_key.with_context(|| format!("the app {key} is not configured"))?
        }
        (None, Some(only), None) => only,
        (None, ..) => anyhow::bail!("there are several apps: --app says which"),
    };
    if app.tiers.is_empty() {
        return Ok(format!("the app {key} has no tier\n"));
    }
    if let Some(name) = of.claim.as_deref().filter(|name| app.tier(name).is_none()) {
        anyhow::bail!("the app {key} has no tier {name:?}");
    }
    let engines = Engines::of(&config.bundle, &config.sections().contents()).context("read the table")?;
    let table = engines.tiers(key).map(AsRef::as_ref);
    Ok(told(&user, app.tiers_of(&user, of.claim.as_deref(), table)))
}

fn told<'a>(user: &UserId, mut granted: impl Iterator<Item = Granted<'a>>) -> String {
    let Some(Granted { tier, by }) = granted.next() else { return format!("{user}: no tier\n") };
    let mut text = format!("{user}: {}, by {}\n{}", tier.name, by.label(), settings(tier));
    for Granted { tier, by } in granted {
        text.push_str(&format!("  {} says {}, which does not count\n", by.label(), tier.name));
    }
    text
}

/// What the tier changes, a line each.
fn settings(tier: &Tier) -> String {
    let within = tier.answer_within_ms.map(|within| u64::try_from(within).unwrap_or_default());
    let within = within.map(|within| format!("{within} ms"));
    let number = |value: Option<u32>| value.map(|value| value.to_string());
    [
        ("weight", number(tier.weight)),
        ("history_turns", number(tier.history_turns)),
        ("history_tokens", number(tier.history_tokens)),
        ("max_output_tokens", number(tier.max_output_tokens)),
        ("answer_within", within),
        ("max_per_minute", number(tier.max_per_minute)),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some(format!("  {key} {}\n", value?)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIERS: &str = "[[app]]\nkey = \"a#b\"\nbot = [{ id = \"bot\" }]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n\
        [[app.tier]]\nname = \"gold\"\nusers = [\"alice\"]\nweight = 4\nanswer_within = \"2m\"\n[[app.tier]]\nname = \"silver\"\n\
        [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"";

    #[test]
    fn a_user_is_told_with_what_says_so_and_what_does_not_count() {
        let bundle = catalogue::validate(&toml::from_str(TIERS).unwrap()).unwrap();
        let app = &bundle.apps[&AppKey::new("a#b").unwrap()];
        let of = |user: &str, claim| {
            let user = UserId::new(user).unwrap();
            told(&user, app.tiers_of(&user, claim, None))
        };
        assert_eq!(
            of("Alice", Some("silver")),
            "Alice: gold, by list\n  weight 4\n  answer_within 120000 ms\n  claim says silver, which does not count\n"
        );
        assert_eq!(of("bob", Some("silver")), "bob: silver, by claim\n");
        assert_eq!(of("bob", None), "bob: no tier\n");
    }
}
