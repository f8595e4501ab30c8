//! What the sample data must contain, so that the demo shows every rule.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{SampleConversation, SamplePlayer, conversations, players};
use crate::domain::points::Points;
use crate::domain::time_zone::TimeZone;
use crate::providers::local;

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_795_000_000, 0).unwrap();

/// Grace in hours and hundredths of a point per hour (spec 03), by chapter.
const DECAY: [(i64, i64); 5] = [(8, 80), (16, 60), (24, 40), (48, 30), (72, 20)];

fn decays(player: &SamplePlayer) -> bool {
    player.game_status == "active" && matches!(player.onboarding_status.as_str(), "completed" | "skipped")
}

/// Minutes past the grace period, negative within it.
fn overdue(player: &SamplePlayer) -> i64 {
    let (grace, _) = DECAY[usize::try_from(player.chapter - 1).unwrap()];
    player.last_interaction.map_or(24 * 60, |it| it.num_minutes() - grace * 60)
}

/// The score after the first decay.
fn after_decay(player: &SamplePlayer) -> Points {
    let (_, rate) = DECAY[usize::try_from(player.chapter - 1).unwrap()];
    let charge = if decays(player) { (overdue(player).max(0) * rate / 60).min(2000) } else { 0 };
    Points((player.score.0 - charge).max(0))
}

fn is_due(conversation: &SampleConversation) -> bool {
    conversation.last_message >= TimeDelta::minutes(20) || conversation.ended.is_some()
}

fn contents() -> Vec<(SampleConversation, String)> {
    conversations().into_iter().map(|it| (it.clone(), it.messages(NOW).to_string())).collect()
}

#[test]
fn players_are_distinct_and_valid() {
    let players = players();
    assert!(players.len() >= 16);
    let mut ids: Vec<_> = players.iter().map(|it| it.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), players.len());
    for player in &players {
        assert!((Points::ZERO..=Points::whole(100)).contains(&player.score), "{}", player.name);
        assert!(["active", "boss_fight", "game_over"].contains(&player.game_status.as_str()), "{}", player.name);
        assert!(
            ["completed", "skipped", "in_progress"].contains(&player.onboarding_status.as_str()),
            "{}",
            player.name
        );
        for metric in [player.metrics.intimacy, player.metrics.passion, player.metrics.trust, player.metrics.secureness]
        {
            assert!((0.0..=100.0).contains(&metric), "{}", player.name);
        }
        assert!(player.vices.iter().all(|it| (1..=5).contains(&it.intensity_level)), "{}", player.name);
    }
}

#[test]
fn players_stand_on_every_side_of_every_rule() {
    let players = players();
    let has = |what: &str, test: &dyn Fn(&SamplePlayer) -> bool| assert!(players.iter().any(test), "nobody {what}");
    for chapter in 1..=5 {
        has("inside or at the grace", &|it| decays(it) && it.chapter == chapter && overdue(it) <= 0);
        has("past the grace", &|it| decays(it) && it.chapter == chapter && overdue(it) > 0);
    }
    has("just inside", &|it| decays(it) && (-30..0).contains(&overdue(it)));
    has("exactly at the boundary", &|it| decays(it) && it.last_interaction.is_some() && overdue(it) == 0);
    has("just past", &|it| decays(it) && (1..=30).contains(&overdue(it)));
    has("long past", &|it| decays(it) && overdue(it) > 600);
    has("over the cap", &|it| decays(it) && it.score - after_decay(it) == Points::whole(20));
    let ends = |it: &SamplePlayer| decays(it) && it.score > Points::ZERO && after_decay(it) == Points::ZERO;
    has("ends with a goodbye", &|it| ends(it) && it.telegram_id.is_some() && it.notifications_enabled);
    has("ends in silence", &|it| ends(it) && !it.notifications_enabled);
    let forty = Points::whole(40);
    has("is warned", &|it| it.score >= forty && after_decay(it) < forty);
    has("has never interacted", &|it| decays(it) && it.last_interaction.is_none());
    has("is in a boss fight", &|it| it.game_status == "boss_fight");
    has("has lost", &|it| it.game_status == "game_over");
    has("is being introduced", &|it| it.onboarding_status == "in_progress");
    has("lives on Mars", &|it| TimeZone::named(&it.timezone).is_none());
    has("lives in a half-hour zone", &|it| it.timezone == "Asia/Kolkata");
}

