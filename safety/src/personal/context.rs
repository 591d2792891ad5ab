//! Words around a number: what it is called, and what says that it is something else.

use std::sync::LazyLock;

use super::plain::Plain;
use super::words::Words;

/// Words after which a number is the name of a thing and no datum of a person.
static THINGS: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "订单|訂單|单号|單號|运单|運單|快递|快遞|物流|流水|流水号|流水號|交易号|交易號|编号|編號|\
         序号|序號|序列号|序列號|批号|批號|批次|货号|貨號|条码|條碼|条形码|條形碼|工单|工單|票号|\
         发票|發票|时间戳|時間戳|版本|版本号|版本號|设备|设备号|設備號|学号|學號|工号|工號|合同|\
         合同号|合约|案号|案號|取件码|验证码|驗證碼|金额|金額|价格|價格|余额|餘額|总额|总价|商品|\
         商品id|货单|貨單|运单号码|型号|型號|追踪|追蹤|随机数|种子|参数|哈希|校验和|商户号|商戶號|\
         会员|會員|积分|浏览量|播放量|阅读量|票据|保单|保單|凭证号|报告|批文|准字|專利|专利|备案|\
         許可證|许可证|总数|人口|数字|數字|圆周率|编码|編碼|房间|房间号|房號|直播间|抖音|抖音号|快手|\
         快手号|微博|小红书|邀请码|优惠券|优惠券码|券码|彩票|考号|准考证|准考证号|发动机|车架|学籍|\
         账单|排队|兑换码|激活码|桌号|卡密|识别码|提货码|群号|房号|证书|档案|档案号|病历|病历号|\
         住院号|登记号|注册号|统一编号|机器码|基金|股票|代码|代碼|标识|索引|行号|端口|进程|回执|受理|\
         受理号|案件|任务|任务号|项目|日志|角色|区服|粉丝|收藏|点赞|游戏id|借书证|车次|航班|表号|\
         户号|电表|水表|条目|文号|主键|偏移量|校验码|包裹|货物|票务|座位|书号|书號|order|orderid|\
         orderno|tracking|shipment|waybill|invoice|ticket|case|serial|sn|s/n|timestamp|ts|time|\
         version|build|commit|revision|sku|isbn|issn|ean|upc|imei|imsi|iccid|id|uid|pid|user_id|\
         userid|order_id|trace|trace_id|request|transaction|txn|amount|total|price|balance|seed|size|\
         count|bytes|hash|md5|sha1|sha256|checksum|item|product|part|model|reference|ref|batch|lot|\
         code|otp|epoch|issue|bug|pr|doi|pmid|arxiv|qty|quantity|parcel|package|rowid|offset|coupon|\
         room|row|line|port|index|key|number of|order number|order_no|order no|tracking_no|session|\
         device|machine|barcode|vin|stock|chapter|page|digits|population|views|score|long|int|float",
    )
});

/// Words that may stand between a name and its number.
static LINKS: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "号码|號碼|号|號|码|碼|是|为|為|就是|编号|如下|有|改成|换成|number|num|no|nr|is|are|was|的|\
         我|你|他|她|加|了|一下|吧|哦|哈|呀|id",
    )
});

/// What may be attached to a number without being part of it.
static UNITS: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "元|块|塊|美元|人民币|人民幣|万|萬|亿|億|次|字节|字節|毫秒|微秒|纳秒|秒|人次|像素|积分|円|\
         港币|日元|欧元|公里|公斤|吨|平米|平方|bytes|byte|ms|usd|rmb|cny|kb|mb|gb|px|hz",
    )
});

/// How far back the beginning of a link is looked for.
const LONGEST_LINK: usize = 512;

/// Whether one of the words stands wholly within `reach` characters before a position, in the same sentence.
pub(super) fn before(plain: &Plain, at: usize, words: &Words, reach: usize) -> bool {
    let mut start = at;
    while start > 0 && at - start < reach {
        start -= 1;
        if ends_sentence(plain.at(start)) {
            return false;
        }
        if words.stand_at(plain, start, at) {
            return true;
        }
    }
    false
}

