//! Claims: what an app says of the sender of a message, signed by the app, in a field of the message's extension.
//!
//! Clients carry a claim, so whoever writes can put one there: it is believed when one of the app's secrets signed it, for this app and this
//! sender, and it holds at the time that Easemob gave the message. A claim that any of the secrets signed is the app's own word and no
//! text of a person's: it is taken out of the message before that is judged, recorded or masked, so its signature is in no record. What
//! is not signed so is a text like any other. Whatever is wrong with a claim, the message goes on without it.

use catalogue::App;
use common::Secret;
use schemas::Millis;
use schemas::ids::{AppKey, UserId};
use schemas::tier::TierClaim;

use crate::callback::{Callback, Fields, Json, field, json};
use crate::config::ClaimRule;
use crate::metrics;
use crate::signature;

/// How long before its end a claim may be used: one that would hold for longer was probably given in other units than seconds.
const LONGEST: Millis = 366 * 24 * 3_600_000;

/// A claim as it came.
struct Claim {
    user: String,
    tier: String,
    /// Its digits as they came, which are signed.
    expires: String,
    signature: String,
}

/// Why a claim does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bad {
    /// No secret of the app signed it, or it has not the form of a claim.
    Unsigned(&'static str),
    /// The app signed it, and it says nothing of this message.
    Signed(&'static str),
}

/// The claims of an app.
pub(crate) struct Claims<'a> {
    pub(crate) key: &'a AppKey,
    pub(crate) app: &'a App,
    /// How they are read, if they are.
    pub(crate) rule: Option<&'a ClaimRule>,
}

impl Claims<'_> {
    /// Takes the claim out of a message of the app, and tells what it says of the sender. `sent_at` is Easemob's time of the message.
    pub(crate) fn take(&self, callback: &mut Callback<'_>, sent_at: Millis) -> Option<TierClaim> {
        let rule = self.rule?;
        let claim = callback.payload().at(&["ext", &rule.field])?;
        let sender = callback.sender();
        let checked = read(claim)
            .and_then(|claim| self.signed(rule, claim))
            .and_then(|claim| self.of(&claim, sender.as_ref(), sent_at));
        metrics::claim(match checked {
            Ok(_) => "accepted",
            Err(Bad::Unsigned(why) | Bad::Signed(why)) => why,
        });
        if !matches!(checked, Err(Bad::Unsigned(_))) {
            callback.forget_ext(&rule.field);
        }
        checked.ok()
    }

    /// The claim, if a secret of the app signed it.
    fn signed(&self, rule: &ClaimRule, claim: Claim) -> Result<Claim, Bad> {
        let Self { key, .. } = self;
        let signed = format!("huiyin-tier\n{key}\n{}\n{}\n{}", claim.user, claim.tier, claim.expires);
        let is_of = |secret: &Secret| {
            signature::of_text(secret, &signed).is_some_and(|is| signature::matches(&is, &claim.signature))
        };
        // All of them are tried, so that the time taken tells nothing of which one it was.
        let count = rule.secrets.iter().filter(|secret| is_of(secret)).count();
        if count == 0 { Err(Bad::Unsigned("forged")) } else { Ok(claim) }
    }

    /// What a claim that the app signed says of this sender at this time.
    fn of(&self, claim: &Claim, sender: Option<&UserId>, sent_at: Millis) -> Result<TierClaim, Bad> {
        let seconds: Option<Millis> = claim.expires.parse().ok();
        let expires_at =
            seconds.and_then(|seconds| seconds.checked_mul(1_000)).ok_or(Bad::Signed("malformed"))?;
        match () {
            () if !sender.is_some_and(|sender| claim.user.eq_ignore_ascii_case(sender.as_str())) => {
                Err(Bad::Signed("other_user"))
            }
            () if expires_at <= sent_at => Err(Bad::Signed("expired")),
            () if expires_at - sent_at > LONGEST => Err(Bad::Signed("too_long")),
            () if self.app.tier(&claim.tier).is_none() => Err(Bad::Signed("unknown_tier")),
            () => Ok(TierClaim { tier: claim.tier.clone(), expires_at }),
        }
    }
}

/// Reads a claim: an object, or a text that is one, since some clients send texts only.
fn read(claim: &Json<'_>) -> Result<Claim, Bad> {
    let read = match claim {
        Json::Text(text) => json::read(text).ok().as_ref().and_then(Json::as_object).and_then(of_fields),
        claim => claim.as_object().and_then(of_fields),
    };
    read.ok_or(Bad::Unsigned("malformed"))
}

fn of_fields(fields: &Fields<'_>) -> Option<Claim> {
    let word = |name| field::word(fields, name);
    // Lines divide what is signed.
    let line = |name| word(name).filter(|text| !text.contains(char::is_control));
    Some(Claim {
        user: line("user")?,
        tier: line("tier")?,
        expires: line("expires")
            .filter(|digits| digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit()))?,
        signature: word("signature")?,
    })
}
