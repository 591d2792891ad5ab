//! Amounts of money.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact amount: millionths of a millionth (10⁻¹²) of one unit of a currency. Sums never mix currencies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// ISO 4217 code, such as `CNY`.
    pub currency: String,
    /// Amount in 10⁻¹² of the currency's unit; negative for a correction. As text where it is beyond 64 bits, from some nine
    /// million units on: most readers of JSON would round such a number.
    #[serde(with = "wide")]
    #[schemars(with = "Wide")]
    pub pico: i128,
}

impl Money {
    /// Adds an amount of the same currency; `None` when the currencies differ or the sum does not fit.
    pub fn plus(&self, other: &Money) -> Option<Money> {
        if self.currency != other.currency {
            return None;
        }
        Some(Money { currency: self.currency.clone(), pico: self.pico.checked_add(other.pico)? })
    }
}

/// Reads an amount as [`Money`] has it, for views of records that copy less.
///
/// # Errors
/// When it is no integer, nor the digits of one.
pub fn pico<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
    wide::deserialize(from)
}

/// The schema of an amount: a number of 64 bits, or decimal text beyond.
struct Wide;

impl JsonSchema for Wide {
    fn schema_name() -> Cow<'static, str> {
        "Wide".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "pattern": "^-?[0-9]+$" })
    }
}

mod wide {
    use super::{Amount, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(pico: &i128, to: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(*pico) {
            Ok(pico) => to.serialize_i64(pico),
            Err(_) => to.collect_str(pico),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
        from.deserialize_any(Amount)
    }
}

struct Amount;

impl Visitor<'_> for Amount {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, or its decimal digits as text")
    }

    fn visit_i64<E: de::Error>(self, pico: i64) -> Result<i128, E> {
        Ok(pico.into())
    }

    fn visit_u64<E: de::Error>(self, pico: u64) -> Result<i128, E> {
        Ok(pico.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i128, E> {
        text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_never_mix() {
        let one = Money { currency: "CNY".into(), pico: 1 };
        assert_eq!(one.plus(&one).map(|m| m.pico), Some(2));
        assert_eq!(one.plus(&Money { currency: "USD".into(), pico: 1 }), None);
        assert_eq!(one.plus(&Money { currency: "CNY".into(), pico: i128::MAX }), None);
    }

    #[test]
    fn an_amount_within_64_bits_is_a_number_and_a_larger_one_its_digits() {
        for (pico, json) in [
            (0, "0"),
            (-1, "-1"),
            (i64::MAX.into(), "9223372036854775807"),
            (i64::MIN.into(), "-9223372036854775808"),
            (9_223_372_036_854_775_808, "\"9223372036854775808\""),
            (-9_223_372_036_854_775_809, "\"-9223372036854775809\""),
            (i128::MAX, "\"170141183460469231731687303715884105727\""),
        ] {
            let money = Money { currency: "IRR".into(), pico };
            let text = format!("{{\"currency\":\"IRR\",\"pico\":{json}}}");
            assert_eq!(serde_json::to_string(&money).unwrap(), text);
            assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money);
            // As part of a tagged record it passes through a buffer.
            assert_eq!(serde_json::from_value::<Money>(serde_json::from_str(&text).unwrap()).unwrap(), money);
        }
        for bad in ["1.5", "1e3", "\"\"", "\"1.5\"", "\"a\"", "null", "true", "[1]", "9223372036854775808000"]
        {
            let text = format!("{{\"currency\":\"IRR\",\"pico\":{bad}}}");
            assert!(serde_json::from_str::<Money>(&text).is_err(), "{bad} was taken");
        }
    }
}
