//! Gathers the variables of a template from the snapshot and the findings: bounded, inert, newest first.

use std::collections::HashSet;

use crate::core::prompt::variables::{
    Backstory, Conflict, Continuity, Day, Event, Game, Life, Memory, Metrics, Mood, Player, Theme, Variables,
};
use crate::core::prose;
use crate::core::stages::outputs::Findings;
use crate::core::stages::outputs::GameEvent;
use crate::domain::memory::{self, GraphType, LifeEvent, MoodDelta};
use crate::domain::prompt::Platform;
use crate::domain::snapshot::Snapshot;

/// The most items of each list in a prompt, so that a long history neither slows the rendering nor exceeds the budget.
struct Bounds {
    facts: usize,
    threads: usize,
    thoughts: usize,
    earlier: usize,
    days: usize,
    moments: usize,
    today: usize,
    recent: usize,
    vices: usize,
    /// Characters of a sentence.
    sentence: usize,
    /// Characters of a summary.
    summary: usize,
}

const TEXT: Bounds = Bounds {
    facts: 40,
    threads: 10,
    thoughts: 8,
    earlier: 5,
    days: 5,
    moments: 3,
    today: 5,
    recent: 6,
    vices: 6,
    sentence: 240,
    summary: 600,
};

/// For a third of the text's budget: fewer and shorter items.
const VOICE: Bounds = Bounds {
    facts: 14,
    threads: 4,
    thoughts: 3,
    earlier: 2,
    days: 1,
    moments: 2,
    today: 3,
    recent: 2,
    vices: 3,
    sentence: 140,
    summary: 300,
};

/// The variables for one platform.
pub(super) fn variables(snapshot: &Snapshot, findings: &Findings, platform: Platform) -> Variables {
    let bounds = match platform {
        Platform::Text => TEXT,
        Platform::Voice => VOICE,
    };
    let player = &snapshot.player;
    let game = findings.game_state.clone().unwrap_or_default();
    let conflict = findings.conflict.clone().unwrap_or_default();
    let known = |texts: &[(&'static str, String)], name: &str| {
        let text = texts.iter().find(|(it, _)| *it == name);
        text.map(|(_, text)| bounds.sentence(text)).unwrap_or_default()
    };
    Variables {
        platform,
        player: Player {
            score: player.score.to_string(),
            chapter: player.chapter,
            game_status: player.game_status,
            days_played: player.days(snapshot.now),
            engagement: bounds.sentence(snapshot.engagement_state.as_deref().unwrap_or_default()),
            name: known(&snapshot.background.profile, "name"),
            occupation: known(&snapshot.background.profile, "occupation"),
            city: known(&snapshot.background.profile, "city"),
            interest: known(&snapshot.background.profile, "interest"),
        },
        backstory: Backstory {
            venue: known(&snapshot.background.backstory, "venue"),
            how_we_met: known(&snapshot.background.backstory, "how_we_met"),
            the_moment: known(&snapshot.background.backstory, "the_moment"),
            unresolved_hook: known(&snapshot.background.backstory, "unresolved_hook"),
        },
        psyche: bounds.sentences(
            snapshot
                .background
                .psyche
                .iter()
                .map(|(name, text)| format!("{name}: {text}"))
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str),
            bounds.thoughts,
        ),
        metrics: Metrics {
            intimacy: whole(snapshot.metrics.intimacy),
            passion: whole(snapshot.metrics.passion),
            trust: whole(snapshot.metrics.trust),
            secureness: whole(snapshot.metrics.secureness),
        },
        mood: mood(findings.emotional.map_or_else(|| snapshot.mood.unwrap_or_default(), |emotional| emotional.mood)),
        conflict: Conflict {
            temperature: conflict.temperature,
            zone: conflict.zone.as_str().to_owned(),
            active: conflict.active,
            breakup: conflict.breakup,
        },
        game: Game {
            event: game.event.map_or("", event_word).to_owned(),
            threshold: game.threshold.map_or_else(String::new, |threshold| threshold.to_string()),
        },
        memory: facts(snapshot, findings, &bounds),
        continuity: continuity(snapshot, findings, &bounds),
        life: life(snapshot, findings, &bounds),
        vices: snapshot
            .vices
            .iter()
            .take(bounds.vices)
            .map(|vice| Theme {
                name: bounds.sentence(&vice.category.replace('_', " ")),
                intensity: vice.intensity_level.clamp(1, 5),
            })
            .collect(),
    }
}

impl Bounds {
    fn sentence(&self, text: &str) -> String {
        prose::line(text, self.sentence)
    }

    fn summary(&self, text: &str) -> String {
        prose::first_sentences(&prose::line(text, 4 * self.summary), self.summary)
    }

    /// The first `most` distinct sentences that are not empty.
    fn sentences<'a>(&self, all: impl Iterator<Item = &'a str>, most: usize) -> Vec<String> {
        let mut seen = HashSet::new();
        all.map(|text| self.sentence(text))
            .filter(|sentence| !sentence.is_empty() && seen.insert(sentence.to_lowercase()))
            .take(most)
            .collect()
    }
}

