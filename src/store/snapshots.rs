//! Reading what pipelines decide from: a fixed number of queries, however many conversations are asked for. The queries stand
//! here, [`fetch`] sends them, and [`words`] makes of their rows what the domain knows.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::codec::{DbDate, DbId, DbIds, DbTime};
use super::session::{Tx, fetch_all};
use super::{Result, Store};
use crate::domain::conversation::{Claim, Conversation, Earlier};
use crate::domain::ids::ConversationId;
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

mod fetch;
mod portrait;
mod rows;
mod words;

use fetch::{Asked, Part, Rows, fetch};
use rows::ConversationRow;
use words::{day, fact, life_event, mood, note, player, touchpoints, vice};

/// A query over many players, written once: `part!(before, column, after)` has "this id is one of them" in between.
///
/// On PostgreSQL the ids hide behind a `select`: were their number known to it, it would plan the whole statement anew for each
/// conversation, which takes longer than running it.
macro_rules! part {
    ($before:literal, $column:literal, $after:literal) => {
        Part {
            postgres: concat!($before, " ", $column, " = any((select $1::uuid[])::uuid[]) ", $after),
            sqlite: concat!($before, " ", $column, " in (select value from json_each($1)) ", $after),
        }
    };
}

/// As [`part!`], without the rows that the same conversation has brought forth when it was processed before.
macro_rules! but_own {
    ($own:literal, $before:literal, $after:literal) => {
        Part {
            postgres: concat!(
                $before,
                " not (id = any(",
                $own,
                ")) and user_id = any((select $1::uuid[])::uuid[]) ",
                $after
            ),
            sqlite: concat!(
                $before,
                " id not in (select value from json_each(",
                $own,
                ")) \
                 and user_id in (select value from json_each($1)) ",
                $after
            ),
        }
    };
}

/// Rows of many players, by player.
type PerUser<T> = HashMap<Uuid, Vec<T>>;

impl Store {
    /// The snapshots of these claims, in their order; none for a claim whose conversation or player is gone.
    ///
    /// `now` is the run's time.
    pub async fn snapshots(&self, claims: &[Claim], now: DateTime<Utc>) -> Result<Vec<(Claim, Snapshot)>> {
        let mut tx = self.autocommit().await?;
        let conversations = conversations(&mut tx, claims).await?;
        tx.commit().await?;
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
            facts: own("memory_facts"),
            threads: own("conversation_threads"),
            thoughts: own("nikita_thoughts"),
            events_since: DbDate((now - TimeDelta::days(8)).date_naive()),
            decay_since: DbTime(earliest - DECAY_REACH),
        };
        let mut tx = self.read_at_once().await?;
        let rows = fetch(&mut tx, &asked).await?;
        tx.commit().await?;
        Ok(assemble(claims, &conversations, rows, now))
    }
}

