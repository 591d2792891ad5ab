//! The language of a text, as far as labels differ: Chinese in one of its two scripts, English, or another one. A guess from letters and
//! the commonest words, made without any table larger than this page; it costs a walk over the first thousand characters.

use crate::labels::Language;

/// Characters that are looked at: what a text begins in is what it is in.
const MOST_CHARACTERS: usize = 1_000;
/// Characters of one script or the other that settle which it is.
const ENOUGH: usize = 40;
/// Longer English has at least one of its commonest words in every eight words.
const SHORT: usize = 6;

/// What is often written and differs between the scripts, each character beside its like. Characters that both scripts have in any
/// sense are not among them.
const SIMPLIFIED: &str = "这们个国来时会对说为过学发动产进种现经问间关长业实还没开从见电书车东马门话语让认请谢谁谓给红级线组结绍绝统继续练总体边达\
    运远连选应该当务员贵费买卖钱铁错钟银阅队阳阴际陆险难须领题风飞饭馆验鱼鸟黄龙齐两严丰临举义乐习乡亲众优伤传债储儿兰兴养写\
    军农决况净准减刘则刚创别剧劝办劲劳势励华协单卫厂厅历压县变号听启响团园围图圆圣场块坏坚声处备复够头夺妇妈宁宝审宽宾寻导将\
    尔尽层属岁岛帅师帐带帮广庆库异弃张弹强归录彻忆忧怀态惊惯战户扩扫护报担据损换摄摆摇数断无旧显晓暂术机杀杂权条极构标样树桥\
    检楼欢欧气汉汤沟泪泽洁测济浓涛润涨温湾满灭灯灵灾炼点烟热爱爷状独狮猎环";
const TRADITIONAL: &str = "這們個國來時會對說為過學發動產進種現經問間關長業實還沒開從見電書車東馬門話語讓認請謝誰謂給紅級線組結紹絕統繼續練總體邊達\
    運遠連選應該當務員貴費買賣錢鐵錯鐘銀閱隊陽陰際陸險難須領題風飛飯館驗魚鳥黃龍齊兩嚴豐臨舉義樂習鄉親眾優傷傳債儲兒蘭興養寫\
    軍農決況淨準減劉則剛創別劇勸辦勁勞勢勵華協單衛廠廳歷壓縣變號聽啟響團園圍圖圓聖場塊壞堅聲處備復夠頭奪婦媽寧寶審寬賓尋導將\
    爾盡層屬歲島帥師帳帶幫廣慶庫異棄張彈強歸錄徹憶憂懷態驚慣戰戶擴掃護報擔據損換攝擺搖數斷無舊顯曉暫術機殺雜權條極構標樣樹橋\
    檢樓歡歐氣漢湯溝淚澤潔測濟濃濤潤漲溫灣滿滅燈靈災煉點煙熱愛爺狀獨獅獵環";

/// The commonest words of English that no other language of Latin letters uses as often.
const ENGLISH: [&str; 34] = [
    "the", "and", "of", "to", "is", "you", "that", "it", "for", "are", "with", "this", "your", "be", "have",
    "not", "can", "from", "or", "if", "what", "which", "will", "here", "how", "would", "there", "they",
    "was", "my", "please", "we", "he", "i",
];
/// The commonest words of others.
const OTHERS: [&str; 40] = [
    "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "sie", "mit", "le", "la", "les", "des", "est",
    "et", "une", "pour", "vous", "el", "los", "que", "por", "con", "para", "una", "di", "che", "il", "del",
    "não", "uma", "os", "het", "een", "yang", "dan", "untuk", "dengan", "och",
];

/// What was counted in a text.
#[derive(Debug, Default)]
struct Count {
    han: usize,
    simplified: usize,
    traditional: usize,
    /// Kana, which tells Japanese from Chinese.
    kana: usize,
    /// Words in Latin letters, those among them that are English by their letters, and the commonest ones.
    words: usize,
    english: usize,
    others: usize,
    /// Letters that English has not, and those of all other scripts.
    foreign: usize,
}

/// The language of an answer or, where nothing in it tells, of what was asked. `None` is any other one.
pub fn language_of<'a>(answer: &'a str, asked: impl IntoIterator<Item = &'a str>) -> Option<Language> {
    [answer].into_iter().chain(asked).map(Count::of).find(Count::tells).and_then(|count| count.language())
}

impl Count {
    /// Counts what stands outside of code.
    fn of(text: &str) -> Self {
        let mut count = Self::default();
        let mut left = MOST_CHARACTERS;
        let mut in_code = false;
        for line in text.lines() {
            let start = line.trim_start_matches([' ', '\t', '>', '-', '*', '+']);
            if start.starts_with("```") || start.starts_with("~~~") {
                in_code = !in_code;
            } else if !in_code {
                count
                    .line(line.char_indices().nth(left).and_then(|(end, _)| line.get(..end)).unwrap_or(line));
            }
            left = left.saturating_sub(line.chars().count() + 1);
            if left == 0 {
                break;
            }
        }
        count
    }

