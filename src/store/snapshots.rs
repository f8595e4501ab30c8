//! Reads the snapshots that pipelines work on, with a fixed number of statements for any number of conversations. [`fetch`] runs the
//! statements, and [`words`] converts their rows into domain types.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::codec::{DbDate, DbIds, DbTime};
use super::read::Oddities;
use super::session::fetch_all;
use super::{Result, Store, sql};
use crate::domain::conversation::{Claim, Conversation};
use crate::domain::player::Background;
use crate::domain::snapshot::Snapshot;

pub(super) mod background;
mod fetch;
mod portrait;
mod rows;
mod words;

use fetch::{Asked, Rows};
use rows::ConversationRow;
use words::{conversation, day, decay, fact, life_event, mood, note, player, summary, touchpoints, vice};

/// Rows of many players, by player.
type PerUser<T> = HashMap<Uuid, Vec<T>>;

impl Store {
    /// The snapshots of these claims, in order; none for a claim whose conversation or player is gone.
    ///
    /// `now` is the run's time.
    pub async fn snapshots(&self, claims: &[Claim], now: DateTime<Utc>) -> Result<Vec<(Claim, Snapshot)>> {
        let mut tx = self.autocommit().await?;
        let ids = DbIds(claims.iter().map(|claim| claim.conversation.0).collect());
        let rows: Vec<ConversationRow> = fetch_all!(&mut tx, _, sql::SNAPSHOT_CONVERSATIONS, ids);
        tx.commit().await?;
        let mut odd = Oddities::default();
        let conversations = rows.into_iter().filter_map(|row| conversation(row, &mut odd)).collect();
        odd.tell();
        self.read(claims, conversations, now).await
    }
}

impl Store {
    async fn read(
        &self,
        claims: &[Claim],
        conversations: HashMap<Uuid, Conversation>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(Claim, Snapshot)>> {
        let anew = conversations.values().filter(|it| it.earlier.is_some()).map(|it| it.id);
        let own = |kind| DbIds(anew.clone().flat_map(|id| id.all_of(kind)).collect());
        let earliest = conversations.values().map(|it| it.last_message_at).min().unwrap_or(now);
        let asked = Asked {
            users: DbIds(claims.iter().map(|claim| claim.user.0).collect()),
            now: DbTime(now),
            own_facts: own("memory_facts"),
            own_threads: own("conversation_threads"),
            own_thoughts: own("nikita_thoughts"),
            events_since: DbDate((now - TimeDelta::days(8)).date_naive()),
            decay_since: DbTime(earliest.checked_sub_signed(DECAY_REACH).unwrap_or(earliest)),
        };
        let backgrounds = self.backgrounds(&asked.users).await?;
        let rows = self.snapshot_rows(&asked).await?;
        Ok(assemble(claims, &conversations, &backgrounds, rows, now))
    }
}

fn assemble(
    claims: &[Claim],
    conversations: &HashMap<Uuid, Conversation>,
    backgrounds: &HashMap<Uuid, Background>,
    rows: Rows,
    now: DateTime<Utc>,
) -> Vec<(Claim, Snapshot)> {
    let mut odd = Oddities::default();
    let mut players: HashMap<_, _> = rows.players.0.into_iter().filter_map(|row| player(row, &mut odd)).collect();
    let moods: HashMap<_, _> = rows.moods.0.into_iter().filter_map(|row| mood(row, &mut odd)).collect();
    let vices = per_user(rows.vices.0, |row| vice(row, &mut odd));
    let facts = per_user(rows.facts.0, |row| fact(row, &mut odd));
    let threads = per_user(rows.threads.0, |row| note(row, THREAD_COLUMNS, &mut odd));
    let thoughts = per_user(rows.thoughts.0, |row| note(row, THOUGHT_COLUMNS, &mut odd));
    let life_events = per_user(rows.life_events.0, |row| life_event(row, &mut odd));
    let touchpoints = touchpoints(rows.touchpoints.0, &mut odd);
    let days = per_user(rows.days.0, |row| day(row, &mut odd));
    let decay = per_user(rows.decay.0, |row| decay(row, &mut odd));
    let summaries = per_user(rows.summaries.0, |row| summary(row, &mut odd));
    odd.tell();

    let mut snapshots = Vec::with_capacity(claims.len());
    for claim in claims {
        let user = claim.user.0;
        let (Some(conversation), Some(row)) = (conversations.get(&claim.conversation.0), players.remove(&user)) else {
            continue;
        };
        let conversation = conversation.clone();
        let near = |at: &DateTime<Utc>| (*at - conversation.last_message_at).abs() <= DECAY_REACH;
        let (player, metrics, engagement_state) = row;
        snapshots.push((
            *claim,
            Snapshot {
                now,
                decay: of(&decay, user).into_iter().filter(|(at, _)| near(at)).collect(),
                conversation,
                player,
                background: backgrounds.get(&user).cloned().unwrap_or_default(),
                metrics,
                engagement_state,
                vices: of(&vices, user),
                facts: of(&facts, user),
                threads: of(&threads, user),
                thoughts: of(&thoughts, user),
                life_events: of(&life_events, user),
                mood: moods.get(&user).copied(),
                touchpoints: touchpoints.get(&user).cloned().unwrap_or_default(),
                days: of(&days, user),
                recent_summaries: of(&summaries, user),
            },
        ));
    }
    snapshots
}

/// How far from a conversation a decay can be and still belong to its local day.
const DECAY_REACH: TimeDelta = TimeDelta::hours(36);

fn of<T: Clone>(rows: &PerUser<T>, user: Uuid) -> Vec<T> {
    rows.get(&user).cloned().unwrap_or_default()
}

fn per_user<R, T>(rows: Vec<R>, read: impl FnMut(R) -> Option<(Uuid, T)>) -> PerUser<T> {
    let mut all = PerUser::new();
    for (user, item) in rows.into_iter().filter_map(read) {
        all.entry(user).or_default().push(item);
    }
    all
}

const THREAD_COLUMNS: [&str; 3] =
    ["conversation_threads.thread_type", "conversation_threads.content", "conversation_threads.created_at"];
const THOUGHT_COLUMNS: [&str; 3] =
    ["nikita_thoughts.thought_type", "nikita_thoughts.content", "nikita_thoughts.created_at"];
