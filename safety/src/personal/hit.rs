//! What a recogniser found, before it is decided which of several findings of one stretch counts.

use std::ops::Range;

use super::kind::Kind;

/// A finding, in positions of the folded text.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

impl Hit {
    /// How much stands behind a finding: private keys and prefixes of keys, check digits, fixed forms, context.
    fn weight(&self) -> u8 {
        match self.kind {
            Kind::Secret => 9,
            Kind::ResidentId | Kind::PermanentResidentId => 8,
            Kind::SocialCreditCode | Kind::Iban | Kind::BankCard | Kind::HongKongId | Kind::TaiwanId => 7,
            Kind::Email | Kind::Ipv6 | Kind::MacAddress => 6,
            Kind::Mobile | Kind::InternationalPhone | Kind::LicensePlate => 5,
            Kind::Ipv4 | Kind::Landline => 4,
            Kind::Passport | Kind::TravelPermit => 3,
            Kind::BirthDate | Kind::Qq | Kind::WeChat => 2,
            Kind::Address => 1,
        }
    }
}

/// Leaves one finding for each stretch: the one with most behind it, then the longest, then the first; sorted.
pub(super) fn settle(hits: &mut Vec<Hit>) {
    if hits.len() > 1 {
        hits.sort_by_key(|hit| {
            (std::cmp::Reverse((hit.weight(), hit.range.len())), hit.range.start, hit.kind)
        });
        let mut kept: Vec<Hit> = Vec::with_capacity(hits.len());
        for hit in hits.drain(..) {
            // Few findings stand in one text, and each is compared with its neighbours only.
            let place = kept.partition_point(|other| other.range.start < hit.range.start);
            let free_left = place
                .checked_sub(1)
                .and_then(|left| kept.get(left))
                .is_none_or(|left| left.range.end <= hit.range.start);
            let free_right = kept.get(place).is_none_or(|right| right.range.start >= hit.range.end);
            if free_left && free_right {
                kept.insert(place, hit);
            }
        }
        *hits = kept;
    }
}