fn assemble(
    claims: &[Claim],
    conversations: &HashMap<Uuid, Conversation>,
    rows: Rows,
    now: DateTime<Utc>,
) -> Vec<(Claim, Snapshot)> {
    let mut players: HashMap<_, _> = rows.players.into_iter().map(player).collect();
    let vices = per_user(rows.vices, vice);
    let facts = per_user(rows.facts, fact);
    let threads = per_user(rows.threads, note);
    let thoughts = per_user(rows.thoughts, note);
    let life_events = per_user(rows.life_events, life_event);
    let moods: HashMap<_, _> = rows.moods.iter().map(mood).collect();
    let touchpoints = touchpoints(rows.touchpoints);
    let days = per_user(rows.days, day);
    let decay =
        per_user(rows.decay, |row| (row.user_id, (row.recorded_at.0, row.amount.map_or(Points::ZERO, |it| it.0))));
    let summaries = per_user(rows.summaries, |row| (row.user_id, row.conversation_summary));

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

/// How far around a conversation decay may belong to its local day.
const DECAY_REACH: TimeDelta = TimeDelta::hours(36);

fn of<T: Clone>(rows: &PerUser<T>, user: Uuid) -> Vec<T> {
    rows.get(&user).cloned().unwrap_or_default()
}

fn per_user<R, T>(rows: Vec<R>, split: impl Fn(R) -> (DbId, T)) -> PerUser<T> {
    let mut all = PerUser::new();
    for row in rows {
        let (user, item) = split(row);
        all.entry(user.0).or_default().push(item);
    }
    all
}

async fn conversations(tx: &mut Tx, claims: &[Claim]) -> Result<HashMap<Uuid, Conversation>> {
    let sql = tx.pick(CONVERSATIONS.postgres, CONVERSATIONS.sqlite);
    let ids = DbIds(claims.iter().map(|claim| claim.conversation.0).collect());
    let rows: Vec<ConversationRow> = fetch_all!(tx, _, sql, ids);
    let read = |row: ConversationRow| {
        let started_at = row.started_at.map(|at| at.0);
        let latest = row.last_message_at.or(row.ended_at).map(|at| at.0).or(started_at).unwrap_or_default();
        let conversation = Conversation {
            id: ConversationId(row.id.0),
            platform: row.platform,
            messages: row.messages.map_or(serde_json::Value::Null, |it| it.0),
            started_at: started_at.unwrap_or(latest),
            last_message_at: latest,
            score_delta: row.score_delta.map(|it| it.0),
            earlier: row.processed_at.map(|_| Earlier { summary: row.conversation_summary }),
        };
        debug_assert!(claims.iter().any(|claim| claim.user.0 == row.user_id.0), "a claim names its player");
        (row.id.0, conversation)
    };
    Ok(rows.into_iter().map(read).collect())
}

const CONVERSATIONS: Part = part!(
    "select id, user_id, coalesce(platform, '') as platform, messages, started_at, ended_at, last_message_at, score_delta, processed_at, \
         conversation_summary from conversations where",
    "id",
    ""
);

// What a snapshot is made of beside the conversation: $1 the players, $2 the run's time, $3 to $5 rows that the conversation
// itself has brought forth, $6 the first day of life events, $7 the first instant of decay, $8 and $9
// the most facts and notes.

const PLAYERS: Part = part!(
    "select u.id, u.telegram_id, u.relationship_score, cast(u.chapter as integer) as chapter, \
         cast(u.game_status as text) as game_status, \
         u.last_interaction_at, u.notifications_enabled, u.timezone, cast(u.days_played as integer) as days_played, \
         u.conflict_details, \
         u.last_conflict_at, cast(e.state as text) as engagement_state, \
         cast(m.intimacy as double precision) as intimacy, cast(m.passion as double precision) as passion, \
         cast(m.trust as double precision) as trust, cast(m.secureness as double precision) as secureness \
     from users u left join user_metrics m on m.user_id = u.id left join engagement_state e on e.user_id = u.id where",
    "u.id",
    ""
);
const VICES: Part = part!(
    "select user_id, coalesce(category, '') as category, \
         cast(coalesce(intensity_level, 1) as integer) as intensity_level, \
         cast(engagement_score as double precision) as engagement_score from user_vice_preferences where",
    "user_id",
    "order by engagement_score desc, category"
);
const FACTS: Part = but_own!(
    "$3",
    "select user_id, id, cast(graph_type as text) as graph_type, fact, created_at from (select user_id, id, graph_type, fact, \
         created_at, row_number() over (partition by user_id order by created_at desc, id) as place \
     from memory_facts where is_active and fact is not null and created_at is not null and",
    ") newest where place <= $8 order by created_at desc, id"
);
const THREADS: Part = but_own!(
    "$4",
    "select user_id, coalesce(thread_type, '') as kind, content, created_at from (select user_id, thread_type, content, created_at, id, \
         row_number() over (partition by user_id order by created_at desc, id) as place \
     from conversation_threads where status = 'open' and content is not null and created_at is not null and",
    ") newest where place <= $9 order by created_at desc, id"
);
const THOUGHTS: Part = but_own!(
    "$5",
    "select user_id, coalesce(thought_type, '') as kind, content, created_at from (select user_id, thought_type, content, created_at, id, \
         row_number() over (partition by user_id order by created_at desc, id) as place \
     from nikita_thoughts where content is not null and created_at is not null and used_at is null \
         and (expires_at is null or expires_at > $2) and",
    ") newest where place <= $9 order by created_at desc, id"
);
const LIFE_EVENTS: Part = part!(
    "select user_id, event_id, event_date, coalesce(time_of_day, '') as time_of_day, coalesce(domain, '') as domain, \
         coalesce(event_type, '') as event_type, coalesce(description, '') as description, emotional_impact, \
         coalesce(cast(importance as double precision), 0.5) as importance from nikita_life_events where event_date >= $6 and",
    "user_id",
    "order by event_date desc, case time_of_day when 'morning' then 1 when 'afternoon' then 2 when 'evening' then 3 \
         else 4 end, event_id"
);
const MOODS: Part = part!(
    "select user_id, coalesce(arousal, 0.5) as arousal, coalesce(valence, 0.5) as valence, \
         coalesce(dominance, 0.5) as dominance, coalesce(intimacy, 0.5) as intimacy \
     from (select user_id, cast(arousal as double precision) as arousal, cast(valence as double precision) as valence, \
         cast(dominance as double precision) as dominance, cast(intimacy as double precision) as intimacy, \
         row_number() over (partition by user_id order by last_updated desc, state_id desc) as place \
         from nikita_emotional_states where",
    "user_id",
    ") latest where place = 1"
);
const TOUCHPOINTS: Part = part!(
    "select user_id, trigger_context, not delivered and not skipped as pending, delivered, delivery_at from (\
         select user_id, trigger_context, coalesce(delivered, false) as delivered, coalesce(skipped, false) as skipped, \
             delivery_at, \
             row_number() over (partition by user_id order by delivery_at desc, id) as place \
         from scheduled_touchpoints where delivery_at is not null and",
    "user_id",
    ") latest where place <= 50"
);
const DAYS: Part = part!(
    "select user_id, date, score_start, score_end, conversations_count, summary_text, key_moments, emotional_tone from (\
         select user_id, date, score_start, score_end, \
             cast(coalesce(conversations_count, 0) as integer) as conversations_count, \
             summary_text, key_moments, emotional_tone, \
             row_number() over (partition by user_id order by date desc) as place \
         from daily_summaries where date is not null and",
    "user_id",
    ") latest where place <= 40 order by date desc"
);
const DECAY: Part = Part {
    postgres: "select user_id, recorded_at, cast(event_details ->> 'decay_amount' as numeric) as amount from score_history \
         where event_type = 'decay' and recorded_at >= $7 and user_id = any((select $1::uuid[])::uuid[])",
    sqlite: "select user_id, recorded_at, cast(event_details ->> '$.decay_amount' as real) as amount from score_history \
         where event_type = 'decay' and recorded_at >= $7 and user_id in (select value from json_each($1))",
};
const SUMMARIES: Part = part!(
    "select user_id, conversation_summary from (select user_id, conversation_summary, processed_at, \
         row_number() over (partition by user_id order by processed_at desc, id) as place \
     from conversations where status = 'processed' and conversation_summary is not null and",
    "user_id",
    ") latest where place <= 5 order by processed_at desc"
);
