//! The events of her life: plain and everyday, suitable for every player.
//!
//! Rows can be added and reworded. Stored days stay unchanged; days that are not stored yet can change.

/// A kind of event.
#[derive(Debug)]
pub struct Entry {
    /// `work`, `social` or `personal`.
    pub domain: &'static str,
    /// `morning`, `afternoon`, `evening` or `night`.
    pub time_of_day: &'static str,
    /// One of the application's words for the domain, because the application accepts no other.
    pub event_type: &'static str,
    /// One sentence in her own words, because her messages quote it. Unique in the catalogue.
    pub description: &'static str,
    /// Arousal, valence, dominance, intimacy: at most ±0.15, so that no event outweighs a conversation; intimacy at most ±0.1, the
    /// application's limit.
    pub impact: [f64; 4],
    /// 0.2–0.9. From 0.7 on the event can cause a message (spec 04, touchpoint).
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

/// The domains; the order does not matter.
pub const DOMAINS: [&str; 3] = [WORK, SOCIAL, PERSONAL];

const MORNING: &str = "morning";
const AFTERNOON: &str = "afternoon";
const EVENING: &str = "evening";
const NIGHT: &str = "night";

/// The kinds of event that the application knows in a domain (spec 09).
#[cfg(test)]
fn kinds(domain: &str) -> &'static [&'static str] {
    match domain {
        WORK => &["project_update", "meeting", "colleague_interaction", "deadline", "win", "setback"],
        SOCIAL => &["friend_hangout", "friend_drama", "plans_made", "plans_cancelled", "new_person"],
        PERSONAL => &["gym", "errand", "hobby_activity", "self_care", "health", "travel"],
        _ => &[],
    }
}

/// The times of day, in chronological order.
pub const TIMES: [&str; 4] = [MORNING, AFTERNOON, EVENING, NIGHT];

