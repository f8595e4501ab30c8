//! The provenance of a memory: the quote from the transcript that supports it (spec 04).

use unicode_normalization::UnicodeNormalization;

use crate::domain::conversation::{Message, Role};
use crate::domain::memory::GraphType;

/// The fewest characters of a quote, without blanks. A shorter quote must be the whole message.
const LEAST: usize = 4;

/// The message in which a quote begins; `None` if nobody said it, or not the right speaker: a fact about the player needs the
/// player's words, a fact about Nikita hers, and a fact about both the words of either.
///
/// White space, case, compatible letters, and the shapes of quotation marks and dashes make no difference. A quote can span
/// several lines of a message, and consecutive messages of one speaker.
#[must_use]
pub fn find(quote: &str, about: GraphType, messages: &[Message]) -> Option<usize> {
    let quote = normal(quote);
    let quote = quote.trim_matches(|char: char| !char.is_alphanumeric());
    let quote = quote.strip_prefix("user: ").or_else(|| quote.strip_prefix("nikita: ")).unwrap_or(quote);
    if quote.is_empty() {
        return None;
    }
    let short = quote.chars().filter(|char| !char.is_whitespace()).count() < LEAST;
    let speaks = |role| match about {
        GraphType::User => role == Role::User,
        GraphType::Nikita => role == Role::Nikita,
        GraphType::Relationship => true,
    };
    let mut first = 0;
    for turn in messages.chunk_by(|one, next| one.role == next.role) {
        let said: Vec<String> = turn.iter().map(|message| normal(&message.content)).collect();
        let found = if short {
            said.iter().position(|said| said.trim_matches(|char: char| !char.is_alphanumeric()) == quote)
        } else {
            place(&said, quote)
        };
        if let Some(offset) = found.filter(|_| speaks(turn[0].role)) {
            return Some(first + offset);
        }
        first += turn.len();
    }
    None
}

/// The index of the message in which a quote begins, within one turn.
fn place(said: &[String], quote: &str) -> Option<usize> {
    let at = said.join(" ").find(quote)?;
    let mut end = 0;
    said.iter().position(|message| {
        end += message.len() + 1;
        at < end
    })
}

/// Lower case, compatible letters in one form, single blanks, plain quotation marks and dashes, no invisible characters.
fn normal(text: &str) -> String {
    let folded = text.nfkc().flat_map(char::to_lowercase).nfkc().filter_map(|char| match char {
        '‘' | '’' | '‚' | '‛' | 'ʼ' | '′' | '`' => Some('\''),
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' => Some('"'),
        '‐'..='―' | '−' => Some('-'),
        char if super::text::is_unseen(char) || char.is_control() && !char.is_whitespace() => None,
        char => Some(char),
    });
    let folded: String = folded.collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn transcript() -> Vec<Message> {
        let said = |role, content: &str| Message { role, content: content.to_owned() };
        vec![
            said(Role::User, "Hi!"),
            said(Role::Nikita, "I grew up by the sea. You work too much."),
            said(Role::User, "I work as a\n  nurse in “Lisbon”"),
            said(Role::User, "since last year, ﬁnally"),
            said(Role::Nikita, "はい、わかりました"),
            said(Role::User, "Я работаю медсестрой. Café-Besitzerin bin ich auch"),
        ]
    }

    #[rstest]
    #[case::as_it_stands("I work as a\n  nurse", GraphType::User, Some(2))]
    #[case::over_lines_and_case("i WORK as a nurse in \"lisbon\"", GraphType::User, Some(2))]
    #[case::over_messages("nurse in “Lisbon” since last year, finally", GraphType::User, Some(2))]
    #[case::in_the_second_of_a_turn("last year", GraphType::User, Some(3))]
    #[case::cyrillic("РАБОТАЮ медсестрой", GraphType::User, Some(5))]
    #[case::decomposed("Cafe\u{301}\u{2011}besitzerin", GraphType::User, Some(5))]
    #[case::japanese("わかりました", GraphType::Nikita, Some(4))]
    #[case::with_its_speaker("nikita: I grew up by the sea", GraphType::Nikita, Some(1))]
    #[case::in_marks("\"I grew up by the sea.\"", GraphType::Nikita, Some(1))]
    #[case::a_short_one_that_is_all("hi", GraphType::User, Some(0))]
    #[case::of_the_two("You work too much", GraphType::Relationship, Some(1))]
    #[case::her_words_about_the_player("You work too much", GraphType::User, None)]
    #[case::the_players_words_about_her("I work as a nurse", GraphType::Nikita, None)]
    #[case::invented("I work as a pilot", GraphType::User, None)]
    #[case::paraphrased("The player works as a nurse", GraphType::User, None)]
    #[case::over_two_speakers("Hi! I grew up", GraphType::Relationship, None)]
    #[case::a_crumb("as", GraphType::User, None)]
    #[case::nothing(" … ", GraphType::User, None)]
    fn a_quote_is_found_where_it_was_said(#[case] quote: &str, #[case] about: GraphType, #[case] at: Option<usize>) {
        assert_eq!(find(quote, about, &transcript()), at);
    }
}
