//! E-mail addresses.

use std::sync::LazyLock;

use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;
use super::words::Words;

/// Last labels of more than two letters that people have addresses under.
const DOMAINS: &str = " com net org edu gov mil int info biz name pro mobi tel travel jobs aero coop museum asia cat post arpa xxx \
    app dev xyz top club online shop store site tech vip wang cloud live work link group ltd art fun icu email today news blog page wiki \
    world life company center digital agency studio design media social team run zone city games network systems solutions services \
    software academy education university school health care space website press host win bid party date men loan trade chat cafe plus \
    red blue pink black gold ink kim mom beer love yoga fit law bank money finance fund credit insure tax legal doctor clinic dental \
    global international expert guru ninja rocks best cool guide help support tools works build house land estate properties restaurant \
    bar pub hotel flights tours photo photos pics video film movie music audio radio show theater fashion clothing jewelry shoes \
    football tennis golf bike auto cars taxi example test invalid localdomain local internal corp lan home ren beijing shanghai \
    tokyo london paris berlin nyc hamburg moscow swiss africa quebec eus gal bzh scot wales cymru ";

/// Countries' last labels, which are all that exist of two letters.
const COUNTRIES: &str = " ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca \
    cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi \
    gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb \
    lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om \
    pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf \
    tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw ";

/// Commands and programs before a user and host, which are no mail.
static REMOTE: LazyLock<Words> =
    LazyLock::new(|| Words::of("ssh|scp|sftp|rsync|mosh|git clone|ssh-copy-id|telnet"));

/// Finds the address around the sign at a position.
pub(super) fn find(plain: &Plain, sign: usize, hits: &mut Vec<Hit>) {
    let mut start = plain.skip_back(sign, is_local);
    while start < sign && matches!(plain.at(start), '.' | '-' | '_' | '+' | '%') {
        start += 1;
    }
    if start == sign || plain.before(sign) == '.' || sign - start > 64 {
        return;
    }
    let Some(end) = domain_end(plain, sign + 1) else { return };
    if !is_program(plain, start, sign, end) {
        hits.push(Hit { kind: Kind::Email, range: start..end });
    }
}

/// The end of a domain name that ends in a known label.
fn domain_end(plain: &Plain, start: usize) -> Option<usize> {
    let mut end = plain.skip(start, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    while matches!(plain.before(end), '.' | '-') && end > start {
        end -= 1;
    }
    let name: String = plain.slice(start..end).iter().map(char::to_ascii_lowercase).collect();
    let labels: Vec<&str> = name.split('.').collect();
    let (last, others) = labels.split_last()?;
    let known = |list: &str| list.split(' ').any(|known| known == *last);
    let formed = |label: &&str| {
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.len() <= 63
    };
    let top = if last.len() == 2 { known(COUNTRIES) } else { last.len() > 2 && known(DOMAINS) };
    (!others.is_empty() && top && others.iter().all(formed) && !is_retina(others)).then_some(end)
}

/// Whether the name is that of a picture for fine screens: `icon@2x.ai`.
fn is_retina(labels: &[&str]) -> bool {
    labels.first().is_some_and(|label| {
        label.len() == 2 && label.ends_with('x') && label.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Whether the text is an order to a program: a path follows the host, or a command stands before.
fn is_program(plain: &Plain, start: usize, sign: usize, end: usize) -> bool {
    let path = plain.at(end) == ':'
        && (plain.at(end + 1).is_ascii_alphanumeric() || matches!(plain.at(end + 1), '/' | '~'))
        && plain.before(start) != ':';
    let is_git = plain.slice(start..sign).iter().collect::<String>() == "git";
    let command_end = plain.skip_back(start, |c| c == ' ');
    let command = command_end < start && REMOTE.start_before(plain, command_end).is_some();
    let secret = matches!(plain.before(start), ':' | '/') && before_scheme(plain, start);
    path || is_git || command || secret
}

/// Whether user and password of a link stand before: `https://user:word@host`.
fn before_scheme(plain: &Plain, start: usize) -> bool {
    let from = plain.skip_back(start, |c| c.is_ascii_graphic() && c != '"');
    (from..start).any(|at| plain.has(at, "://"))
}

fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-')
}
