//! What can happen to her: a plain, everyday life that suits every player.
//!
//! Rows may be added and reworded. A day that is stored stays as it is; one that is not yet made may come out otherwise.

/// A kind of event.
#[derive(Debug)]
pub struct Entry {
    /// `work`, `social` or `personal`.
    pub domain: &'static str,
    /// `morning`, `afternoon`, `evening` or `night`.
    pub time_of_day: &'static str,
    /// Unique in the catalogue.
    pub event_type: &'static str,
    /// One sentence about her.
    pub description: &'static str,
    /// Arousal, valence, dominance, intimacy: at most 0.15 either way, so that no event outweighs a conversation.
    pub impact: [f64; 4],
    /// 0.2–0.9. From 0.7 on it may be worth a message of hers (spec 04, touchpoint).
    pub importance: f64,
}

const fn entry(
    domain: &'static str,
    time_of_day: &'static str,
    event_type: &'static str,
    description: &'static str,
    impact: [f64; 4],
    importance: f64,
) -> Entry {
    Entry { domain, time_of_day, event_type, description, impact, importance }
}

const WORK: &str = "work";
const SOCIAL: &str = "social";
const PERSONAL: &str = "personal";

/// The domains, in no order that matters.
pub const DOMAINS: [&str; 3] = [WORK, SOCIAL, PERSONAL];

const MORNING: &str = "morning";
const AFTERNOON: &str = "afternoon";
const EVENING: &str = "evening";
const NIGHT: &str = "night";

/// The times of day, as a day goes.
pub const TIMES: [&str; 4] = [MORNING, AFTERNOON, EVENING, NIGHT];

