//! Addresses of computers: IPv4, IPv6, and the hardware addresses of interfaces.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use super::context::{after, before, names};
use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;
use super::words::Words;

/// Words that say that four numbers are a version, a chapter or a clause.
static VERSIONS: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "版本|版本号|版本號|版|固件|韧体|韌體|升级到|升級到|更新到|更新至|升级至|降级到|升到|更新|\
         升级|内核|驱动|章节|章節|第|小节|条款|章|节|见|參見|version|versions|ver|v|release|firmware|\
         build|upgrade to|upgraded to|update to|updated to|revision|rev|section|chapter|clause|sdk|\
         api|kernel|driver|patch|app|chrome|windows|android|ios|软件",
    )
});
/// Words that say it from a little way off.
static RELEASES: LazyLock<Words> = LazyLock::new(|| {
    Words::of("版本|version|固件|firmware|升级|升級|更新到|更新至|release|软件|軟件|系统版|内核")
});
/// Words that say it after the number.
static BEHIND: LazyLock<Words> =
    LazyLock::new(|| Words::of("版本|版|章|节|小节|條|条|version|release|build"));
/// Names of a hardware address written without separators.
static INTERFACE: LazyLock<Words> =
    LazyLock::new(|| Words::of("mac|mac地址|mac address|mac addr|物理地址|网卡地址|网卡|bssid|hwaddr"));
/// Words that say that a number is an address.
static ADDRESSES: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "ip|ipv4|ipv6|ip地址|地址|服务器|伺服器|服務器|主机|主機|网关|網關|dns|登录|登錄|登入|ping|\
         ssh|telnet|host|server|gateway|from|curl|网段|子网|client|remote|addr|address|端口|访问|\
         节点|机器|连接|proxy|代理|来自|源|封禁",
    )
});
static HARDWARE: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "mac|物理地址|网卡|網卡|硬件地址|mac地址|bssid|hwaddr|ethernet|以太网|蓝牙|藍牙|bluetooth|\
         wifi|设备",
    )
});

/// Most characters of an IPv6 address: six groups of four digits and an IPv4 address.
const LONGEST_IPV6: usize = 45;

/// Finds the address that begins at a position, before which no letter or digit stands.
pub(super) fn find(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    let end = plain.skip(start, |c| c.is_ascii_hexdigit());
    match plain.at(end) {
        ':' if end - start <= 4 => {
            find_hardware(plain, start, ':', hits);
            find_ipv6(plain, start, hits);
        }
        '-' if end - start == 2 => find_hardware(plain, start, '-', hits),
        '.' | '。' if (1..=3).contains(&(end - start)) => find_ipv4(plain, start, hits),
        '.' if end - start == 4 => find_dotted_hardware(plain, start, hits),
        _ if end - start == 12 => find_bare_hardware(plain, start..end, hits),
        _ => {}
    }
}

fn find_ipv4(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    let Some((octets, end)) = octets(plain, start) else { return };
    let (last, next) = (plain.before(start), plain.at(end));
    let continued = next.is_ascii_alphanumeric()
        || (matches!(next, '.' | '-' | '_' | '。') && plain.at(end + 1).is_ascii_alphanumeric());
    let piece = last.is_ascii_alphanumeric()
        || (matches!(last, '.' | '-' | '_' | '/' | '@')
            && plain.at(start.wrapping_sub(2)).is_ascii_alphanumeric()
            && !is_user(plain, start));
    if continued || piece {
        return;
    }
    let called = || {
        names(plain, start, &ADDRESSES)
            || before(plain, start, &ADDRESSES, 10)
            || after(plain, end, &ADDRESSES, 6)
            || next == ':'
            || next == '/'
    };
    let version =
        names(plain, start, &VERSIONS) || before(plain, start, &RELEASES, 8) || after(plain, end, &BEHIND, 4);
    let small = octets.first().is_some_and(|first| *first < 10) && octets.iter().all(|octet| *octet < 100);
    let is_address = if version {
        names(plain, start, &ADDRESSES) && !names(plain, start, &VERSIONS)
    } else {
        !small || called()
    };
    if is_address {
        hits.push(Hit { kind: Kind::Ipv4, range: start..end });
    }
}

/// Whether a name and `@` stand before a host: `root@10.0.0.1`.
fn is_user(plain: &Plain, start: usize) -> bool {
    plain.before(start) == '@'
}

fn octets(plain: &Plain, start: usize) -> Option<([u8; 4], usize)> {
    let mut text = String::with_capacity(15);
    let mut at = start;
    for part in 0..4 {
        let end = plain.skip(at, |c| c.is_ascii_digit());
        if end == at || end - at > 3 {
            return None;
        }
        text.extend(plain.slice(at..end));
        at = end;
        if part < 3 {
            if !matches!(plain.at(at), '.' | '。') {
                return None;
            }
            text.push('.');
            at += 1;
        }
    }
    Some((text.parse::<Ipv4Addr>().ok()?.octets(), at))
}

