//! The kinds of personal data, with the names that reports, rules and placeholders use.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a stretch of text is about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A resident identity number of mainland China, in 18 or 15 characters.
    ResidentId,
    /// A permanent resident's identity number of a foreigner in mainland China.
    PermanentResidentId,
    /// A Hong Kong identity card number.
    HongKongId,
    /// A Taiwan identity card or resident certificate number.
    TaiwanId,
    /// A passport number.
    Passport,
    /// A permit for travel between the mainland, Hong Kong, Macau and Taiwan.
    TravelPermit,
    /// A unified social credit code.
    SocialCreditCode,
    /// A bank card number.
    BankCard,
    /// An international bank account number.
    Iban,
    /// A mobile number of mainland China.
    Mobile,
    /// A fixed-line number of mainland China.
    Landline,
    /// A telephone number abroad, written with `+`.
    InternationalPhone,
    /// The registration plate of a vehicle of mainland China.
    LicensePlate,
    /// An e-mail address.
    Email,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A hardware address of a network interface.
    MacAddress,
    /// A WeChat id.
    WeChat,
    /// A QQ number.
    Qq,
    /// A date of birth.
    BirthDate,
    /// A postal address down to the house number.
    Address,
    /// A key, token or private key.
    Secret,
}

impl Kind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 22] = [
        Self::ResidentId,
        Self::PermanentResidentId,
        Self::HongKongId,
        Self::TaiwanId,
        Self::Passport,
        Self::TravelPermit,
        Self::SocialCreditCode,
        Self::BankCard,
        Self::Iban,
        Self::Mobile,
        Self::Landline,
        Self::InternationalPhone,
        Self::LicensePlate,
        Self::Email,
        Self::Ipv4,
        Self::Ipv6,
        Self::MacAddress,
        Self::WeChat,
        Self::Qq,
        Self::BirthDate,
        Self::Address,
        Self::Secret,
    ];

    /// The name in JSON and in the configuration; it never changes.
    pub fn label(self) -> &'static str {
        match self {
            Self::ResidentId => "resident_id",
            Self::PermanentResidentId => "permanent_resident_id",
            Self::HongKongId => "hong_kong_id",
            Self::TaiwanId => "taiwan_id",
            Self::Passport => "passport",
            Self::TravelPermit => "travel_permit",
            Self::SocialCreditCode => "social_credit_code",
            Self::BankCard => "bank_card",
            Self::Iban => "iban",
            Self::Mobile => "mobile",
            Self::Landline => "landline",
            Self::InternationalPhone => "international_phone",
            Self::LicensePlate => "license_plate",
            Self::Email => "email",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::MacAddress => "mac_address",
            Self::WeChat => "we_chat",
            Self::Qq => "qq",
            Self::BirthDate => "birth_date",
            Self::Address => "address",
            Self::Secret => "secret",
        }
    }

    /// The word of its typed placeholders, `PHONE` in `[PHONE_1]`. Kinds that a reader need not tell apart share one.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::ResidentId | Self::PermanentResidentId | Self::HongKongId | Self::TaiwanId => "ID",
            Self::Passport => "PASSPORT",
            Self::TravelPermit => "PERMIT",
            Self::SocialCreditCode => "COMPANY",
            Self::BankCard => "CARD",
            Self::Iban => "IBAN",
            Self::Mobile | Self::Landline | Self::InternationalPhone => "PHONE",
            Self::LicensePlate => "PLATE",
            Self::Email => "EMAIL",
            Self::Ipv4 | Self::Ipv6 => "IP",
            Self::MacAddress => "MAC",
            Self::WeChat => "WECHAT",
            Self::Qq => "QQ",
            Self::BirthDate => "BIRTHDAY",
            Self::Address => "ADDRESS",
            Self::Secret => "SECRET",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_label_of_its_own() {
        let labels: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.label()).collect();
        assert_eq!(labels.len(), Kind::ALL.len());
    }

    #[test]
    fn placeholders_are_words_of_capitals() {
        for kind in Kind::ALL {
            assert!(kind.placeholder().bytes().all(|b| b.is_ascii_uppercase()), "{kind}");
        }
    }
}
