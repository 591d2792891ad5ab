//! Scripts: what a reader sees as one character, and says as one syllable, stays whole.

use super::*;

const WHOLES: &[(&str, &str)] = &[
    ("a family", "👨‍👩‍👧‍👦"),
    ("a skin tone", "👍🏽"),
    ("a flag", "🇨🇳"),
    ("a flag of tags", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
    ("a keycap", "1\u{fe0f}\u{20e3}"),
    ("an accent", "e\u{301}"),
    ("two accents", "o\u{302}\u{301}"),
    ("a variation", "❤\u{fe0f}"),
    ("an ideograph's variation", "葛\u{e0100}"),
    ("Burmese", "မြို့"),
    ("Burmese, closed", "မြန်"),
    ("Burmese, stacked", "ဗုဒ္ဓ"),
    ("Burmese, kinzi", "အင်္ဂ"),
    ("Burmese, long vowel", "ကျောင်း"),
    ("Khmer", "ស្ត្រី"),
    ("Khmer, two stacked", "ខ្ញុំ"),
    ("Khmer, silenced", "យោជន៍"),
    ("Devanagari", "क्षि"),
    ("Devanagari, three", "स्त्री"),
    ("Devanagari, nukta", "ज़ि"),
    ("Bengali", "ক্ষো"),
    ("Bengali, ya", "ক্যা"),
    ("Gurmukhi", "ਕ੍ਰਿ"),
    ("Gujarati", "ક્ષિ"),
    ("Oriya", "କ୍ଷି"),
    ("Tamil", "கொ"),
    ("Tamil, conjunct", "க்ஷ"),
    ("Tamil, sri", "ஸ்ரீ"),
    ("Telugu", "క్షి"),
    ("Kannada", "ಕ್ಷಿ"),
    ("Malayalam", "ക്ഷി"),
    ("Sinhala", "ක්‍ෂි"),
    ("Sinhala, rakar", "ශ්‍රී"),
    ("Thai", "น้ำ"),
    ("Thai, leading", "เก้า"),
    ("Thai, closed", "กัน"),
    ("Thai, around", "เกีย"),
    ("Thai, silenced", "พิมพ์"),
    ("Thai, short", "ค่ะ"),
    ("Lao", "ເກົ້າ"),
    ("Lao, following", "ນ້ຳ"),
    ("Lao, closed", "ກັນ"),
    ("Tibetan", "བསྒྲུབས་"),
    ("Tibetan, stacked", "རྒྱ་"),
    ("Hangul", "\u{1112}\u{1161}\u{11ab}"),
    ("Balinese", "ᬓ᭄ᬱᬶ"),
    ("Javanese", "ꦏ꧀ꦱꦶ"),
    ("Tai Tham", "ᨠ᩠ᩅᩣ"),
    ("Tai Viet", "ꪹꪀ"),
    ("Japanese", "か\u{3099}"),
    ("Hebrew", "שָׁ"),
    ("Arabic", "مُّ"),
    ("a line break", "\r\n"),
];

#[test]
fn what_a_reader_sees_or_says_as_one_stays_whole() {
    for (script, whole) in WHOLES {
        for limit in 256..290 {
            for part in parts(&whole.repeat(150), limit) {
                assert_eq!(part.replace(whole, ""), "", "{script}: {part}");
            }
        }
    }
}

#[test]
fn the_next_part_never_begins_with_a_sign_that_needs_another() {
    let texts = [
        "ရန်ကုန်မြို့သည်မြန်မာနိုင်ငံ၏အကြီးဆုံးမြို့ဖြစ်သည်။",
        "ព្រះរាជាណាចក្រកម្ពុជាស្ថិតនៅអាស៊ីអាគ្នេយ៍។",
        "தமிழ்மொழியில்எழுதப்பட்டவாக்கியம்",
        "বাংলাভাষায়লেখাএকটিদীর্ঘবাক্য।",
        "संस्कृतेलिखितमेकंदीर्घंवाक्यम्।",
        "ภาษาไทยเขียนติดกันโดยไม่เว้นวรรคระหว่างคำ",
        "ພາສາລາວຂຽນຕິດກັນໂດຍບໍ່ຍະຫວ່າງ",
        "བོད་སྐད་ནི་བོད་ཀྱི་སྐད་ཡིག་ཡིན།",
        "සිංහලභාෂාවෙන්ලියූදිගුවාක්‍යයකි",
        "ഇന്ത്യയിലെമലയാളഭാഷയിലുള്ളവാക്യം",
        "తెలుగుభాషలోవ్రాసినపొడవైనవాక్యం",
    ];
    for text in texts {
        for limit in 256..320 {
            let parts = parts(&text.repeat(20), limit);
            for pair in parts.windows(2) {
                assert_ne!(
                    syllable::bond(&pair[0], &pair[1]),
                    syllable::Bond::Firm,
                    "{} | {}",
                    pair[0],
                    pair[1]
                );
                assert!(!pair[1].starts_with(|c| safety::is_blank(&String::from(c))), "{}", pair[1]);
                assert!(
                    !pair[0].ends_with(['\u{1039}', '\u{17d2}', '\u{94d}', '\u{dca}', 'เ', 'ไ', 'ເ']),
                    "{}",
                    pair[0]
                );
            }
        }
    }
}

#[test]
fn sentences_of_other_scripts_end_with_their_own_signs() {
    for sentence in ["នេះជាប្រយោគ។", "ဤသည်ဝါကျဖြစ်သည်။", "यहएकवाक्यहै।", "これは文です。", "“你好！”", "هذه جملة؟"]
    {
        let parts = parts(&sentence.repeat(30), 300);
        assert!(parts.iter().all(|part| part.replace(sentence, "").is_empty()), "{parts:?}");
    }
}

#[test]
fn no_part_begins_with_what_closes_or_ends_with_what_opens() {
    for text in ["字（中）", "字，", "字「中」", "«字»字、"] {
        for limit in 256..280 {
            let parts = parts(&text.repeat(100), limit);
            assert!(parts[1..].iter().all(|part| !part.starts_with(['）', '，', '」', '、'])), "{parts:?}");
            assert!(parts.iter().all(|part| !part.ends_with(['（', '「'])), "{parts:?}");
        }
    }
}

#[test]
fn words_of_other_scripts_stay_whole_between_ideographs() {
    for part in parts(&"请使用Kubernetes部署".repeat(60), 300) {
        assert_eq!(part.matches("Kubernetes").count(), part.matches('K').count(), "{part}");
        assert!(!part.starts_with(|c: char| c.is_ascii_lowercase()), "{part}");
    }
}

#[test]
fn what_cannot_be_kept_whole_is_cut_all_the_same() {
    for endless in ["\u{301}", "क्", "\u{200d}", "🇨", "เ", "ཀ", "a\u{a0}", "\u{1100}"] {
        assert!(parts(&endless.repeat(2_000), 256).len() > 3, "{endless:?}");
    }
}
