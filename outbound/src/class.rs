//! The ways an attempt can fail, and what each allows.

use std::fmt;

/// Why an attempt failed, in terms every endpoint shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// More calls or tokens than the endpoint allows for now.
    RateLimited,
    /// The rate is allowed but grew too fast.
    RampLimited,
    /// The endpoint has no capacity for anybody.
    Overloaded,
    /// The endpoint failed, or could not be connected to.
    ServerError,
    /// No complete reply in time.
    Timeout,
    /// A reply that cannot be used: cut, too large, not what the contract says.
    Protocol,
    /// A whole reply in which nothing is said.
    Empty,
    /// A whole reply in which nothing is said because the output cap was used up before.
    CapUsedUp,
    /// Money or a plan's allowance has run out.
    QuotaExhausted,
    /// The key is wrong or may not do this.
    Auth,
    /// The model or service does not exist there, or no longer.
    ModelUnavailable,
    /// The input exceeds what the endpoint takes.
    ContextTooLong,
    /// The endpoint refused the content of input or output.
    ContentBlocked,
    /// The endpoint does not take the request as it was made for it. Bodies, gateways and limits differ: another
    /// endpoint may.
    BadRequest,
}

/// Whether the same endpoint may be tried again for the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Never.
    Never,
    /// One more time.
    Once,
    /// As often as the limits allow, after a backoff.
    Backoff,
    /// As [`Again::Backoff`], with longer waits from the start.
    LongBackoff,
}

/// Whether another endpoint may be tried for the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// Yes.
    Yes,
    /// Only one that takes a larger input.
    Larger,
    /// Only when the chain's rules switch it on.
    IfAllowed,
    /// No: it would cost the same everywhere and bring nothing.
    No,
}

/// What a failure means for other requests to the same endpoint, apart from the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cooling {
    /// Nothing, unless the endpoint named a time in `Retry-After`.
    None,
    /// Leave it alone until `Retry-After`, else for a growing, short time.
    Short,
    /// Leave it alone for minutes: a person has to act.
    Long,
}

impl Class {
    /// Every class, in the order of declaration.
    pub const ALL: [Self; 14] = [
        Self::RateLimited,
        Self::RampLimited,
        Self::Overloaded,
        Self::ServerError,
        Self::Timeout,
        Self::Protocol,
        Self::Empty,
        Self::CapUsedUp,
        Self::QuotaExhausted,
        Self::Auth,
        Self::ModelUnavailable,
        Self::ContextTooLong,
        Self::ContentBlocked,
        Self::BadRequest,
    ];

