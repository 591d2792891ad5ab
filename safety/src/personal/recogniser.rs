//! Finds the personal data in a text.

use std::ops::Range;

use super::armour::Armour;
use super::date::Years;
use super::hit::{Hit, settle};
use super::kind::Kind;
use super::plain::{Plain, numeral};
use super::run::Run;
use super::secret::Secrets;
use super::{account, address, birth, card, email, identity, network, permit, phone, plate, street};

/// A datum of a person in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, in bytes of the text.
    pub span: Range<usize>,
}

/// Newest year of birth that [`Recogniser::default`] believes. Rules have no clock, so that it lies some years ahead: an identity number of
/// somebody born under a release that is still in use counts, and a day that has not come yet does for so long as well. Raised with the rules.
pub const NEWEST_BIRTH_YEAR: u32 = 2029;

/// Finds personal data. One recogniser serves any number of texts, one after the other, and keeps its buffers; it remembers nothing.
#[derive(Debug)]
pub struct Recogniser {
    years: Years,
    plain: Plain,
    run: Run,
    armour: Armour,
    secrets: Secrets,
    hits: Vec<Hit>,
}

impl Default for Recogniser {
    fn default() -> Self {
        Self::new(NEWEST_BIRTH_YEAR)
    }
}

impl Recogniser {
    /// A recogniser to which dates of birth after that year are none.
    pub fn new(newest_birth_year: u32) -> Self {
        let years = Years { newest: newest_birth_year };
        let (plain, run, hits) = (Plain::default(), Run::default(), Vec::new());
        Self { years, plain, run, armour: Armour::default(), secrets: Secrets::default(), hits }
    }

    /// The personal data of a text, in its order and without overlaps. A stretch that could be several things is the one with most
    /// behind it: check digits come before fixed forms, and these before words around a number.
    pub fn recognise(&mut self, text: &str) -> Vec<Recognised> {
        if !may_hold(text) {
            return Vec::new();
        }
        self.plain.refill(text);
        self.armour.reset();
        self.secrets.reset();
        self.hits.clear();
        for at in 0..self.plain.len() {
            self.look(at);
        }
        settle(&mut self.hits);
        let recognised = self.hits.drain(..).filter_map(|hit| {
            let span = self.plain.source(hit.range)?;
            Some(Recognised { kind: hit.kind, span })
        });
        recognised.collect()
    }

    /// Looks for what begins at a position.
    fn look(&mut self, at: usize) {
        let (plain, hits) = (&self.plain, &mut self.hits);
        let (c, last) = (plain.at(at), plain.before(at));
        match c {
            '@' => email::find(plain, at, hits),
            ':' => network::find_compressed(plain, at, hits),
            '-' if last != '-' => self.armour.find(plain, at, hits),
            c if c.is_ascii_alphanumeric() => {
                if !last.is_ascii_alphanumeric() {
                    network::find(plain, at, hits);
                    account::find(plain, at, hits);
                    self.secrets.find(plain, at, hits);
                    birth::find(plain, at, self.years, hits);
                    address::find(plain, at, hits);
                    street::find(plain, at, hits);
                    self.look_at_number(at);
                } else if c.is_ascii_digit() && last.is_ascii_alphabetic() {
                    account::find(plain, at, hits);
                    self.look_at_number(at);
                }
            }
            c if plate::begins(c) => plate::find(plain, at, hits),
            c if numeral(c).is_some() && numeral(last).is_none() => birth::find(plain, at, self.years, hits),
            _ => {}
        }
    }

    /// Looks for the number that begins at a position with a letter or digit.
    fn look_at_number(&mut self, at: usize) {
        let (plain, run, hits) = (&self.plain, &mut self.run, &mut self.hits);
        // Numbers of accounts, people and documents have a digit among their first four characters.
        if !(at..at + 4).any(|at| plain.at(at).is_ascii_digit()) {
            return;
        }
        run.read(plain, at);
        if run.text.len() < 7 {
            return;
        }
        phone::find(plain, run, at, hits);
        card::find(plain, run, at, hits);
        identity::find(plain, run, at, self.years, hits);
        permit::find(plain, run, at, hits);
    }
}

