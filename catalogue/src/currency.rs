//! Which texts are currencies.

/// The codes of ISO 4217 in use, funds and metals left out.
const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF \
IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP \
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK \
SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD \
XCG XOF XPF YER ZAR ZMW ZWG";

/// Names that people write for a code.
const NICKNAMES: [(&str, &str); 17] = [
    ("RMB", "CNY"),
    ("CNH", "CNY"),
    ("YUAN", "CNY"),
    ("人民币", "CNY"),
    ("元", "CNY"),
    ("¥", "CNY"),
    ("￥", "CNY"),
    ("NTD", "TWD"),
    ("YEN", "JPY"),
    ("$", "USD"),
    ("DOLLAR", "USD"),
    ("€", "EUR"),
    ("EURO", "EUR"),
    ("£", "GBP"),
    ("STG", "GBP"),
    ("DONG", "VND"),
    ("IRT", "IRR"),
];

/// What is wrong with a currency, if something is.
pub(crate) fn problem(text: &str) -> Option<String> {
    let is_code = |code: &str| code.len() == 3 && CODES.split(' ').any(|known| known == code);
    if is_code(text) {
        return None;
    }
    let upper = text.trim().to_uppercase();
    let nickname = NICKNAMES.iter().find(|(name, _)| *name == upper).map(|(_, code)| *code);
    let meant = nickname.or(Some(upper.as_str()).filter(|upper| is_code(upper)));
    let hint = meant.map(|code| format!("; {code:?} is meant?")).unwrap_or_default();
    Some(format!("currency {text:?} is no ISO 4217 code in capitals{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_taken_and_nothing_else() {
        for code in ["CNY", "USD", "IRR", "VND", "KWD", "CLP", "XOF"] {
            assert_eq!(problem(code), None, "{code}");
        }
        for bad in ["", " ", "XXX", "USDT", "AAA", "CNY USD", "EU R", "C", "CNY\n", "ＣＮＹ"] {
            assert!(problem(bad).is_some(), "{bad:?} was taken");
        }
    }

    #[test]
    fn what_is_meant_is_told() {
        for (written, meant) in [
            ("RMB", "CNY"),
            ("rmb", "CNY"),
            ("cny", "CNY"),
            (" usd", "USD"),
            ("¥", "CNY"),
            ("NTD", "TWD"),
            ("Euro", "EUR"),
        ] {
            let told = problem(written).unwrap();
            assert!(told.contains(&format!("{meant:?} is meant")), "{told}");
        }
        assert!(!problem("XYZ").unwrap().contains("meant"));
    }
}