/// Every event, at least three for each domain and time of day.
pub static CATALOGUE: [Entry; 40] = [
    entry(WORK, MORNING, "early_start", "She began early and had an hour to herself.", [0.05, 0.05, 0.05, 0.0], 0.2),
    entry(WORK, MORNING, "good_feedback", "Her work was praised in the team meeting.", [0.1, 0.15, 0.1, 0.0], 0.7),
    entry(WORK, MORNING, "late_train", "Her train was late and she missed a meeting.", [0.1, -0.1, -0.05, 0.0], 0.4),
    entry(WORK, MORNING, "new_project", "She was asked to lead a new project.", [0.15, 0.1, 0.15, 0.0], 0.9),
    entry(WORK, AFTERNOON, "hard_problem", "She solved a problem she was stuck on.", [0.1, 0.15, 0.1, 0.0], 0.6),
    entry(WORK, AFTERNOON, "deadline_moved", "A deadline was moved forward by a week.", [0.15, -0.1, -0.1, 0.0], 0.5),
    entry(WORK, AFTERNOON, "helped_colleague", "She helped a new colleague settle in.", [0.0, 0.1, 0.05, 0.05], 0.4),
    entry(WORK, EVENING, "finished_early", "She was done early and walked home.", [-0.05, 0.1, 0.0, 0.0], 0.3),
    entry(WORK, EVENING, "presentation", "She gave a talk, and people stayed to ask.", [0.15, 0.15, 0.1, 0.0], 0.8),
    entry(WORK, EVENING, "long_day", "She stayed late to put a mistake right.", [-0.1, -0.1, 0.0, 0.0], 0.5),
    entry(WORK, NIGHT, "night_idea", "An idea for work came to her in bed.", [0.1, 0.05, 0.05, 0.0], 0.3),
    entry(WORK, NIGHT, "course_lesson", "She took one more lesson of an online course.", [0.0, 0.05, 0.1, 0.0], 0.3),
    entry(WORK, NIGHT, "sent_application", "She applied for a grant she wants badly.", [0.15, 0.05, 0.05, 0.0], 0.7),
    entry(
        SOCIAL,
        MORNING,
        "neighbour_chat",
        "She chatted with a neighbour on the stairs.",
        [0.0, 0.05, 0.0, 0.05],
        0.2,
    ),
    entry(SOCIAL, MORNING, "coffee_with_friend", "She had coffee with an old friend.", [0.05, 0.1, 0.0, 0.1], 0.5),
    entry(SOCIAL, MORNING, "friends_baby", "A close friend wrote that her baby is born.", [0.15, 0.15, 0.0, 0.1], 0.9),
    entry(SOCIAL, AFTERNOON, "park_walk", "She walked through the park with a friend.", [0.0, 0.1, 0.0, 0.05], 0.4),
    entry(SOCIAL, AFTERNOON, "gift_hunt", "She looked for a birthday present.", [0.05, 0.05, 0.0, 0.05], 0.3),
    entry(SOCIAL, AFTERNOON, "friend_cancelled", "A friend called off their lunch.", [-0.05, -0.1, 0.0, -0.05], 0.4),
    entry(SOCIAL, EVENING, "dinner_party", "She had friends over for dinner.", [0.1, 0.15, 0.05, 0.1], 0.7),
    entry(SOCIAL, EVENING, "board_games", "She lost at board games and laughed a lot.", [0.1, 0.1, -0.05, 0.05], 0.4),
    entry(SOCIAL, EVENING, "family_call", "She had a long call with her mother.", [-0.05, 0.05, 0.0, 0.1], 0.5),
    entry(SOCIAL, EVENING, "small_quarrel", "She and her sister had a small quarrel.", [0.1, -0.15, 0.0, -0.1], 0.7),
    entry(SOCIAL, NIGHT, "concert", "She went to a concert with friends.", [0.15, 0.15, 0.0, 0.05], 0.8),
    entry(SOCIAL, NIGHT, "late_talk", "A friend in need called, and they talked late.", [0.0, -0.05, 0.05, 0.15], 0.6),
    entry(SOCIAL, NIGHT, "old_photos", "She sent old photos round the group chat.", [0.0, 0.1, 0.0, 0.05], 0.3),
    entry(PERSONAL, MORNING, "morning_run", "She ran along the river before breakfast.", [0.15, 0.1, 0.05, 0.0], 0.3),
    entry(PERSONAL, MORNING, "overslept", "She overslept and skipped breakfast.", [0.1, -0.05, -0.05, 0.0], 0.2),
    entry(PERSONAL, MORNING, "market_visit", "She brought flowers home from the market.", [0.0, 0.1, 0.0, 0.0], 0.3),
    entry(PERSONAL, AFTERNOON, "rain_walk", "The rain caught her without an umbrella.", [0.05, -0.05, 0.0, 0.0], 0.2),
    entry(PERSONAL, AFTERNOON, "bookshop", "She found a book she had long looked for.", [0.05, 0.1, 0.0, 0.0], 0.4),
    entry(PERSONAL, AFTERNOON, "plant_care", "She repotted her plants on the balcony.", [-0.1, 0.05, 0.0, 0.0], 0.2),
    entry(
        PERSONAL,
        AFTERNOON,
        "swim_record",
        "She swam two kilometres for the first time.",
        [0.1, 0.15, 0.15, 0.0],
        0.8,
    ),
    entry(PERSONAL, EVENING, "new_recipe", "She tried a new recipe, and it worked.", [0.0, 0.1, 0.05, 0.0], 0.3),
    entry(PERSONAL, EVENING, "painting", "She painted until she forgot the time.", [-0.05, 0.15, 0.05, 0.0], 0.5),
    entry(PERSONAL, EVENING, "broken_cup", "She broke her favourite cup.", [0.05, -0.1, 0.0, 0.0], 0.3),
    entry(PERSONAL, NIGHT, "stargazing", "She watched the stars from the roof.", [-0.1, 0.15, 0.0, 0.05], 0.7),
    entry(PERSONAL, NIGHT, "old_film", "She watched an old film under a blanket.", [-0.1, 0.1, 0.0, 0.0], 0.3),
    entry(PERSONAL, NIGHT, "journal", "She wrote in her journal.", [-0.1, 0.05, 0.0, 0.05], 0.3),
    entry(PERSONAL, NIGHT, "restless", "She could not sleep and made herself some tea.", [0.05, -0.05, 0.0, 0.0], 0.3),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{CATALOGUE, DOMAINS, TIMES};

    #[test]
    fn there_is_a_choice_for_every_domain_and_time() {
        for domain in DOMAINS {
            for time in TIMES {
                let choice = CATALOGUE.iter().filter(|it| it.domain == domain && it.time_of_day == time).count();
                assert!(choice >= 3, "{choice} for {domain} in the {time}");
            }
        }
    }

    #[test]
    fn every_row_keeps_its_bounds() {
        let mut names = HashSet::new();
        for entry in &CATALOGUE {
            assert!(names.insert(entry.event_type), "{} is there twice", entry.event_type);
            assert!(DOMAINS.contains(&entry.domain) && TIMES.contains(&entry.time_of_day), "{entry:?}");
            assert!((0.2..=0.9).contains(&entry.importance), "{entry:?}");
            assert!(entry.impact.iter().all(|side| side.abs() <= 0.15), "{entry:?}");
            assert!(entry.impact.iter().any(|side| side.abs() > 0.0), "{entry:?}");
            assert!(entry.description.starts_with(char::is_uppercase) && entry.description.ends_with('.'), "{entry:?}");
        }
    }

    #[test]
    fn some_are_worth_a_message_and_most_are_not() {
        let worth = CATALOGUE.iter().filter(|entry| entry.importance >= 0.7).count();
        assert!((5..=15).contains(&worth), "{worth}");
    }
}