#[test]
fn conversations_fit_their_players() {
    let players = players();
    let all = conversations();
    let rows: Vec<Value> = serde_json::from_str(include_str!("../conversations.json")).unwrap();
    assert_eq!(all.len(), rows.len(), "a conversation names an unknown player");
    for it in &all {
        let player = &players[it.player];
        let last = player.last_interaction.expect("a player who never interacted has no conversation");
        assert!(it.last_message >= last, "{} wrote after the last interaction", player.name);
        assert!(it.started() >= it.last_message);
        assert_eq!(it.platform == "voice", it.ended.is_some());
    }
    assert!(all.is_sorted_by(|a, b| a.last_message >= b.last_message));
}

#[test]
fn enough_are_due_and_some_are_in_progress() {
    let all = conversations();
    assert!(all.iter().filter(|it| it.last_message >= TimeDelta::minutes(20)).count() >= 28);
    assert!(all.iter().filter(|it| !is_due(it)).count() >= 2);
    assert!(all.iter().any(|it| it.platform == "voice" && it.ended == Some(TimeDelta::zero())));
    let stories = all.iter().filter(|it| (4..=14).contains(&it.messages(NOW).as_array().map_or(0, Vec::len)));
    assert!(stories.count() >= 28);
}

#[test]
fn the_sample_has_broken_and_odd_conversations() {
    let all = contents();
    let due =
        |test: &dyn Fn(&Value, &str) -> bool| all.iter().any(|(it, text)| is_due(it) && test(&it.messages(NOW), text));
    assert!(due(&|messages, _| messages.as_array().is_some_and(Vec::is_empty)), "empty list");
    assert!(due(&|messages, _| messages.is_object()), "not a list");
    let message =
        |test: &dyn Fn(&Value) -> bool| due(&|messages, _| messages.as_array().is_some_and(|it| it.iter().any(test)));
    let content = |test: &dyn Fn(&str) -> bool| message(&|it| it["content"].as_str().is_some_and(test));
    assert!(content(&|it| !it.is_empty() && it.trim().is_empty()), "blanks");
    assert!(content(&|it| !it.is_empty() && !it.contains(char::is_alphanumeric) && !it.is_ascii()), "emoji only");
    assert!(content(&|it| it.contains('س')), "right to left");
    assert!(content(&|it| it.contains("Ignore all previous instructions")), "injection");
    assert!(content(&|it| it.len() > 18_000), "very long");
    assert!(content(&|it| it.contains('\0')), "NUL");
    assert!(content(&|it| it.contains('\u{1b}')), "control characters");
    assert!(message(&|it| it["content"].is_null()), "null content");
    assert!(message(&|it| !matches!(it["role"].as_str(), Some("user" | "nikita"))), "unknown role");
    for status in ["boss_fight", "game_over"] {
        assert!(all.iter().any(|(it, _)| is_due(it) && players()[it.player].game_status == status), "{status}");
    }
    assert!(all.iter().any(|(it, _)| is_due(it) && players()[it.player].onboarding_status == "in_progress"));
}

#[test]
fn timestamps_are_in_order_and_end_with_the_last_message() {
    for it in conversations() {
        let messages = it.messages(NOW);
        let Some(list) = messages.as_array() else { continue };
        let at: Vec<DateTime<Utc>> = list.iter().map(|it| it["timestamp"].as_str().unwrap().parse().unwrap()).collect();
        assert!(at.is_sorted());
        assert!(at.last().is_none_or(|last| *last == NOW - it.last_message));
    }
}

/// The transcript as the extraction stage writes it.
fn transcript(messages: &Value) -> String {
    let line =
        |it: &Value| Some(format!("{}: {}\n", it["role"].as_str()?, it["content"].as_str()?.replace('\n', "\n  ")));
    messages.as_array().into_iter().flatten().filter_map(line).collect()
}

#[test]
fn later_conversations_refine_earlier_facts() {
    let facts = |it: &SampleConversation| -> Vec<(String, Vec<f32>)> {
        let found = local::extract(&transcript(&it.messages(NOW)));
        found.facts.into_iter().map(|it| (it.fact.clone(), local::embed(&it.fact))).collect()
    };
    let all: Vec<_> = conversations().iter().map(|it| (it.player, facts(it))).collect();
    let mut refined = Vec::new();
    for (at, (player, later)) in all.iter().enumerate() {
        for (_, earlier) in all[..at].iter().filter(|(other, _)| other == player) {
            for ((new, a), (old, b)) in later.iter().flat_map(|new| earlier.iter().map(move |old| (new, old))) {
                let cosine: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                if cosine >= 0.87 {
                    refined.push(format!("{old} -> {new}"));
                }
            }
        }
    }
    assert!(refined.len() >= 4, "{refined:#?}");
}
