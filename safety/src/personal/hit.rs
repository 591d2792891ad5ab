//! What a recogniser found, before it is decided which of several findings of one stretch counts.

use std::collections::BTreeMap;
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
        // By where they begin.
        let mut kept: BTreeMap<usize, Hit> = BTreeMap::new();
        for hit in hits.drain(..) {
            // Each is compared with its neighbours only.
            let start = hit.range.start;
            let left = kept.range(..start).next_back();
            let right = kept.range(start..).next();
            let is_free = left.is_none_or(|(_, left)| left.range.end <= start)
                && right.is_none_or(|(right, _)| *right >= hit.range.end);
            if is_free {
                kept.insert(start, hit);
            }
        }
        hits.extend(kept.into_values());
    }
}
