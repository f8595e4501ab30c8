//! A player: by which rule decay charges them or not, in words, and which of their conversations is next.

use chrono::{DateTime, SecondsFormat, Utc};

use super::conversation::{self, Pipeline};
use crate::core::decay::Rules;
use crate::core::span::span;
use crate::domain::points::Points;
use crate::domain::result::{NextConversation, WhyEntry, WhyKind, WhyRule};
use crate::jobs::decay;
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::claims::Due;
use crate::store::decay::DecayOrder;
use crate::store::why::WhyPlayer;

/// How the next run of `decay` charges players.
#[derive(Clone, Copy, Debug)]
pub struct Decay {
    /// Graces, rates and the cap.
    pub rules: Rules,
    /// The most players that a run charges.
    pub batch: Option<i64>,
}

impl Decay {
    /// What the next run would work by.
    pub(super) async fn order(&self, now: DateTime<Utc>, store: &Store) -> Result<DecayOrder, RunError> {
        let mut order = decay::order(self.rules, store, now).await?;
        if let Some(batch) = self.batch {
            order.until = store.last_turn(&order, batch).await?;
        }
        Ok(order)
    }
}

/// Why the next run charges the player, or does not; none where there is none with this id.
pub(super) async fn entry(
    settings: &Decay,
    order: &DecayOrder,
    pipeline: &Pipeline,
    due: &Due,
    id: &str,
    store: &Store,
) -> Result<Option<WhyEntry>, RunError> {
    let Some(found) = store.why_player(order, id).await? else { return Ok(None) };
    let rule = WhyRule::of(&found.rule);
    let waits = matches!(rule, WhyRule::Grace | WhyRule::NothingOwed | WhyRule::Foreign);
    Ok(Some(WhyEntry {
        id: id.to_owned(),
        kind: WhyKind::Player,
        taken: rule == WhyRule::Due,
        rule,
        reason: words(settings, order, rule, &found),
        until: found.due_at.filter(|_| waits),
        held_by: None,
        points: found.points.filter(|_| rule == WhyRule::Due),
        next_conversation: next_conversation(pipeline, due, id, store).await?,
    }))
}

async fn next_conversation(
    pipeline: &Pipeline,
    due: &Due,
    player: &str,
    store: &Store,
) -> Result<Option<NextConversation>, RunError> {
    let queue = store.player_queue(due, player).await?;
    let Some(id) = queue.next else { return Ok(None) };
    let entry = conversation::entry(pipeline, due, &id, store).await?;
    Ok(entry.map(|WhyEntry { id, taken, rule, reason, .. }| NextConversation {
        conversation_id: id,
        taken,
        rule,
        reason,
        waiting: queue.waiting,
    }))
}

fn words(settings: &Decay, order: &DecayOrder, rule: WhyRule, found: &WhyPlayer) -> String {
    let instant = |at: Option<DateTime<Utc>>| {
        at.map_or_else(|| "a time far away".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    let wait = found.due_at.map_or(0, |at| (at - order.now).num_seconds().max(0));
    let due_at = format!("{}, in {}", instant(found.due_at), span(wait));
    let points = found.points.unwrap_or_default();
    match rule {
        WhyRule::Due if points == Points::ZERO => "They have no points left: the next run ends their game".to_owned(),
        WhyRule::Due => {
            let end = if found.score == Some(points) { ", and their game ends" } else { "" };
            let cap =
                if points == settings.rules.most_per_run { "; a run takes no more, and forgives the rest" } else { "" };
            format!("They have owed since {}: {points} points{end}{cap}", instant(found.begins))
        }
        WhyRule::Behind => format!(
            "They owe {points} points, but a run charges {} players (--decay-batch), and as many have owed for longer",
            settings.batch.unwrap_or_default()
        ),
        WhyRule::Grace => {
            format!("They are within the grace of their chapter: the first 0.01 points are due at {due_at}")
        }
        WhyRule::NothingOwed => {
            format!("They are charged up to {}: the next 0.01 points are due at {due_at}", instant(found.begins))
        }
        WhyRule::Foreign => format!(
            "Another program completed a decay at {}, and what it has charged is not charged again: the next 0.01 points are due at \
             {due_at}",
            instant(found.begins)
        ),
        WhyRule::GameOver => "Their game is over".to_owned(),
        WhyRule::Won => "They have won".to_owned(),
        WhyRule::BossFight => "They are in a boss fight".to_owned(),
        WhyRule::Introduction => "Their onboarding is neither completed nor skipped".to_owned(),
        WhyRule::Unreadable => {
            "Their relationship_score, chapter, last_interaction_at or decayed_through can't be read".to_owned()
        }
        _ => "Their game_status is not one that decay charges".to_owned(),
    }
}