    fn line(&mut self, line: &str) {
        for word in line.split(|c: char| !c.is_alphabetic() && c != '\'') {
            let mut latin = false;
            for c in word.chars() {
                match c {
                    'a'..='z' | 'A'..='Z' => latin = true,
                    '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => self.kana += 1,
                    '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' => {
                        self.han(c)
                    }
                    '\'' => {}
                    _ => self.foreign += 1,
                }
            }
            if latin {
                self.word(word.trim_start_matches(|c: char| !c.is_ascii()));
            }
        }
    }

    fn han(&mut self, c: char) {
        self.han += 1;
        if self.simplified + self.traditional >= ENOUGH {
            return;
        }
        match (SIMPLIFIED.contains(c), TRADITIONAL.contains(c)) {
            (true, false) => self.simplified += 1,
            (false, true) => self.traditional += 1,
            _ => {}
        }
    }

    fn word(&mut self, word: &str) {
        self.words += 1;
        let is = |known: &&str| known.eq_ignore_ascii_case(word);
        self.english += usize::from(ENGLISH.iter().any(is));
        self.others += usize::from(OTHERS.iter().any(is));
    }

    /// There is a word in it.
    fn tells(&self) -> bool {
        self.han + self.kana + self.words + self.foreign > 0
    }

    fn language(&self) -> Option<Language> {
        let Self { han, kana, words, foreign, .. } = *self;
        if han >= words && han > foreign && kana * 10 <= han {
            let is_traditional = self.traditional > self.simplified;
            return Some(if is_traditional { Language::ZhHant } else { Language::ZhHans });
        }
        let is_usual = words < SHORT || self.english * 8 >= words;
        let is_english = self.others <= self.english / 2 && is_usual && foreign * 8 <= words;
        (words > han + kana && is_english).then_some(Language::En)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(answer: &str) -> Option<Language> {
        language_of(answer, [])
    }

    #[test]
    fn both_scripts_of_chinese_and_english_are_told_apart() {
        for simplified in [
            "您好,请打开设置,然后选择网络。",
            "可以。",
            "**这是** OpenAI 的 API,请看 `curl -X POST` 的说明。",
            "好的👍",
            "里面有七个苹果,价格是 30 元。",
        ] {
            assert_eq!(language(simplified), Some(Language::ZhHans), "{simplified}");
        }
        for traditional in
            ["您好,請打開設定,然後選擇網路。", "這個問題我們還沒有解決。", "係咁樣嘅話,請話畀我哋知。"]
        {
            assert_eq!(language(traditional), Some(Language::ZhHant), "{traditional}");
        }
        for english in [
            "Open Settings, then choose Network.",
            "Sure!",
            "Hello, 小明! Here is what you asked for: the badge office is on the second floor.",
            "I don't know.",
            "The word 你好 means hello.",
            "A naïve approach is to sort the list; it works for a short one.",
        ] {
            assert_eq!(language(english), Some(Language::En), "{english}");
        }
    }

    #[test]
    fn other_languages_are_neither() {
        for other in [
            "設定を開いて、ネットワークを選んでください。",
            "ネットワークは正常です。",
            "설정을 열고 네트워크를 선택하세요.",
            "Откройте настройки и выберите сеть.",
            "Öffnen Sie die Einstellungen und wählen Sie das Netzwerk.",
            "Ouvrez les paramètres et choisissez le réseau pour vous connecter.",
            "Abra la configuración y elija la red que quiere usar.",
            "Buka pengaturan dan pilih jaringan yang tersedia untuk Anda.",
            "เปิดการตั้งค่าแล้วเลือกเครือข่าย",
            "Mở cài đặt và chọn mạng.",
        ] {
            assert_eq!(language(other), None, "{other}");
        }
    }

    #[test]
    fn code_does_not_tell_and_an_answer_without_words_is_in_the_language_of_the_question() {
        let code = "```rust\nfn the_main() { let you = that; }\n```";
        assert_eq!(language(&format!("代码如下:\n{code}")), Some(Language::ZhHans));
        for answer in ["42", code, "👍", "```\nprint('hi')\n", ""] {
            assert_eq!(language_of(answer, ["7 乘以 6 是多少?"]), Some(Language::ZhHans), "{answer}");
            assert_eq!(language_of(answer, ["?", "What is 6 times 7?"]), Some(Language::En), "{answer}");
            assert_eq!(language_of(answer, ["6 × 7 ?"]), None, "{answer}");
        }
    }

    #[test]
    fn what_follows_a_thousand_characters_is_not_looked_at() {
        let text = format!("{}{}", "请看说明。".repeat(1_000), "the end of it is here. ".repeat(100_000));
        assert_eq!(language(&text), Some(Language::ZhHans));
    }

    #[test]
    fn the_two_scripts_are_listed_side_by_side() {
        let pairs: Vec<_> = SIMPLIFIED.chars().zip(TRADITIONAL.chars()).collect();
        assert_eq!((SIMPLIFIED.chars().count(), TRADITIONAL.chars().count()), (pairs.len(), pairs.len()));
        for (simplified, traditional) in pairs {
            assert!(!TRADITIONAL.contains(simplified) && !SIMPLIFIED.contains(traditional), "{simplified}");
        }
    }
}
