//! Names of accounts that only the words before them give away: WeChat ids and QQ numbers.

use std::sync::LazyLock;

use super::border::is_alone;
use super::context::{after, before, has_unit, names};
use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;
use super::words::Words;

/// Words after which an id of any letters counts.
static WECHAT_ID: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "微信号|微信號|微信号码|微信id|微信帐号|微信账号|微信帳號|微信賬號|wechat id|wechat_id|\
         wechatid|weixin id|wechat account|wxid|v信号|薇信号|wx号|vx号|威信号|微信 id|wechat no|\
         weixin_id",
    )
});
/// Words after which an id counts that no ordinary word looks like.
static WECHAT: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "微信|薇信|威信|微伈|徽信|v信|V信|加v|加微|加薇|卫星号|wechat|weixin|wx|vx|vx：|绿泡泡|微 信|\
         薇|v|we chat|wechat me|加wx|加vx",
    )
});
/// Accounts of companies.
static PUBLIC: LazyLock<Words> = LazyLock::new(|| Words::of("公众号|公眾號|小程序|official account"));
/// What follows an id in English.
static BEHIND: LazyLock<Words> = LazyLock::new(|| Words::of("is my wechat|on wechat|my wechat"));
/// Beginnings of what is called after WeChat and is no id.
const PRODUCTS: &[&str] = &[
    "android", "iphone", "ipad", "ios", "windows", "mac", "linux", "version", "ver", "v8", "v7", "v6",
    "http", "www", "pay", "work", "mini", "official", "group", "group1", "api", "sdk", "web", "pc",
    "devtools", "openid", "unionid", "appid", "python", "java", "wechat", "weixin",
];
static QQ: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "qq|qq号|qq號|qq号码|qq號碼|扣扣|扣扣号|企鹅|企鹅号|企鵝號|球球|秋秋|抠抠|q号|加q|q q|qq群|\
         qq群号|加qq|扣群|叩叩|oicq|qq id|qqid|qq_number|qq_id|tencent qq",
    )
});
/// Units after which digits are a count or a time.
const COUNTS: &[&str] = &[
    "年", "月", "人", "个", "個", "位", "名", "条", "條", "分", "岁", "歲", "级", "級", "天", "倍", "篇",
    "张", "台", "部", "点", "度", "多", "余", "字", "版", "币", "钻", "期", "件", "people", "users", "times",
    "messages", "%", "+",
];

/// Longest text that is worth looking at: an id and a name attached to it.
const LONGEST_TOKEN: usize = 25;

/// Finds the WeChat id or QQ number that begins at a position, before which no letter or digit stands unless it is a name.
pub(super) fn find(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    // A longer text is no id, and is not read to its end from each of its parts.
    let token = plain.slice(start..plain.len().min(start + LONGEST_TOKEN + 1)).iter();
    let end = start + token.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).count();
    if plain.at(start).is_ascii_digit() {
        find_qq(plain, start, hits);
    } else if (6..=LONGEST_TOKEN).contains(&(end - start)) {
        find_wechat(plain, start, end, hits);
    }
}

/// Five to eleven digits that do not begin with zero.
fn find_qq(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    let end = plain.skip(start, |c| c.is_ascii_digit());
    if !(5..=11).contains(&(end - start)) || plain.at(start) == '0' {
        return;
    }
    let behind = || {
        let at = plain.skip(end, |c| matches!(c, ' ' | '(' | ',' | '是' | '这' | '為' | '为' | '-'));
        let linked = plain.skip(at, |c| matches!(c, '我' | '的' | '他' | '她' | ' '));
        let is_my = ["is my qq", "is her qq", "is his qq", "my qq"].iter().any(|words| plain.has(at, words));
        let named = plain.has(linked, "qq") && !plain.at(linked + 2).is_ascii_alphanumeric() && linked > end;
        is_my
            || (named
                && (plain.at(end) != ' ' || !plain.at(linked + 2).is_ascii_digit())
                && !number_follows(plain, linked + 2))
    };
    let counted =
        COUNTS.iter().any(|unit| plain.has(plain.skip(end, |c| c == ' '), unit)) || has_unit(plain, end);
    if counted || !is_alone(plain, start, end, &QQ) {
        return;
    }
    if names(plain, start, &QQ) || behind() {
        hits.push(Hit { kind: Kind::Qq, range: start..end });
    }
}

