//! Reads the demo's database for its report.

use chrono::{DateTime, Utc};

use crate::domain::ids::{ConversationId, UserId};
use crate::domain::memory::Mood;
use crate::domain::points::Points;
use crate::domain::result::{GivenUp, Known, ReadyPrompt, Replaced, Sums, Touchpoint};
use crate::store::codec::{DbId, DbPoints, DbTime};
use crate::store::read::row;
use crate::store::session::{fetch_all, fetch_one};
use crate::store::sql::{self, sqlite};
use crate::store::{Result, Store};

/// A player after decay.
#[derive(Clone, Debug)]
pub struct AfterDecay {
    /// From `demo_players`.
    pub name: String,
    /// 1–5.
    pub chapter: i32,
    /// The score now.
    pub score: Points,
    /// `users.game_status`.
    pub game_status: String,
    /// `users.onboarding_status`.
    pub onboarding_status: String,
    /// When they last wrote or spoke.
    pub last_interaction_at: Option<DateTime<Utc>>,
    /// The score before the charge and the amount, from `score_history`.
    pub charge: Option<(Points, Points)>,
    /// Whether the charge ended the game.
    pub lost: bool,
    /// Whether a goodbye is in the outbox.
    pub goodbye: bool,
    /// Whether a warning is scheduled.
    pub warned: bool,
}

row! {
    struct AfterDecayRow {
        name: String,
        chapter: i32,
        score: DbPoints,
        game_status: String,
        onboarding_status: String,
        last_interaction_at: Option<DbTime>,
        before: Option<DbPoints>,
        amount: Option<DbPoints>,
        lost: bool,
        goodbye: bool,
        warned: bool,
    }
}

row! {
    struct KnownRow {
        user_id: DbId,
        name: String,
        chapter: i32,
        arousal: f64,
        valence: f64,
        dominance: f64,
        intimacy: f64,
        temperature: f64,
        zone: String,
    }
}

row! {
    struct SumsRow {
        facts: i64,
        replaced: i64,
        threads: i64,
        thoughts: i64,
        life_events: i64,
        days: i64,
        text_prompts: i64,
        voice_prompts: i64,
    }
}

impl Store {
    /// Every player of the demo after decay, the largest charge first. Must be read right after decay.
    pub async fn after_decay(&self) -> Result<Vec<AfterDecay>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<AfterDecayRow> = fetch_all!(&mut tx, _, sqlite::DEMO_AFTER_DECAY);
        tx.rollback().await?;
        let read = |row: AfterDecayRow| AfterDecay {
            name: row.name,
            chapter: row.chapter,
            score: row.score.0,
            game_status: row.game_status,
            onboarding_status: row.onboarding_status,
            last_interaction_at: row.last_interaction_at.map(|at| at.0),
            charge: row.before.zip(row.amount).map(|(before, amount)| (before.0, amount.0)),
            lost: row.lost,
            goodbye: row.goodbye,
            warned: row.warned,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// What is known about every player for whom she has a mood: first the player with the most replaced facts, then the one with the most
    /// facts.
    pub async fn known(&self) -> Result<Vec<Known>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<KnownRow> = fetch_all!(&mut tx, _, sqlite::DEMO_KNOWN);
        let facts: Vec<(DbId, String, Option<String>)> = fetch_all!(&mut tx, _, sqlite::DEMO_FACTS);
        let threads: Vec<(DbId, String)> = fetch_all!(&mut tx, _, sqlite::DEMO_THREADS);
        let thoughts: Vec<(DbId, String)> = fetch_all!(&mut tx, _, sqlite::DEMO_THOUGHTS);
        tx.rollback().await?;
        let of = |notes: &[(DbId, String)], id: DbId| -> Vec<String> {
            notes.iter().filter(|(user, _)| *user == id).map(|(_, content)| content.clone()).collect()
        };
        let read = |row: KnownRow| {
            let own = || facts.iter().filter(|(user, ..)| *user == row.user_id);
            let replaced = |(_, was, now): &(DbId, String, Option<String>)| {
                now.clone().map(|now| Replaced { was: was.clone(), now })
            };
            Known {
                user_id: UserId(row.user_id.0),
                player: row.name,
                chapter: row.chapter,
                facts: own().filter(|(.., later)| later.is_none()).map(|(_, fact, _)| fact.clone()).collect(),
                replaced: own().filter_map(replaced).collect(),
                threads: of(&threads, row.user_id),
                thoughts: of(&thoughts, row.user_id),
                mood: Mood {
                    arousal: row.arousal,
                    valence: row.valence,
                    dominance: row.dominance,
                    intimacy: row.intimacy,
                },
                temperature: row.temperature,
                zone: row.zone,
            }
        };
        let mut known: Vec<_> = rows.into_iter().map(read).collect();
        known.sort_by(|a, b| {
            let rank = |it: &Known| (it.replaced.len(), it.facts.len());
            rank(b).cmp(&rank(a)).then_with(|| a.player.cmp(&b.player))
        });
        Ok(known)
    }

    /// The number of rows of each kind.
    pub async fn demo_sums(&self) -> Result<Sums> {
        let mut tx = self.begin_read().await?;
        let it = fetch_one!(&mut tx, SumsRow, sqlite::DEMO_SUMS);
        tx.rollback().await?;
        Ok(Sums {
            facts: it.facts,
            replaced: it.replaced,
            threads: it.threads,
            thoughts: it.thoughts,
            life_events: it.life_events,
            days: it.days,
            text_prompts: it.text_prompts,
            voice_prompts: it.voice_prompts,
        })
    }

    /// A player's current prompts, the text one first.
    pub async fn current_prompts(&self, user: UserId) -> Result<Vec<ReadyPrompt>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<(String, i64, String)> = fetch_all!(&mut tx, _, sql::CURRENT_PROMPTS, DbId::from(user));
        tx.rollback().await?;
        let read = |(platform, token_count, text)| ReadyPrompt { platform, token_count, text };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The failed conversations.
    pub async fn given_up(&self) -> Result<Vec<GivenUp>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<(DbId, String, Option<String>)> = fetch_all!(&mut tx, _, sqlite::DEMO_GIVEN_UP);
        tx.rollback().await?;
        let read = |(id, player, error): (DbId, String, Option<String>)| GivenUp {
            conversation_id: ConversationId(id.0),
            player,
            error: error.unwrap_or_default(),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The scheduled messages, the next one first.
    pub async fn scheduled_touchpoints(&self) -> Result<Vec<Touchpoint>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<(String, String, DbTime, String)> = fetch_all!(&mut tx, _, sqlite::DEMO_TOUCHPOINTS);
        tx.rollback().await?;
        let read = |(player, trigger, at, message): (String, String, DbTime, String)| Touchpoint {
            player,
            trigger,
            delivery_at: at.0,
            message,
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