    /// The class's name in metrics, logs and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::RampLimited => "ramp_limited",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Empty => "empty",
            Self::CapUsedUp => "cap_used_up",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Auth => "auth",
            Self::ModelUnavailable => "model_unavailable",
            Self::ContextTooLong => "context_too_long",
            Self::ContentBlocked => "content_blocked",
            Self::BadRequest => "bad_request",
        }
    }

    /// May the same endpoint be tried again?
    #[must_use]
    pub const fn again(self) -> Again {
        match self {
            Self::RateLimited | Self::ServerError => Again::Backoff,
            Self::RampLimited | Self::Overloaded => Again::LongBackoff,
            Self::Timeout | Self::Protocol | Self::Empty => Again::Once,
            Self::CapUsedUp
            | Self::QuotaExhausted
            | Self::Auth
            | Self::ModelUnavailable
            | Self::ContextTooLong
            | Self::ContentBlocked
            | Self::BadRequest => Again::Never,
        }
    }

    /// May another endpoint be tried?
    #[must_use]
    pub const fn elsewhere(self) -> Elsewhere {
        match self {
            Self::RateLimited
            | Self::RampLimited
            | Self::Overloaded
            | Self::ServerError
            | Self::Timeout
            | Self::Protocol
            | Self::Empty
            | Self::QuotaExhausted
            | Self::Auth
            | Self::ModelUnavailable
            | Self::BadRequest => Elsewhere::Yes,
            Self::ContextTooLong => Elsewhere::Larger,
            Self::ContentBlocked => Elsewhere::IfAllowed,
            Self::CapUsedUp => Elsewhere::No,
        }
    }

    /// Whether it counts against the endpoint's health. The content of a reply does not: one person's questions must not
    /// close an endpoint to others.
    #[must_use]
    pub const fn counts_for_breaker(self) -> bool {
        matches!(self, Self::Overloaded | Self::ServerError | Self::Timeout | Self::Protocol)
    }

    /// What it means for the next requests to the endpoint.
    #[must_use]
    pub const fn cooling(self) -> Cooling {
        match self {
            Self::RateLimited | Self::RampLimited => Cooling::Short,
            Self::QuotaExhausted | Self::Auth | Self::ModelUnavailable => Cooling::Long,
            Self::Overloaded
            | Self::ServerError
            | Self::Timeout
            | Self::Protocol
            | Self::Empty
            | Self::CapUsedUp
            | Self::ContextTooLong
            | Self::ContentBlocked
            | Self::BadRequest => Cooling::None,
        }
    }

    /// The class that a status stands for when the body says nothing better; `None` below 300.
    #[must_use]
    pub const fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            0..300 => return None,
            300..400 => Self::Protocol,
            401 | 403 => Self::Auth,
            402 => Self::QuotaExhausted,
            404 => Self::ModelUnavailable,
            408 | 504 | 524 => Self::Timeout,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            400..500 => Self::BadRequest,
            _ => Self::ServerError,
        })
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn labels_are_distinct() {
        let labels: HashSet<_> = Class::ALL.iter().map(|class| class.label()).collect();
        assert_eq!(labels.len(), Class::ALL.len());
    }

    #[test]
    fn the_body_less_status_falls_into_the_agreed_class() {
        let cases = [
            (400, Class::BadRequest),
            (405, Class::BadRequest),
            (413, Class::BadRequest),
            (401, Class::Auth),
            (404, Class::ModelUnavailable),
            (429, Class::RateLimited),
            (500, Class::ServerError),
            (502, Class::ServerError),
            (503, Class::Overloaded),
            (504, Class::Timeout),
            (529, Class::Overloaded),
            (599, Class::ServerError),
            (302, Class::Protocol),
        ];
        for (status, class) in cases {
            assert_eq!(Class::of_status(status), Some(class), "status {status}");
        }
        assert_eq!(Class::of_status(200), None);
    }

    #[test]
    fn a_rate_limit_cools_and_never_counts_for_the_breaker() {
        for class in Class::ALL {
            if class.cooling() != Cooling::None {
                assert!(!class.counts_for_breaker(), "{class}");
            }
        }
        assert_eq!(Class::RateLimited.cooling(), Cooling::Short);
        assert_eq!(Class::Auth.cooling(), Cooling::Long);
    }

    #[test]
    fn classes_that_end_a_request_are_not_repeated_either() {
        for class in Class::ALL {
            if class.elsewhere() != Elsewhere::Yes {
                assert_eq!(class.again(), Again::Never, "{class}");
            }
        }
    }

    #[test]
    fn what_a_reply_says_is_not_its_endpoints_health() {
        let said =
            [Class::Empty, Class::CapUsedUp, Class::ContentBlocked, Class::ContextTooLong, Class::BadRequest];
        for class in said {
            assert!(!class.counts_for_breaker() && class.cooling() == Cooling::None, "{class}");
        }
    }

    #[test]
    fn a_request_that_one_endpoint_does_not_take_goes_to_the_next_once() {
        assert_eq!(
            (Class::BadRequest.again(), Class::BadRequest.elsewhere()),
            (Again::Never, Elsewhere::Yes)
        );
    }

    #[test]
    fn a_used_up_cap_is_paid_once_only() {
        assert_eq!((Class::CapUsedUp.again(), Class::CapUsedUp.elsewhere()), (Again::Never, Elsewhere::No));
    }
}
