//! Whether anything in a text can be seen.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory as Category, PrependedConcatenationMark, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Invisible characters that have none of the properties below: the blank Braille pattern, the object replacement character, the
/// musical null notehead.
const FORMLESS: [char; 3] = ['\u{2800}', '\u{fffc}', '\u{1d159}'];

/// Whether nothing in the text can be seen: it is empty, or made of spaces of every kind, controls, format and tag characters,
/// fillers, and combining marks without a character to combine with. (Unicode Character Database: `White_Space`, `General_Category`,
/// `Default_Ignorable_Code_Point`.)
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

fn is_invisible(c: char) -> bool {
    match CodePointMapData::<Category>::new().get(c) {
        Category::Control
        | Category::SpaceSeparator
        | Category::LineSeparator
        | Category::ParagraphSeparator
        | Category::NonspacingMark
        | Category::SpacingMark
        | Category::EnclosingMark => true,
        // Some format characters are seen, such as the Arabic number sign.
        Category::Format => !CodePointSetData::new::<PrependedConcatenationMark>().contains(c),
        _ => {
            FORMLESS.contains(&c)
                || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
                || CodePointSetData::new::<WhiteSpace>().contains(c)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_blank() {
        for (what, text) in [
            ("nothing", ""),
            ("spaces and lines", " \t\r\n\u{b}\u{c}\u{85}\u{2028}\u{2029}"),
            ("every width of space", "\u{a0}\u{1680}\u{2000}\u{2005}\u{200a}\u{202f}\u{205f}\u{3000}"),
            ("zero width", "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{180e}"),
            ("direction", "\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\u{61c}"),
            ("soft hyphens and joiners", "\u{ad}\u{34f}\u{2061}\u{2064}\u{206a}"),
            ("variation selectors", "\u{fe00}\u{fe0f}\u{e0100}\u{180b}"),
            ("fillers", "\u{115f}\u{1160}\u{3164}\u{ffa0}\u{17b4}"),
            ("an empty cell of Braille", "\u{2800}\u{2800}"),
            ("tags", "\u{e0001}\u{e0041}\u{e007f}"),
            ("marks alone", "\u{301}\u{20e3}\u{93e}\u{e34}\u{102f}"),
            ("controls", "\0\u{1}\u{7f}\u{9f}"),
            ("annotations and objects", "\u{fff9}\u{fffb}\u{fffc}"),
            ("code points kept for this", "\u{2065}\u{fff0}\u{e0fff}"),
            ("music", "\u{1d159}\u{1d173}"),
            ("several of them", " \u{200b}\n\u{3164}\u{fe0f}\u{a0}"),
        ] {
            assert!(is_blank(text), "{what}");
        }
    }

    #[test]
    fn what_somebody_sees_is_not() {
        for text in [
            "a",
            "字",
            ".",
            "…",
            "?",
            "👍",
            "🏽",
            "🇨",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "က\u{102f}",
            "\u{6dd}",
            "\u{600}",
            "\u{2801}",
            "\u{1100}",
            "\u{fffd}",
            "\u{e000}",
            "\u{200b}!\u{200b}",
            "\u{e0041}x",
            "_",
            "`",
            "\u{2c7}",
        ] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
