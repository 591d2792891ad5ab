//! Messages that tell the bot to do something instead of asking it.

use catalogue::dialogue::{Command, Commands};
use safety::Folded;

/// Longest text that may be a command, in bytes: a rating may have a remark.
const LONGEST: usize = 4 * 1_024;
/// The best rating.
const BEST: u32 = 5;

/// The words of an app's commands, folded, the longest first.
#[derive(Debug)]
pub(crate) struct CommandWords(Vec<(Vec<char>, Command)>);

/// A command that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) command: Command,
    /// From 1 to 5; none for what is no rating, or has no such number.
    pub(crate) rating: Option<u8>,
}

impl CommandWords {
    /// Of an app.
    pub(crate) fn of(commands: &Commands) -> Self {
        let folded = |word: &String| Folded::of(word.trim()).chars().to_vec();
        let of = |(command, words): (&Command, &Vec<String>)| {
            words.iter().map(|word| (folded(word), *command)).collect::<Vec<_>>()
        };
        let mut words: Vec<_> = commands.words.iter().flat_map(of).collect();
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self(words)
    }

    /// The command that a text is: one of the words and nothing else; behind a word of `rate`, a number and what else is said.
    pub(crate) fn read(&self, text: &str) -> Option<Given> {
        if self.0.is_empty() || text.len() > LONGEST {
            return None;
        }
        let folded = Folded::of(text.trim());
        let said = folded.chars();
        self.0.iter().find_map(|(word, command)| {
            let rest = said.strip_prefix(word.as_slice())?;
            let is_it = match command {
                Command::Rate => rest.first().is_none_or(|c| c.is_whitespace() || c.is_ascii_digit()),
                _ => rest.is_empty(),
            };
            let rating = if *command == Command::Rate { rating(rest) } else { None };
            is_it.then_some(Given { command: *command, rating })
        })
    }
}

/// The number from 1 to 5 that stands first.
fn rating(rest: &[char]) -> Option<u8> {
    let mut rest = rest.iter().skip_while(|c| c.is_whitespace());
    let number = rest.next()?.to_digit(10).filter(|number| (1..=BEST).contains(number))?;
    let ends = rest.next().is_none_or(|c| !c.is_ascii_digit());
    u8::try_from(number).ok().filter(|_| ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> CommandWords {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let commands = Commands {
            words: [
                (Command::New, words(&["/new", "新会话"])),
                (Command::Rate, words(&["/rate", "评分"])),
                (Command::Person, words(&["人工", "转人工"])),
            ]
            .into(),
            ..Commands::default()
        };
        CommandWords::of(&commands)
    }

    #[test]
    fn a_message_is_a_command_when_it_says_a_word_and_nothing_else_however_it_is_written() {
        let read = |text: &str| words().read(text).map(|given| given.command);
        for text in ["/new", " /NEW ", "／ｎｅｗ", "新會話", "/n\u{200b}ew"] {
            assert_eq!(read(text), Some(Command::New), "{text:?}");
        }
        assert_eq!(read("轉人工"), Some(Command::Person));
        for text in ["", "/news", "/new please", "what is /new", "我要人工服务", "人工智能"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_rating_is_a_number_from_one_to_five_with_or_without_a_remark() {
        let read = |text: &str| words().read(text).map(|given| given.rating);
        assert_eq!(read("/rate 5"), Some(Some(5)));
        assert_eq!(read("评分４"), Some(Some(4)));
        assert_eq!(read("/rate 1 太慢了"), Some(Some(1)));
        for unclear in ["/rate", "/rate 6", "/rate 0", "/rate 55", "/rate good"] {
            assert_eq!(read(unclear), Some(None), "{unclear:?}");
        }
        assert_eq!(read("评分标准是什么"), None);
        assert_eq!(read(&format!("/rate 5 {}", "x".repeat(LONGEST))), None);
    }
}