/// Whether the name before which a number stands has a number of its own: `12345 QQ: 67890`.
fn number_follows(plain: &Plain, at: usize) -> bool {
    let next = plain.skip(at, |c| matches!(c, ' ' | ':' | '号' | '是' | '码' | '為' | '为' | '='));
    next > at && plain.at(next).is_ascii_digit()
}

fn find_wechat(plain: &Plain, start: usize, end: usize, hits: &mut Vec<Hit>) {
    let (start, end) = (attached(plain, start), plain.skip_back(end, |c| matches!(c, '-' | '_')));
    let text = plain.slice(start..end);
    let own = plain.has(start, "wxid_") && text.len() >= 11;
    let fits = (6..=20).contains(&text.len()) && text.first().is_some_and(char::is_ascii_alphabetic);
    if !(own || fits)
        || is_product(plain, start)
        || is_placeholder(text)
        || matches!(plain.at(end), '@' | '(') && plain.at(end + 1).is_ascii()
        || is_path(plain, end)
    {
        return;
    }
    let marked = text.iter().any(|c| c.is_ascii_digit() || *c == '_' || *c == '-');
    let colon = || {
        matches!(plain.before(plain.skip_back(start, |c| matches!(c, ' ' | '"'))), ':' | '=')
            && names(plain, start, &WECHAT)
    };
    let named = || {
        names(plain, start, &WECHAT_ID)
            || colon()
            || (marked && (names(plain, start, &WECHAT) || behind(plain, end)))
    };
    if own || (named() && !before(plain, start, &PUBLIC, 8)) {
        hits.push(Hit { kind: Kind::WeChat, range: start..end });
    }
}

/// Where an id begins whose name is attached to it, as in `vx:` without the colon.
fn attached(plain: &Plain, start: usize) -> usize {
    ["wx-", "vx-", "wx_", "vx_"]
        .iter()
        .find(|name| plain.has(start, name) && !plain.has(start, "wxid"))
        .map_or(start, |name| start + name.len())
}

fn behind(plain: &Plain, end: usize) -> bool {
    let at = plain.skip(end, |c| matches!(c, ' ' | '(' | '是' | ','));
    at > end
        && (plain.has(at, "微信") || plain.has(at, "我的微信") || after(plain, end, &BEHIND, 14))
        && WECHAT.start_before(plain, at).is_none()
        && !number_or_id_follows(plain, at)
}

/// Whether the name is that of what follows it.
fn number_or_id_follows(plain: &Plain, at: usize) -> bool {
    let from = plain.skip(at, |c| !c.is_ascii());
    let next = plain.skip(from, |c| matches!(c, ' ' | ':'));
    next > from && plain.at(next).is_ascii_alphanumeric() && !plain.has(at, "is") && !plain.has(at, "on")
}

/// Whether a text is a placeholder for another datum, `PHONE_1`.
fn is_placeholder(text: &[char]) -> bool {
    let text: String = text.iter().collect();
    text.split_once('_').is_some_and(|(word, number)| {
        number.bytes().all(|b| b.is_ascii_digit()) && Kind::ALL.iter().any(|kind| kind.placeholder() == word)
    })
}

/// Whether a name of a program or product begins here.
fn is_product(plain: &Plain, start: usize) -> bool {
    PRODUCTS.iter().any(|product| {
        let end = start + product.len();
        plain.has(start, product)
            && !plain.at(end).is_ascii_alphabetic()
            && plain.at(end) != '_'
            && plain.at(end) != '-'
    }) || ["android", "iphone", "windows", "version", "http"].iter().any(|product| plain.has(start, product))
}

fn is_path(plain: &Plain, end: usize) -> bool {
    matches!(plain.at(end), '.' | '/') && plain.at(end + 1).is_ascii_alphanumeric()
}