fn find_ipv6(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    // A longer run is none, and is not read to its end from each of its groups.
    let run = plain.slice(start..plain.len().min(start + LONGEST_IPV6 + 1)).iter();
    let mut end = start + run.take_while(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.')).count();
    while matches!(plain.before(end), '.')
        || (plain.before(end) == ':' && plain.at(end.wrapping_sub(2)) != ':')
    {
        end -= 1;
    }
    if end <= start + 2 || end - start > LONGEST_IPV6 || plain.at(end).is_ascii_alphanumeric() {
        return;
    }
    let text: String = plain.slice(start..end).iter().collect();
    let Ok(address) = text.parse::<Ipv6Addr>() else { return };
    if plain.before(start) == ':'
        && plain.at(start.wrapping_sub(2)).is_ascii_alphanumeric()
        && plain.at(start) != ':'
    {
        return;
    }
    // Eight pairs are a fingerprint or a longer hardware address.
    let full = !text.contains("::") && text.split(':').any(|group| group.len() > 2);
    let global = matches!(address.segments()[0], 0x2000..=0x3fff | 0xfc00..=0xfdff | 0xfe80..=0xfebf | 0xff00..=0xffff);
    let groups = address.segments().iter().filter(|segment| **segment != 0).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let compressed = text.contains("::") && ((global && digits > 0) || (groups >= 3 && digits > 2));
    let likely = full || compressed;
    if likely || text.starts_with("::ffff:") || before(plain, start, &ADDRESSES, 12) {
        hits.push(Hit { kind: Kind::Ipv6, range: start..end });
    }
}

/// Finds the compressed address that begins with two colons.
pub(super) fn find_compressed(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    let last = plain.before(start);
    if plain.at(start + 1) == ':'
        && plain.at(start + 2).is_ascii_hexdigit()
        && !last.is_alphanumeric()
        && !matches!(last, ':' | '_' | '>')
    {
        find_ipv6(plain, start, hits);
    }
}

/// Six pairs with one separator.
fn find_hardware(plain: &Plain, start: usize, separator: char, hits: &mut Vec<Hit>) {
    let end = start + 17;
    let formed = plain.slice(start..end).iter().enumerate().all(|(at, c)| match at % 3 {
        2 => *c == separator,
        _ => c.is_ascii_hexdigit(),
    });
    let (last, next) = (plain.before(start), plain.at(end));
    let goes_on = next.is_ascii_alphanumeric()
        || (matches!(next, ':' | '-') && plain.at(end + 1).is_ascii_hexdigit())
        || (matches!(last, ':' | '-') && plain.at(start.wrapping_sub(2)).is_ascii_hexdigit());
    let apart = plain.len() >= end && !goes_on;
    let lettered = plain.slice(start..end).iter().any(char::is_ascii_alphabetic);
    let told = || {
        names(plain, start, &HARDWARE)
            || before(plain, start, &HARDWARE, 16)
            || after(plain, end, &HARDWARE, 10)
    };
    if formed && apart && (separator == ':' || lettered || told()) {
        hits.push(Hit { kind: Kind::MacAddress, range: start..end });
    }
}

/// Three groups of four with dots.
fn find_dotted_hardware(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    let end = start + 14;
    let formed = plain.len() >= end
        && plain
            .slice(start..end)
            .iter()
            .enumerate()
            .all(|(at, c)| if at % 5 == 4 { *c == '.' } else { c.is_ascii_hexdigit() });
    let goes_on = plain.at(end).is_ascii_alphanumeric()
        || (plain.at(end) == '.' && plain.at(end + 1).is_ascii_alphanumeric());
    let apart = !goes_on && plain.before(start) != '.';
    let lettered = plain.slice(start..end).iter().any(char::is_ascii_alphabetic);
    let digits = plain.slice(start..end).iter().any(char::is_ascii_digit);
    let told = || before(plain, start, &HARDWARE, 16) || after(plain, end, &HARDWARE, 10);
    if formed && apart && ((lettered && digits) || told()) {
        hits.push(Hit { kind: Kind::MacAddress, range: start..end });
    }
}

/// Twelve digits without separators count when they are named.
fn find_bare_hardware(plain: &Plain, range: std::ops::Range<usize>, hits: &mut Vec<Hit>) {
    let next = plain.at(range.end);
    let goes_on =
        next.is_ascii_alphanumeric() || (next == '-' && plain.at(range.end + 1).is_ascii_alphanumeric());
    if !goes_on && names(plain, range.start, &INTERFACE) {
        hits.push(Hit { kind: Kind::MacAddress, range });
    }
}
