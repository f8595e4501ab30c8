//! A summary without a model: how the conversation began and how it ended.

use unicode_segmentation::UnicodeSegmentation;

use crate::core::prose;
use crate::domain::conversation::{Message, Role};

/// The most characters of each quotation. Both, with the words around them, stay under 400.
const MOST_QUOTED: usize = 175;
/// The fewest words of a meaningful sentence: "ok" and "good night" are not.
const LEAST_WORDS: usize = 3;

/// The first and the last meaningful sentence with their speakers, in at most 400 characters. Empty without messages.
pub(super) fn summarise(messages: &[Message]) -> String {
    let first = messages.iter().flat_map(meaningful).next();
    let last = messages.iter().rev().find_map(|message| meaningful(message).last());
    let (first, last) = match (first, last) {
        (Some(first), Some(last)) => (first, last),
        _ => match messages {
            [first, .., last] => (whole(first), whole(last)),
            [only] => (whole(only), whole(only)),
            [] => return String::new(),
        },
    };
    if first == last {
        format!("{} said: “{}”", name(first.0), first.1)
    } else {
        format!("{} began: “{}” {} ended: “{}”", name(first.0), first.1, name(last.0), last.1)
    }
}

type Quotation = (Role, String);

/// The sentences with enough words.
fn meaningful(message: &Message) -> impl Iterator<Item = Quotation> {
    prose::sentences(&message.content)
        .filter(|sentence| sentence.unicode_words().nth(LEAST_WORDS - 1).is_some())
        .map(|sentence| (message.role, prose::line(sentence, MOST_QUOTED)))
}

fn whole(message: &Message) -> Quotation {
    (message.role, prose::line(&message.content, MOST_QUOTED))
}

const fn name(role: Role) -> &'static str {
    match role {
        Role::User => "The player",
        Role::Nikita => "Nikita",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::summarise;
    use crate::domain::conversation::{Message, Role};

    fn user(content: &str) -> Message {
        Message { role: Role::User, content: content.to_owned() }
    }

    fn nikita(content: &str) -> Message {
        Message { role: Role::Nikita, content: content.to_owned() }
    }

    #[rstest]
    #[case::none(vec![], "")]
    #[case::two(
        vec![user("Hi. I got the new job! Yay."), nikita("That is wonderful. Tell me everything about it. Ok?")],
        "The player began: “I got the new job!” Nikita ended: “Tell me everything about it.”"
    )]
    #[case::short_ones_around(
        vec![user("ok"), nikita("Shall we cook tomorrow?"), user("yes")],
        "Nikita said: “Shall we cook tomorrow?”"
    )]
    #[case::nothing_meaningful(vec![user("hi"), nikita("hey you"), user("bye")], "The player began: “hi” The player ended: “bye”")]
    #[case::one_short(vec![user("hi")], "The player said: “hi”")]
    #[case::lines(vec![user("# I love\u{0} my dog\nand my cat too")], "The player began: “I love my dog” The player ended: “and my cat too”")]
    #[case::han(vec![user("我喜欢喝茶。")], "The player said: “我喜欢喝茶。”")]
    fn first_and_last(#[case] messages: Vec<Message>, #[case] expected: &str) {
        assert_eq!(summarise(&messages), expected);
    }

    #[test]
    fn never_over_400_characters() {
        let long = [user(&"word ".repeat(100_000)), nikita(&"yes ".repeat(100_000))];
        let short = summarise(&long);
        assert!(short.chars().count() <= 400, "{}", short.chars().count());
        assert!(short.starts_with("The player began: “word word"), "{short}");
    }
}