/// Fewest letters in a row that can be a key.
const LONGEST_WORD: u32 = 16;

/// Whether a text can hold personal data at all: almost every kind has a digit or `@`; a hardware address can do with letters and
/// colons, a key with letters alone, and an id of WeChat has the name before it.
fn may_hold(text: &str) -> bool {
    let (mut letters, mut last) = (0, '\0');
    for c in text.chars() {
        let holds = match c {
            '0'..='9' | '@' => true,
            'a'..='z' | 'A'..='Z' => {
                letters += 1;
                letters >= LONGEST_WORD
                    || (matches!(last, 'w' | 'W' | 'v' | 'V') && matches!(c, 'x' | 'X' | 'e' | 'E'))
            }
            ':' | '：' => last.is_ascii_hexdigit(),
            '-' => last == '-',
            '\0'..='\x7f' => false,
            '微' | '薇' | '威' | '徽' | '信' => true,
            '\u{4e00}'..='\u{9fff}' => numeral(c).is_some(),
            '\u{3000}'..='\u{30ff}'
            | '\u{2010}'..='\u{2027}'
            | '\u{ff01}'..='\u{ff0f}'
            | '\u{ff1b}'..='\u{ff1f}' => false,
            _ => true,
        };
        if holds {
            return true;
        }
        if !c.is_ascii_alphabetic() {
            letters = 0;
        }
        last = c;
    }
    false
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    /// What hostile texts are made of, with `~` between.
    const PIECES: &str = "a~1~a1~A1-~1 ~1-~1.~1:~::~:1~a:~(~(1)~1(~-~- ~@~@a.~a@~a@a.~a.~.a~1/~/1~x1,~13~138 ~6222~sk-~eyJ~\
        eyJa.~1+~a=~+86~-----BEGIN ~-----BEGIN PRIVATE KEY\n~-----BEGIN PRIVATE KEY-----\n~京A~京~省市路1号~路1~市~微信~微信1~wx~\
        wx1~qq1~一~一二~一 ~1年~年1月~生日~出生1~key=~key=a1~KEY-----aGVs+86~=a~%1~_1~+86~86 ~👩\u{200d}~👍🏽~\u{200b}~\u{301}~１~①~https://a/1~\
        a/~?a=1&";

    /// Most times that a character is asked for, on the average of a text.
    const MOST_READS: usize = 800;

    /// Characters that are asked for to judge a text of this piece again and again.
    fn reads(piece: &str, characters: usize) -> usize {
        reads_of(&piece.chars().cycle().take(characters).collect::<String>())
    }

    fn reads_of(text: &str) -> usize {
        let mut recogniser = Recogniser::default();
        recogniser.recognise(text);
        recogniser.plain.reads.load(Ordering::Relaxed)
    }

    #[test]
    fn the_work_grows_as_the_text_does_whatever_it_is_made_of() {
        let mut grows = String::new();
        let mut most = (0, "");
        for piece in PIECES.split('~') {
            let (short, long) = (reads(piece, 4_000), reads(piece, 16_000));
            most = most.max((long / 16_000, piece));
            if long > 5 * short + 10_000 || long > MOST_READS * 16_000 {
                grows += &format!("{piece:?}: {short} for 4,000 characters, {long} for 16,000\n");
            }
        }
        println!("most reads of a character: {most:?}");
        assert!(grows.is_empty(), "{grows}");
    }

    #[test]
    fn the_one_last_line_of_many_private_keys_is_read_once() {
        let reads = |count: usize| {
            let (begins, title) = ("-----BEGIN PRIVATE KEY\n".repeat(count), "~".repeat(20 * count));
            reads_of(&format!("{begins}-----END {title}-----"))
        };
        let (short, long) = (reads(100), reads(400));
        assert!(long <= 5 * short, "{short} for 100 first lines, {long} for 400");
    }
}