/// Facts by subject: new ones first, then known ones, then unsupported ones.
fn facts(snapshot: &Snapshot, findings: &Findings, bounds: &Bounds) -> Memory {
    let extracted = findings.extraction.as_ref().map_or(&[][..], |extraction| &extraction.facts);
    let learned = findings.memory_update.as_ref().map_or(&[][..], |memory| &memory.learned);
    let new = learned.iter().map(|fact| {
        let known = extracted.iter().find(|it| it.fact == *fact);
        let graph = known.map_or(GraphType::User, |it| it.graph_type).as_str();
        (known.is_some_and(|it| it.message.is_none()), graph, fact.as_str())
    });
    // The snapshot still contains the facts that this conversation replaces.
    let replaced = |id| findings.memory_update.as_ref().is_some_and(|memory| memory.superseded.contains(id));
    let known = snapshot.facts.iter().filter(|fact| !replaced(&fact.id));
    let known = known.map(|fact| (fact.unsupported, fact.graph_type.as_str(), fact.fact.as_str()));
    let (doubted, shown): (Vec<_>, Vec<_>) = new.chain(known).partition(|(unsupported, ..)| *unsupported);

    let mut memory = Memory::default();
    let mut seen = HashSet::new();
    let sentences = shown
        .into_iter()
        .chain(doubted)
        .map(|(_, graph, fact)| (graph, bounds.sentence(fact)))
        .filter(|(_, fact)| !fact.is_empty() && seen.insert(fact.to_lowercase()))
        .take(bounds.facts);
    for (graph, fact) in sentences {
        match graph {
            "nikita" => memory.nikita.push(fact),
            "relationship" => memory.relationship.push(fact),
            _ => memory.player.push(fact),
        }
    }
    memory
}

fn continuity(snapshot: &Snapshot, findings: &Findings, bounds: &Bounds) -> Continuity {
    let extraction = findings.extraction.as_ref();
    let summary = match &findings.summary {
        Some(summary) => &summary.text,
        None => extraction.map_or("", |extraction| &extraction.summary),
    };
    let threads = extraction.iter().flat_map(|extraction| &extraction.threads).map(String::as_str);
    let days = snapshot.days.iter().filter_map(|day| {
        let summary = bounds.summary(day.summary_text.as_deref()?);
        (!summary.is_empty()).then(|| Day {
            date: day.date.to_string(),
            summary,
            tone: bounds.sentence(day.emotional_tone.as_deref().unwrap_or_default()),
            moments: day
                .key_moments
                .iter()
                .skip(day.key_moments.len().saturating_sub(bounds.moments))
                .map(|moment| bounds.sentence(moment))
                .collect(),
        })
    });
    Continuity {
        summary: bounds.summary(summary),
        tone: extraction.map_or("neutral", |extraction| extraction.tone.as_str()).to_owned(),
        earlier: snapshot
            .recent_summaries
            .iter()
            .map(|summary| bounds.summary(summary))
            .filter(|summary| !summary.is_empty())
            .take(bounds.earlier)
            .collect(),
        threads: bounds
            .sentences(threads.chain(snapshot.threads.iter().map(|note| note.content.as_str())), bounds.threads),
        days: days.take(bounds.days).collect(),
    }
}

fn life(snapshot: &Snapshot, findings: &Findings, bounds: &Bounds) -> Life {
    let date = snapshot.player.zone().local(snapshot.now).date_naive();
    let stored_today = || snapshot.life_events.iter().filter(|event| event.date == date).cloned().collect();
    let today: Vec<LifeEvent> = findings.life_sim.as_ref().map_or_else(stored_today, |life| life.events.clone());
    let mut before: Vec<&LifeEvent> = snapshot.life_events.iter().filter(|event| event.date < date).collect();
    before.sort_by_key(|event| std::cmp::Reverse(event.date));
    let event = |event: &LifeEvent| Event {
        date: event.date.to_string(),
        time_of_day: bounds.sentence(&event.time_of_day),
        domain: bounds.sentence(&event.domain),
        description: bounds.sentence(&event.description),
    };
    let thoughts = findings.extraction.iter().flat_map(|extraction| &extraction.thoughts).map(String::as_str);
    Life {
        today: today.iter().take(bounds.today).map(event).collect(),
        recent: before.into_iter().take(bounds.recent).map(event).collect(),
        thoughts: bounds
            .sentences(thoughts.chain(snapshot.thoughts.iter().map(|note| note.content.as_str())), bounds.thoughts),
        message_planned: findings.touchpoint.as_ref().is_some_and(|touchpoint| touchpoint.scheduled.is_some()),
    }
}

fn mood(mood: memory::Mood) -> Mood {
    let sides =
        MoodDelta { arousal: mood.arousal, valence: mood.valence, dominance: mood.dominance, intimacy: mood.intimacy };
    let round = |side: f64| (side * 100.0).round() / 100.0;
    Mood {
        arousal: round(mood.arousal),
        valence: round(mood.valence),
        dominance: round(mood.dominance),
        intimacy: round(mood.intimacy),
        words: words(sides),
    }
}

/// A mood in words: each dimension that is low or high, or `even-tempered`.
fn words(mood: MoodDelta) -> Vec<String> {
    let sides = [
        (mood.valence, "a little down", "cheerful"),
        (mood.arousal, "calm", "lively"),
        (mood.dominance, "yielding", "self-assured"),
        (mood.intimacy, "in need of some distance", "affectionate"),
    ];
    let words: Vec<String> = sides
        .into_iter()
        .filter_map(|(side, low, high)| match side {
            _ if side < 0.4 => Some(low.to_owned()),
            _ if side > 0.6 => Some(high.to_owned()),
            _ => None,
        })
        .collect();
    if words.is_empty() { vec!["even-tempered".to_owned()] } else { words }
}

const fn event_word(event: GameEvent) -> &'static str {
    match event {
        GameEvent::BossThresholdNear => "boss_threshold_near",
        GameEvent::BossThresholdReached => "boss_threshold_reached",
        GameEvent::InvalidChapter => "invalid_chapter",
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to 0–100; NaN becomes 0")]
fn whole(figure: f64) -> i32 {
    figure.clamp(0.0, 100.0).round() as i32
}
