//! Spark's errors: by their number, which comes with any HTTP status, or by the name that a message begins with.

use outbound::Class;

use crate::reply::{ProviderError, spark_number};

/// The class of an error of Spark's. A refusal over HTTP has no number at times.
pub(super) fn class(error: &ProviderError) -> Option<Class> {
    let number = error.code.as_deref().and_then(|code| code.parse().ok());
    number.and_then(spark_number).or_else(|| by_name(error.message.as_deref()?))
}

fn by_name(message: &str) -> Option<Class> {
    let begins = |name: &str| message.starts_with(name);
    if begins("AppIdNoAuthError") {
        Some(Class::QuotaExhausted)
    } else if begins("AppIdQpsOverFlowError") || begins("AppIdConcOverFlowError") {
        Some(Class::RateLimited)
    } else {
        None
    }
}