/// Whether one of the words stands wholly within `reach` characters from a position on, in the same sentence.
pub(super) fn after(plain: &Plain, at: usize, words: &Words, reach: usize) -> bool {
    for start in at..plain.len().min(at + reach) {
        if ends_sentence(plain.at(start)) {
            return false;
        }
        if words.stand_at(plain, start, plain.len()) {
            return true;
        }
    }
    false
}

/// Whether one of the words stands directly before a position, with no more than punctuation and linking words between.
pub(super) fn names(plain: &Plain, at: usize, words: &Words) -> bool {
    named_from(plain, at, words).is_some()
}

/// Where the word begins that [`names`] what stands at a position.
pub(super) fn named_from(plain: &Plain, at: usize, words: &Words) -> Option<usize> {
    let mut end = at;
    for _ in 0..4 {
        end = plain.skip_back(end, is_filler);
        if let Some(start) = words.start_before(plain, end) {
            return Some(start);
        }
        end = LINKS.start_before(plain, end)?;
    }
    None
}

/// Whether what stands at a position is called the number of a thing, such as an order.
pub(super) fn names_thing(plain: &Plain, at: usize) -> bool {
    names(plain, at, &THINGS)
}

/// Whether a unit of measure or money follows.
pub(super) fn has_unit(plain: &Plain, at: usize) -> bool {
    let at = plain.skip(at, |c| c == ' ');
    UNITS.stand_at(plain, at, plain.len())
}

/// Whether a position is inside the address of a page or resource.
pub(super) fn in_link(plain: &Plain, at: usize) -> bool {
    let is_link = |c: &&char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\'');
    let before = plain.slice(at.saturating_sub(LONGEST_LINK)..at);
    let start = at - before.iter().rev().take_while(is_link).count();
    let mut from = start;
    while from < at {
        if plain.has(from, "://") || plain.has(from, "www.") {
            return true;
        }
        from += 1;
    }
    false
}

fn is_filler(c: char) -> bool {
    " :=#\"'([{_->,`*|	.~".contains(c)
}

fn ends_sentence(c: char) -> bool {
    matches!(c, '。' | '!' | '?' | '\n' | ';')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Plain {
        let mut plain = Plain::default();
        plain.refill(text);
        plain
    }

    fn at(text: &str) -> (Plain, usize) {
        let plain = plain(text);
        let at = plain.skip(0, |c| !c.is_ascii_digit());
        (plain, at)
    }

    #[test]
    fn a_name_may_be_linked_to_its_number() {
        for text in
            ["QQ12", "qq号是：12", "QQ number is 12", "my QQ: 12", "\"qq\": \"12", "user_qq=12", "userQq=12"]
        {
            let (plain, at) = at(text);
            assert!(names(&plain, at, &Words::of("qq")), "{text}");
        }
        for text in ["QQ音乐12", "sqqs 12", "qqx12", "QQ上看到12"] {
            let (plain, at) = at(text);
            assert!(!names(&plain, at, &Words::of("qq")), "{text}");
        }
    }

    #[test]
    fn a_word_counts_in_its_sentence_only() {
        let (near, place) = at("护照丢了，号码 12");
        assert!(before(&near, place, &Words::of("护照"), 20));
        assert!(!before(&near, place, &Words::of("护照"), 5));
        let (far, place) = at("护照丢了。号码 12");
        assert!(!before(&far, place, &Words::of("护照"), 20));
        let (behind, place) = at("12 是我的护照");
        assert!(after(&behind, place, &Words::of("护照"), 9));
    }

    #[test]
    fn links_are_known() {
        for (text, expected) in
            [("https://a.b/12", true), ("见www.a.b/x?id=12", true), ("a/12", false), ("http://x 12", false)]
        {
            let (plain, at) = at(text);
            assert_eq!(in_link(&plain, at), expected, "{text}");
        }
    }
}
