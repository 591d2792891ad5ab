//! Postal addresses of mainland China: division, road and house number, with a word that says that somebody lives or receives there,
//! or with so many details that no public place is meant.

use std::sync::LazyLock;

use super::context::before;
use super::hit::Hit;
use super::kind::Kind;
use super::plain::{Plain, numeral};
use super::words::Words;

const DIVISIONS: &str = "省市区县旗州盟镇乡區縣鎮鄉";
const ROADS: &str = "路段区區街道巷弄胡同村里庄庄坊苑园城湾桥沟屯寨営营组社衖莊園灣橋溝組";
const HOUSES: &[&str] = &[
    "号", "號", "弄", "栋", "棟", "幢", "单元", "單元", "室", "楼", "樓", "座", "号楼", "號樓", "层", "層",
    "组", "組", "户", "戶", "房", "之",
];
const DETAILS: &[&str] = &["单元", "單元", "室", "栋", "棟", "幢", "号楼", "號樓", "座", "户", "戶", "房"];
static TOLD: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "地址|住址|家住|住在|我住|住|居住|收货|收貨|寄到|寄往|寄至|寄给|送到|送至|送货|送貨|邮寄|\
         郵寄|快递到|发到|搬到|户籍|戶籍|籍贯|通讯|通訊|家在|我家|收件|派送|配送|address|live at|\
         lives at|ship to|deliver to|home|接我|门牌",
    )
});
const PROVINCES: &[&str] = &[
    "北京",
    "天津",
    "上海",
    "重庆",
    "重慶",
    "河北",
    "山西",
    "辽宁",
    "遼寧",
    "吉林",
    "黑龙江",
    "黑龍江",
    "江苏",
    "江蘇",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "山東",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "廣東",
    "海南",
    "四川",
    "贵州",
    "貴州",
    "云南",
    "雲南",
    "陕西",
    "陝西",
    "甘肃",
    "甘肅",
    "青海",
    "台湾",
    "臺灣",
    "内蒙古",
    "內蒙古",
    "广西",
    "廣西",
    "西藏",
    "宁夏",
    "寧夏",
    "新疆",
    "香港",
    "澳门",
    "澳門",
];
/// Longest stretch of characters before the house number.
const LONGEST: usize = 40;
/// Longest stretch of characters from the house number on. What goes on longer is a list, and is not read to its end from each of its
/// numbers.
const LONGEST_HOUSE: usize = 64;
/// Longest name of a building.
const LONGEST_NAME: usize = 12;

/// Finds the address whose house number begins at a position, after the name of a road or village.
pub(super) fn find(plain: &Plain, house: usize, hits: &mut Vec<Hit>) {
    if !ROADS.contains(plain.before(house)) || house == 0 {
        return;
    }
    let Some(end) = house_end(plain, house) else { return };
    let names = plain.slice(house.saturating_sub(LONGEST)..house).iter().rev();
    let begin = house - names.take_while(|c| is_name(**c)).count();
    let Some(start) = division_start(plain, begin, house) else { return };
    let start = plain.skip(start, |c| c == ' ');
    let levels = plain.slice(start..house).iter().filter(|c| DIVISIONS.contains(**c)).count();
    let province = usize::from(
        PROVINCES.iter().any(|name| plain.has(start, name)) && !matches!(plain.at(start + 2), '市' | '省'),
    );
    let detailed = DETAILS.iter().any(|detail| (house..end).any(|at| plain.has(at, detail)));
    let told = before(plain, start, &TOLD, 10);
    if (levels + province >= 1 && told) || (levels + province >= 2 && detailed) || levels + province >= 3 {
        hits.push(Hit { kind: Kind::Address, range: start..end });
    }
}

/// The end of house number, building, entrance and flat: at least one number with a word for it.
fn house_end(plain: &Plain, house: usize) -> Option<usize> {
    let mut end = None;
    let mut at = house;
    while at < house + LONGEST_HOUSE {
        let digits = plain.skip(at, |c| {
            c.is_ascii_alphanumeric() || c == '-' || c == '十' || c == '百' || numeral(c).is_some()
        });
        let unit =
            HOUSES.iter().filter(|unit| plain.has(digits, unit)).map(|unit| unit.chars().count()).max();
        match unit {
            Some(unit) if digits > at && digits - at <= 8 => {
                end = Some(digits + unit);
                at = plain.skip(digits + unit, |c| c == ' ');
            }
            _ if end.is_some()
                && digits > at
                && (2..=5).contains(&(digits - at))
                && plain.slice(at..digits).iter().all(char::is_ascii_digit)
                && is_flat(plain, at) =>
            {
                return Some(digits);
            }
            _ => {
                let named = next_building(plain, at).filter(|_| end.is_some());
                let Some(next) = named else { return end };
                at = next;
            }
        }
    }
    end
}

/// A flat's number ends the address without a word of its own: 3栋501.
fn is_flat(plain: &Plain, at: usize) -> bool {
    DETAILS.iter().any(|unit| plain.has(at.saturating_sub(unit.chars().count()), unit))
}

/// Where the number of a named building begins after a house number: 90号阳光花园3栋.
fn next_building(plain: &Plain, at: usize) -> Option<usize> {
    let name = plain.slice(at..plain.len().min(at + LONGEST_NAME)).iter();
    let end = at + name.take_while(|c| is_name_of_place(**c)).count();
    let digit = plain.at(end).is_ascii_digit() || plain.at(end).is_ascii_uppercase();
    (end > at
        && digit
        && HOUSES.iter().any(|unit| plain.has(plain.skip(end, |c| c.is_ascii_alphanumeric()), unit)))
    .then_some(end)
}

/// Where the first division of an address begins.
fn division_start(plain: &Plain, begin: usize, house: usize) -> Option<usize> {
    let province = (begin..house).find(|at| PROVINCES.iter().any(|name| plain.has(*at, name)));
    if province.is_some() {
        return province;
    }
    let sign = (begin..house).find(|at| DIVISIONS.contains(plain.at(*at)) && *at > begin)?;
    let told = (begin..sign).rev().find(|at| {
        matches!(
            plain.at(*at),
            '在' | '到' | '住' | '址' | '是' | '往' | '至' | '给' | '于' | '為' | '为' | '家'
        )
    });
    Some(told.map_or(begin, |at| at + 1).max(sign.saturating_sub(5)))
}

fn is_name(c: char) -> bool {
    is_name_of_place(c) || c == ' ' || c.is_ascii_digit()
}

fn is_name_of_place(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}
