//! Adds a conversation to the summary of its day.

use uuid::Uuid;

use crate::core::prose;
use crate::core::stages::outputs::Extraction;
use crate::core::tone::Tone;
use crate::domain::effect::DayEntry;
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

/// The longest text of a day, in characters. From a longer one the oldest sentences are dropped.
const MOST_TEXT: usize = 2_000;
/// The most moments of a day. From more the oldest are dropped.
const MOST_MOMENTS: usize = 10;
/// The most moments that one conversation adds.
const MOST_NEW_MOMENTS: usize = 3;
/// The longest moment, in characters.
const MOST_MOMENT: usize = 200;

/// Adds the conversation and its summary to the row of its local date. If an earlier processing already added it, the new summary
/// replaces the old one, and only tone and moments change besides. `None` if that day is too old to be in the snapshot.
pub(super) fn roll_up(snapshot: &Snapshot, extraction: Option<&Extraction>, text: &str) -> Option<DayEntry> {
    let player = &snapshot.player;
    let zone = player.zone();
    let date = zone.local(snapshot.conversation.last_message_at).date_naive();
    let row = snapshot.days.iter().find(|day| day.date == date);
    let before = player.score - snapshot.conversation.score_delta.unwrap_or_default();

    let earlier = snapshot.conversation.earlier.as_ref();
    let told = earlier.and_then(|earlier| earlier.summary.as_deref());
    // Without an earlier summary, either the stage had failed or the conversation was empty.
    let counted = told.is_some() || (earlier.is_some() && text.is_empty());
    if counted && row.is_none() {
        return None;
    }
    let so_far = row.and_then(|row| row.summary_text.as_deref()).unwrap_or_default().trim();
    let joined = match told {
        Some(told) if so_far.contains(told) => so_far.replacen(told, text, 1),
        _ => format!("{so_far} {text}"),
    };
    let tone = extraction.map_or(Tone::Neutral, |extraction| extraction.tone);
    let day_tone = row.and_then(|row| row.emotional_tone.as_deref()).filter(|tone| !tone.is_empty());
    let score_end = row.and_then(|row| row.score_end).filter(|_| counted).unwrap_or(player.score);
    Some(DayEntry {
        date,
        id: Uuid::new_v5(&player.id.0, format!("daily_summary:{date}").as_bytes()),
        score_start: row
            .and_then(|row| row.score_start)
            .unwrap_or_else(|| before.clamp(Points::ZERO, Points::whole(100))),
        score_end,
        counts: !counted,
        decay_applied: snapshot
            .decay
            .iter()
            .filter(|(at, _)| zone.local(*at).date_naive() == date)
            .map(|&(_, points)| points)
            .sum(),
        summary_text: prose::last_sentences(joined.trim(), MOST_TEXT),
        summary_before: row.and_then(|row| row.summary_text.clone()),
        key_moments: moments(row.map_or(&[][..], |row| &row.key_moments), extraction),
        emotional_tone: match day_tone {
            Some(day_tone) if tone == Tone::Neutral => day_tone.to_owned(),
            _ => tone.as_str().to_owned(),
        },
    })
}

/// The day's moments and up to three of this conversation's, facts first, then threads, without duplicates.
fn moments(so_far: &[String], extraction: Option<&Extraction>) -> Vec<String> {
    let mut moments = so_far.to_vec();
    if let Some(extraction) = extraction {
        let said = extraction.facts.iter().map(|fact| &fact.fact).chain(&extraction.threads);
        let mut left = MOST_NEW_MOMENTS;
        for moment in said.map(|text| prose::line(text, MOST_MOMENT)).filter(|moment| !moment.is_empty()) {
            if left > 0 && !moments.iter().any(|known| known.to_lowercase() == moment.to_lowercase()) {
                moments.push(moment);
                left -= 1;
            }
        }
    }
    moments.split_off(moments.len().saturating_sub(MOST_MOMENTS))
}
