//! Characters that join the one before them, as Unicode's canonical composition does: Hangul letters and the voicing of kana.

/// The voicing marks of kana.
pub(super) fn is_voicing(c: char) -> bool {
    matches!(c, VOICED | HALF_VOICED)
}

const VOICED: char = '\u{3099}';
const HALF_VOICED: char = '\u{309a}';

/// First syllable, and the first letters of each kind (Unicode Standard, 3.12, conjoining Jamo behaviour).
const SYLLABLES: u32 = 0xac00;
const LEADS: u32 = 0x1100;
const VOWELS: u32 = 0x1161;
const TAILS: u32 = 0x11a7;
const LEAD_COUNT: u32 = 19;
const VOWEL_COUNT: u32 = 21;
const TAIL_COUNT: u32 = 28;

/// The character that two characters make together.
pub(super) fn join(before: char, c: char) -> Option<char> {
    let at = before as u32;
    match c {
        VOICED => voiced(before),
        HALF_VOICED => matches!(before, 'は' | 'ひ' | 'ふ' | 'へ' | 'ほ' | 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ')
            .then(|| char::from_u32(at + 2))
            .flatten(),
        _ => {
            let lead = at.checked_sub(LEADS).filter(|n| *n < LEAD_COUNT);
            let vowel = (c as u32).checked_sub(VOWELS).filter(|n| *n < VOWEL_COUNT);
            if let (Some(lead), Some(vowel)) = (lead, vowel) {
                return char::from_u32(SYLLABLES + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT);
            }
            let tail = (c as u32).checked_sub(TAILS).filter(|n| (1..TAIL_COUNT).contains(n));
            let open = at
                .checked_sub(SYLLABLES)
                .filter(|n| *n < LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT && n % TAIL_COUNT == 0);
            open.and(tail).and_then(|tail| char::from_u32(at + tail))
        }
    }
}

/// The voiced form of a kana: が of か.
fn voiced(c: char) -> Option<char> {
    Some(match c {
        'う' => 'ゔ',
        'ウ' => 'ヴ',
        'ワ' => 'ヷ',
        'ヰ' => 'ヸ',
        'ヱ' => 'ヹ',
        'ヲ' => 'ヺ',
        'ゝ' => 'ゞ',
        'ヽ' => 'ヾ',
        'か' | 'き' | 'く' | 'け' | 'こ' | 'さ' | 'し' | 'す' | 'せ' | 'そ' | 'た' | 'ち' | 'つ' | 'て'
        | 'と' | 'は' | 'ひ' | 'ふ' | 'へ' | 'ほ' | 'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス'
        | 'セ' | 'ソ' | 'タ' | 'チ' | 'ツ' | 'テ' | 'ト' | 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' => {
            char::from_u32(c as u32 + 1)?
        }
        _ => return None,
    })
}
