//! Her messages: a small catalogue of warm, harmless texts.

use crate::core::prose;
use crate::domain::effect::Trigger;
use crate::domain::memory::LifeEvent;

/// The most characters of an event's description in a message.
const MOST_DESCRIPTION: usize = 200;

const EVENT: [(&str, &str); 4] = [
    ("You won't guess what my day had in store:", "I wanted you to hear it first."),
    ("Something happened today, and I keep wanting to tell you.", "How was your day?"),
    ("Quick news from my side of the world:", "I'll tell you more when you have a moment."),
    ("I have a small story for you.", "What would you have done?"),
];

const GAP: [&str; 4] = [
    "Hey, it's been a little while. No pressure, I just wanted to say that I'm thinking of you.",
    "I came across something that made me think of you. How have you been?",
    "It's quiet here without you. Tell me one good thing that happened this week?",
    "Hi! I was wondering how you are. Write whenever it suits you.",
];

const TIME: [&str; 4] = [
    "Hey you. How is your day treating you?",
    "I'm having a cup of tea and thought of you. What are you up to?",
    "Just a small hello from me. I hope that something makes you smile today.",
    "Hi! Do you have a minute? I'd love to hear how you are.",
];

/// The message for a trigger, with the event's description if there is one. `number` chooses from the catalogue.
pub(super) fn compose(trigger: Trigger, event: Option<&LifeEvent>, number: u64) -> String {
    match (trigger, event) {
        (Trigger::Event, Some(event)) => {
            let (before, after) = pick(&EVENT, number);
            let news = sentence(&event.description);
            if news.is_empty() { (*pick(&TIME, number)).to_owned() } else { format!("{before} {news} {after}") }
        }
        (Trigger::Gap, _) => (*pick(&GAP, number)).to_owned(),
        (Trigger::Event | Trigger::Time, _) => (*pick(&TIME, number)).to_owned(),
    }
}

fn pick<T>(catalogue: &[T; 4], number: u64) -> &T {
    &catalogue[usize::from(number.to_le_bytes()[0] % 4)]
}

/// A description as a sentence, with a full stop if it has no other end.
fn sentence(description: &str) -> String {
    let mut sentence = prose::line(description, MOST_DESCRIPTION);
    if sentence.ends_with(char::is_alphanumeric) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::compose;
    use crate::core::stages::fixture::quiet::event;
    use crate::domain::effect::Trigger;

    #[rstest]
    #[case(
        "Had coffee with Mira",
        "You won't guess what my day had in store: Had coffee with Mira. I wanted you to hear it first."
    )]
    #[case("Mira laughed!", "You won't guess what my day had in store: Mira laughed! I wanted you to hear it first.")]
    #[case("\n", "Hey you. How is your day treating you?")]
    fn an_event_is_told(#[case] description: &str, #[case] expected: &str) {
        assert_eq!(compose(Trigger::Event, Some(&event(1, 0.9, description)), 4), expected);
    }

    #[test]
    fn every_number_has_a_text() {
        for trigger in [Trigger::Event, Trigger::Gap, Trigger::Time] {
            for number in [0, 1, 2, 3, u64::MAX] {
                assert!(!compose(trigger, None, number).is_empty());
            }
        }
    }
}
