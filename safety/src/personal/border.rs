//! Whether a number stands on its own, or is a piece of something larger.

use std::sync::LazyLock;

use super::context::{has_unit, in_link, names, names_thing};
use super::plain::Plain;
use super::words::Words;

/// Words that name a person's number and may be attached to it: `tel13800138000`.
pub(super) static PHONE: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "手机|手機|手机号|手機號|手机号码|電話|电话|电话号码|联系方式|聯繫方式|联系电话|联系|致电|\
         拨打|热线|座机|固话|市话|传真|傳真|分机|座機|微信|微信号|wechat|weixin|wx|vx|v|支付宝|短信|\
         打|呼叫|tel|telephone|phone|phone_number|mobile|mob|cell|cellphone|call|fax|whatsapp|sms|\
         contact|msisdn|hotline|hp|ph|m|t|p|手機號碼|行動電話|移动电话|qq|alipay|text|dial|ring|at|\
         me|or|and|to",
    )
});

/// Words that name a person's bank account.
pub(super) static CARD: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "银行卡|銀行卡|银行卡号|卡号|卡號|账号|帳號|賬號|账户|帳戶|信用卡|储蓄卡|借记卡|工资卡|card|\
         card number|cardno|card_no|account|visa|mastercard|amex|unionpay|debit|credit|pan|银联|尾号|\
         还款|收款|打款|转账|汇款|打到|转到",
    )
});

/// Words for a number that are written with a full stop.
static ABBREVIATIONS: LazyLock<Words> = LazyLock::new(|| Words::of("no|nr|num|id"));

/// Endings of files that are named by number.
const FILES: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "webp", "txt", "pdf", "doc", "docx", "xls", "xlsx", "csv", "zip", "rar",
    "mp3", "mp4", "mov", "html", "htm", "json", "xml", "log", "md",
];

/// Whether what stands before a position lets a number begin there. `named` says whether a word for the number counts as a border:
/// such words may be attached with signs that otherwise make the number a piece of a name.
fn opens(plain: &Plain, at: usize, words: &Words) -> bool {
    let (last, before_last) = (plain.before(at), plain.at(at.wrapping_sub(2)));
    match last {
        '\0' => true,
        '.' | '-' | '_' | '/' | '\\' if before_last.is_ascii_alphanumeric() => {
            words.start_before(plain, at - 1).is_some_and(|word| word + 2 < at)
                || (last == '/' && follows_number(plain, at - 1))
        }
        '/' | '\\' => before_last != last,
        '.' | '_' => before_last != last,
        '=' | '&' | '?' | '%' => names(plain, at, words),
        '#' | '$' | '¥' | '€' | '£' | '@' | '+' | '*' | '^' => false,
        // A single letter before digits is a part of an article number.
        c if c.is_ascii_alphabetic() => words.start_before(plain, at).is_some_and(|word| word + 1 < at),
        c => !c.is_alphanumeric() || is_ideograph(c),
    }
}

/// Whether a number as long as a telephone number ends at a position: two of them stand on both sides of a slash.
fn follows_number(plain: &Plain, at: usize) -> bool {
    at - plain.skip_back(at, |c| c.is_ascii_digit()) >= 7
}

/// Whether what stands at a position lets a number end before it.
fn closes(plain: &Plain, at: usize) -> bool {
    let next = plain.at(at + 1);
    match plain.at(at) {
        '.' => {
            !next.is_ascii_digit()
                && !FILES.iter().any(|ending| {
                    plain.has(at + 1, ending) && !plain.at(at + 1 + ending.len()).is_alphanumeric()
                })
        }
        ':' | '/' => !next.is_ascii_digit() || plain.skip(at + 1, |c| c.is_ascii_digit()) > at + 6,
        '-' | '_' => !next.is_ascii_alphanumeric(),
        '@' => !next.is_ascii_alphanumeric(),
        '%' | '=' | '+' | '*' | '^' => false,
        c if c.is_ascii_alphanumeric() => false,
        c => !c.is_alphanumeric() || is_ideograph(c),
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '\u{3040}'..='\u{30ff}')
}

/// Whether a number without check digit stands on its own in a range, is not called the number of a thing, and no amount.
pub(super) fn is_alone(plain: &Plain, start: usize, end: usize, words: &Words) -> bool {
    if !opens(plain, start, words) || !closes(plain, end) || has_unit(plain, end) {
        return false;
    }
    names(plain, start, words) || !(names_thing(plain, start) || in_link(plain, start))
}

/// Whether a number with a check digit stands on its own in a range.
pub(super) fn is_apart(plain: &Plain, start: usize, end: usize) -> bool {
    let (last, before_last) = (plain.before(start), plain.at(start.wrapping_sub(2)));
    let abbreviated = last == '.' && ABBREVIATIONS.start_before(plain, start - 1).is_some();
    let piece = matches!(last, '.' | '-' | '_' | '+') && before_last.is_ascii_alphanumeric() && !abbreviated;
    !last.is_ascii_alphanumeric() && !piece && closes(plain, end) && !in_link(plain, start)
}