/// Every event, at least three for each domain and time of day.
pub static CATALOGUE: [Entry; 40] = [
    entry(WORK, MORNING, "project_update", "I began early and had an hour to myself.", [0.05, 0.05, 0.05, 0.0], 0.2),
    entry(WORK, MORNING, "win", "My work was praised in the team meeting.", [0.1, 0.15, 0.1, 0.0], 0.7),
    entry(WORK, MORNING, "setback", "My train was late and I missed a meeting.", [0.1, -0.1, -0.05, 0.0], 0.4),
    entry(WORK, MORNING, "project_update", "I was asked to lead a new project.", [0.15, 0.1, 0.15, 0.0], 0.9),
    entry(WORK, AFTERNOON, "win", "I solved a problem I was stuck on.", [0.1, 0.15, 0.1, 0.0], 0.6),
    entry(WORK, AFTERNOON, "deadline", "A deadline was moved forward by a week.", [0.15, -0.1, -0.1, 0.0], 0.5),
    entry(WORK, AFTERNOON, "colleague_interaction", "I helped a new colleague settle in.", [0.0, 0.1, 0.05, 0.05], 0.4),
    entry(WORK, EVENING, "win", "I was done early and walked home.", [-0.05, 0.1, 0.0, 0.0], 0.3),
    entry(WORK, EVENING, "meeting", "I gave a talk, and people stayed to ask.", [0.15, 0.15, 0.1, 0.0], 0.8),
    entry(WORK, EVENING, "setback", "I stayed late to put a mistake right.", [-0.1, -0.1, 0.0, 0.0], 0.5),
    entry(WORK, NIGHT, "project_update", "An idea for work came to me in bed.", [0.1, 0.05, 0.05, 0.0], 0.3),
    entry(WORK, NIGHT, "project_update", "I took one more lesson of an online course.", [0.0, 0.05, 0.1, 0.0], 0.3),
    entry(WORK, NIGHT, "deadline", "I applied for a grant I want badly.", [0.15, 0.05, 0.05, 0.0], 0.7),
    entry(SOCIAL, MORNING, "new_person", "I chatted with a neighbour on the stairs.", [0.0, 0.05, 0.0, 0.05], 0.2),
    entry(SOCIAL, MORNING, "friend_hangout", "I had coffee with an old friend.", [0.05, 0.1, 0.0, 0.1], 0.5),
    entry(SOCIAL, MORNING, "friend_drama", "A close friend wrote that her baby is born.", [0.15, 0.15, 0.0, 0.1], 0.9),
    entry(SOCIAL, AFTERNOON, "friend_hangout", "I walked through the park with a friend.", [0.0, 0.1, 0.0, 0.05], 0.4),
    entry(SOCIAL, AFTERNOON, "plans_made", "I looked for a birthday present.", [0.05, 0.05, 0.0, 0.05], 0.3),
    entry(SOCIAL, AFTERNOON, "plans_cancelled", "A friend called off our lunch.", [-0.05, -0.1, 0.0, -0.05], 0.4),
    entry(SOCIAL, EVENING, "friend_hangout", "I had friends over for dinner.", [0.1, 0.15, 0.05, 0.1], 0.7),
    entry(SOCIAL, EVENING, "friend_hangout", "I lost at board games and laughed a lot.", [0.1, 0.1, -0.05, 0.05], 0.4),
    entry(SOCIAL, EVENING, "friend_hangout", "I had a long call with my mother.", [-0.05, 0.05, 0.0, 0.1], 0.5),
    entry(SOCIAL, EVENING, "friend_drama", "My sister and I had a small quarrel.", [0.1, -0.15, 0.0, -0.1], 0.7),
    entry(SOCIAL, NIGHT, "friend_hangout", "I went to a concert with friends.", [0.15, 0.15, 0.0, 0.05], 0.8),
    entry(SOCIAL, NIGHT, "friend_drama", "A friend in need called, and we talked late.", [0.0, -0.05, 0.05, 0.1], 0.6),
    entry(SOCIAL, NIGHT, "friend_hangout", "I sent old photos round the group chat.", [0.0, 0.1, 0.0, 0.05], 0.3),
    entry(PERSONAL, MORNING, "gym", "I ran along the river before breakfast.", [0.15, 0.1, 0.05, 0.0], 0.3),
    entry(PERSONAL, MORNING, "self_care", "I overslept and skipped breakfast.", [0.1, -0.05, -0.05, 0.0], 0.2),
    entry(PERSONAL, MORNING, "errand", "I brought flowers home from the market.", [0.0, 0.1, 0.0, 0.0], 0.3),
    entry(PERSONAL, AFTERNOON, "errand", "The rain caught me without an umbrella.", [0.05, -0.05, 0.0, 0.0], 0.2),
    entry(PERSONAL, AFTERNOON, "hobby_activity", "I found a book I had long looked for.", [0.05, 0.1, 0.0, 0.0], 0.4),
    entry(PERSONAL, AFTERNOON, "hobby_activity", "I repotted my plants on the balcony.", [-0.1, 0.05, 0.0, 0.0], 0.2),
    entry(PERSONAL, AFTERNOON, "gym", "I swam two kilometres for the first time.", [0.1, 0.15, 0.15, 0.0], 0.8),
    entry(PERSONAL, EVENING, "hobby_activity", "I tried a new recipe, and it worked.", [0.0, 0.1, 0.05, 0.0], 0.3),
    entry(PERSONAL, EVENING, "hobby_activity", "I painted until I forgot the time.", [-0.05, 0.15, 0.05, 0.0], 0.5),
    entry(PERSONAL, EVENING, "errand", "I broke my favourite cup.", [0.05, -0.1, 0.0, 0.0], 0.3),
    entry(PERSONAL, NIGHT, "hobby_activity", "I watched the stars from the roof.", [-0.1, 0.15, 0.0, 0.05], 0.7),
    entry(PERSONAL, NIGHT, "self_care", "I watched an old film under a blanket.", [-0.1, 0.1, 0.0, 0.0], 0.3),
    entry(PERSONAL, NIGHT, "self_care", "I wrote in my journal.", [-0.1, 0.05, 0.0, 0.05], 0.3),
    entry(PERSONAL, NIGHT, "health", "I could not sleep and made myself some tea.", [0.05, -0.05, 0.0, 0.0], 0.3),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{CATALOGUE, DOMAINS, TIMES, kinds};

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
        let mut descriptions = HashSet::new();
        for entry in &CATALOGUE {
            assert!(descriptions.insert(entry.description), "{entry:?} is there twice");
            assert!(kinds(entry.domain).contains(&entry.event_type), "the application knows no such event: {entry:?}");
            assert!((10..=500).contains(&entry.description.len()), "{entry:?}");
            assert!(entry.impact[3].abs() <= 0.1, "{entry:?}");
            assert!(DOMAINS.contains(&entry.domain) && TIMES.contains(&entry.time_of_day), "{entry:?}");
            assert!((0.2..=0.9).contains(&entry.importance), "{entry:?}");
            assert!(entry.impact.iter().all(|side| side.abs() <= 0.15), "{entry:?}");
            assert!(entry.impact.iter().any(|side| side.abs() > 0.0), "{entry:?}");
            let of_somebody_else = entry.description.starts_with("She ") || entry.description.starts_with("Her ");
            assert!(!of_somebody_else, "she tells it herself: {entry:?}");
            assert!(entry.description.starts_with(char::is_uppercase) && entry.description.ends_with('.'), "{entry:?}");
        }
    }

    #[test]
    fn some_events_can_cause_a_message_and_most_can_not() {
        let worth = CATALOGUE.iter().filter(|entry| entry.importance >= 0.7).count();
        assert!((5..=15).contains(&worth), "{worth}");
    }
}
