//! Reading what pipelines decide from: a fixed number of queries, however many conversations are asked for.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::codec::{DbDate, DbId, DbIds, DbPoints, DbTime};
use super::session::{Tx, fetch_all};
use super::{Result, Store};
use crate::domain::conversation::{Claim, Conversation, Earlier};
use crate::domain::ids::{ConversationId, UserId};
use crate::domain::memory::{Day, Fact, LifeEvent, Mood, MoodDelta, Note};
use crate::domain::player::{GameStatus, Metrics, Player, Vice};
use crate::domain::points::Points;
use crate::domain::snapshot::{Snapshot, Touchpoints};

mod portrait;
mod rows;

use rows::{ConversationRow, DayRow, LifeEventRow, PlayerRow, TouchpointRow};

/// A query over many players, written once: `among!(column, parameter)` is "this id is one of them".
macro_rules! both {
    ($tx:expr, $before:literal, $column:literal, $after:literal) => {
        $tx.pick(
            concat!($before, " ", $column, " = any($1) ", $after),
            concat!($before, " ", $column, " in (select value from json_each($1)) ", $after),
        )
    };
}

/// As [`both!`], without the rows that the same conversation has brought forth when it was processed before.
macro_rules! but_own {
    ($tx:expr, $own:literal, $before:literal, $after:literal) => {
        $tx.pick(
            concat!($before, " not (id = any(", $own, ")) and user_id = any($1) ", $after),
            concat!(
                $before,
                " id not in (select value from json_each(",
                $own,
                ")) \
                 and user_id in (select value from json_each($1)) ",
                $after
            ),
        )
    };
}

/// Rows of many players, by player.
type PerUser<T> = HashMap<Uuid, Vec<T>>;

impl Store {
    /// The snapshots of these claims, in their order; none for a claim whose conversation or player is gone.
    ///
    /// `now` is the run's time.
    pub async fn snapshots(&self, claims: &[Claim], now: DateTime<Utc>) -> Result<Vec<(Claim, Snapshot)>> {
        let mut tx = self.begin_reading().await?;
        let conversations = conversations(&mut tx, claims).await?;
        let snapshots = read(&mut tx, claims, conversations, now).await?;
        tx.rollback().await?;
        Ok(snapshots)
    }
}

async fn read(
    tx: &mut Tx,
    claims: &[Claim],
    conversations: HashMap<Uuid, Conversation>,
    now: DateTime<Utc>,
) -> Result<Vec<(Claim, Snapshot)>> {
    let users = DbIds(claims.iter().map(|claim| claim.user.0).collect());
    let anew = conversations.values().filter(|it| it.earlier.is_some()).map(|it| it.id);
    let own = |kind| DbIds(anew.clone().flat_map(|id| id.all_of(kind)).collect());
    let mut players = players(tx, &users).await?;
    let vices = vices(tx, &users).await?;
    let facts = facts(tx, &users, own("memory_facts")).await?;
    let threads = threads(tx, &users, own("conversation_threads")).await?;
    let thoughts = thoughts(tx, &users, now, own("nikita_thoughts")).await?;
    let life_events = life_events(tx, &users, now).await?;
    let moods = moods(tx, &users).await?;
    let touchpoints = touchpoints(tx, &users).await?;
    let days = days(tx, &users).await?;
    let earliest = conversations.values().map(|it| it.last_message_at).min().unwrap_or(now);
    let decay = decay(tx, &users, earliest - DECAY_REACH).await?;
    let summaries = recent_summaries(tx, &users).await?;

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
    Ok(snapshots)
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
    let sql = both!(
        tx,
        "select id, user_id, coalesce(platform, '') as platform, messages, started_at, ended_at, last_message_at, score_delta, processed_at, \
             conversation_summary from conversations where",
        "id",
        ""
    );
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

/// The score of a player whose row holds none: the middle, at which no rule takes or gives anything.
const UNKNOWN_SCORE: Points = Points::whole(50);

async fn players(tx: &mut Tx, users: &DbIds) -> Result<HashMap<Uuid, (Player, Metrics, Option<String>)>> {
    let sql = both!(
        tx,
        "select u.id, u.telegram_id, u.relationship_score, cast(u.chapter as integer) as chapter, cast(u.game_status as text) as game_status, \
             u.last_interaction_at, u.notifications_enabled, u.timezone, cast(u.days_played as integer) as days_played, u.conflict_details, \
             u.last_conflict_at, cast(e.state as text) as engagement_state, \
             cast(m.intimacy as double precision) as intimacy, cast(m.passion as double precision) as passion, \
             cast(m.trust as double precision) as trust, cast(m.secureness as double precision) as secureness \
         from users u left join user_metrics m on m.user_id = u.id left join engagement_state e on e.user_id = u.id where",
        "u.id",
        ""
    );
    let rows: Vec<PlayerRow> = fetch_all!(tx, _, sql, users.clone());
    let read = |row: PlayerRow| {
        let usual = Metrics::default();
        let metrics = Metrics {
            intimacy: row.intimacy.unwrap_or(usual.intimacy),
            passion: row.passion.unwrap_or(usual.passion),
            trust: row.trust.unwrap_or(usual.trust),
            secureness: row.secureness.unwrap_or(usual.secureness),
        };
        let player = Player {
            id: UserId(row.id.0),
            telegram_id: row.telegram_id,
            score: row.relationship_score.map_or(UNKNOWN_SCORE, |it| it.0),
            chapter: row.chapter.unwrap_or_default(),
            game_status: GameStatus::read(row.game_status.as_deref().unwrap_or_default()),
            last_interaction_at: row.last_interaction_at.map(|at| at.0),
            notifications_enabled: row.notifications_enabled.unwrap_or_default(),
            timezone: row.timezone.unwrap_or_default(),
            days_played: row.days_played.unwrap_or_default(),
            conflict_details: row.conflict_details.map(|it| it.0),
            last_conflict_at: row.last_conflict_at.map(|at| at.0),
        };
        (row.id.0, (player, metrics, row.engagement_state))
    };
    Ok(rows.into_iter().map(read).collect())
}

async fn vices(tx: &mut Tx, users: &DbIds) -> Result<PerUser<Vice>> {
    let sql = both!(
        tx,
        "select user_id, coalesce(category, ''), cast(coalesce(intensity_level, 1) as integer), cast(engagement_score as double precision) \
         from user_vice_preferences where",
        "user_id",
        "order by engagement_score desc, category"
    );
    let rows: Vec<(DbId, String, i32, Option<f64>)> = fetch_all!(tx, _, sql, users.clone());
    Ok(per_user(rows, |(user, category, intensity_level, engagement)| {
        (user, Vice { category, intensity_level, engagement_score: engagement.unwrap_or_default() })
    }))
}

async fn facts(tx: &mut Tx, users: &DbIds, own: DbIds) -> Result<PerUser<Fact>> {
    let sql = but_own!(
        tx,
        "$3",
        "select user_id, id, cast(graph_type as text), fact, created_at from (select user_id, id, graph_type, fact, \
             created_at, row_number() over (partition by user_id order by created_at desc, id) as place \
         from memory_facts where is_active and fact is not null and created_at is not null and",
        ") newest where place <= $2 order by created_at desc, id"
    );
    let rows: Vec<(DbId, DbId, String, String, DbTime)> =
        fetch_all!(tx, _, sql, users.clone(), Snapshot::MOST_FACTS, own);
    Ok(per_user(rows, |(user, id, graph_type, fact, created_at)| {
        (user, Fact { id: id.0, graph_type, fact, created_at: created_at.0 })
    }))
}

fn note((user, kind, content, created_at): (DbId, String, String, DbTime)) -> (DbId, Note) {
    (user, Note { kind, content, created_at: created_at.0 })
}

async fn threads(tx: &mut Tx, users: &DbIds, own: DbIds) -> Result<PerUser<Note>> {
    let sql = but_own!(
        tx,
        "$3",
        "select user_id, coalesce(thread_type, ''), content, created_at from (select user_id, thread_type, content, created_at, id, \
             row_number() over (partition by user_id order by created_at desc, id) as place \
         from conversation_threads where status = 'open' and content is not null and created_at is not null and",
        ") newest where place <= $2 order by created_at desc, id"
    );
    Ok(per_user(fetch_all!(tx, _, sql, users.clone(), Snapshot::MOST_NOTES, own), note))
}

async fn thoughts(tx: &mut Tx, users: &DbIds, now: DateTime<Utc>, own: DbIds) -> Result<PerUser<Note>> {
    let sql = but_own!(
        tx,
        "$4",
        "select user_id, coalesce(thought_type, ''), content, created_at from (select user_id, thought_type, content, created_at, id, \
             row_number() over (partition by user_id order by created_at desc, id) as place \
         from nikita_thoughts where content is not null and created_at is not null and used_at is null and (expires_at is null or expires_at > $3) and",
        ") newest where place <= $2 order by created_at desc, id"
    );
    Ok(per_user(fetch_all!(tx, _, sql, users.clone(), Snapshot::MOST_NOTES, DbTime(now), own), note))
}

async fn life_events(tx: &mut Tx, users: &DbIds, now: DateTime<Utc>) -> Result<PerUser<LifeEvent>> {
    let sql = both!(
        tx,
        "select user_id, event_id, event_date, coalesce(time_of_day, '') as time_of_day, coalesce(domain, '') as domain, \
             coalesce(event_type, '') as event_type, coalesce(description, '') as description, emotional_impact, \
             coalesce(cast(importance as double precision), 0.5) as importance from nikita_life_events where event_date >= $2 and",
        "user_id",
        "order by event_date desc, case time_of_day when 'morning' then 1 when 'afternoon' then 2 when 'evening' then 3 \
             else 4 end, event_id"
    );
    let since = DbDate((now - TimeDelta::days(8)).date_naive());
    let rows: Vec<LifeEventRow> = fetch_all!(tx, _, sql, users.clone(), since);
    Ok(per_user(rows, |row| {
        let impact = row.emotional_impact.and_then(|it| serde_json::from_value::<MoodDelta>(it.0).ok());
        let event = LifeEvent {
            id: row.event_id.0,
            date: row.event_date.0,
            time_of_day: row.time_of_day,
            domain: row.domain,
            event_type: row.event_type,
            description: row.description,
            emotional_impact: impact.unwrap_or_default(),
            importance: row.importance,
        };
        (row.user_id, event)
    }))
}

async fn moods(tx: &mut Tx, users: &DbIds) -> Result<HashMap<Uuid, Mood>> {
    let sql = both!(
        tx,
        "select user_id, coalesce(arousal, 0.5), coalesce(valence, 0.5), coalesce(dominance, 0.5), coalesce(intimacy, 0.5) \
         from (select user_id, cast(arousal as double precision) as arousal, cast(valence as double precision) as valence, \
             cast(dominance as double precision) as dominance, cast(intimacy as double precision) as intimacy, \
             row_number() over (partition by user_id order by last_updated desc, state_id desc) as place \
             from nikita_emotional_states where",
        "user_id",
        ") latest where place = 1"
    );
    let rows: Vec<(DbId, f64, f64, f64, f64)> = fetch_all!(tx, _, sql, users.clone());
    let mood = |(user, arousal, valence, dominance, intimacy): (DbId, f64, f64, f64, f64)| {
        (user.0, Mood { arousal, valence, dominance, intimacy })
    };
    Ok(rows.into_iter().map(mood).collect())
}

async fn touchpoints(tx: &mut Tx, users: &DbIds) -> Result<HashMap<Uuid, Touchpoints>> {
    let sql = both!(
        tx,
        "select user_id, trigger_context, not delivered and not skipped as pending, delivered, delivery_at from (\
             select user_id, trigger_context, coalesce(delivered, false) as delivered, coalesce(skipped, false) as skipped, \
                 delivery_at, \
                 row_number() over (partition by user_id order by delivery_at desc, id) as place \
             from scheduled_touchpoints where delivery_at is not null and",
        "user_id",
        ") latest where place <= 50"
    );
    let rows: Vec<TouchpointRow> = fetch_all!(tx, _, sql, users.clone());
    let mut all: HashMap<Uuid, Touchpoints> = HashMap::new();
    for row in rows {
        let known = all.entry(row.user_id.0).or_default();
        known.pending |= row.pending;
        if row.delivered {
            known.last_delivered_at = known.last_delivered_at.max(Some(row.delivery_at.0));
        }
        let event = row.trigger_context.as_ref().and_then(|it| it.0.get("event_id")?.as_str()?.parse::<Uuid>().ok());
        known.used_events.extend(event);
    }
    Ok(all)
}

async fn days(tx: &mut Tx, users: &DbIds) -> Result<PerUser<Day>> {
    let sql = both!(
        tx,
        "select user_id, date, score_start, score_end, conversations_count, summary_text, key_moments, emotional_tone from (\
             select user_id, date, score_start, score_end, cast(coalesce(conversations_count, 0) as integer) as conversations_count, \
                 summary_text, key_moments, emotional_tone, \
                 row_number() over (partition by user_id order by date desc) as place \
             from daily_summaries where date is not null and",
        "user_id",
        ") latest where place <= 40 order by date desc"
    );
    let rows: Vec<DayRow> = fetch_all!(tx, _, sql, users.clone());
    Ok(per_user(rows, |row| {
        let moments = row.key_moments.and_then(|it| serde_json::from_value(it.0).ok());
        let day = Day {
            date: row.date.0,
            score_start: row.score_start.map(|it| it.0),
            score_end: row.score_end.map(|it| it.0),
            conversations_count: row.conversations_count,
            summary_text: row.summary_text,
            key_moments: moments.unwrap_or_default(),
            emotional_tone: row.emotional_tone,
        };
        (row.user_id, day)
    }))
}

async fn decay(tx: &mut Tx, users: &DbIds, since: DateTime<Utc>) -> Result<PerUser<(DateTime<Utc>, Points)>> {
    let sql = tx.pick(
        "select user_id, recorded_at, cast(event_details ->> 'decay_amount' as numeric) from score_history \
         where event_type = 'decay' and recorded_at >= $2 and user_id = any($1)",
        "select user_id, recorded_at, cast(event_details ->> '$.decay_amount' as real) from score_history \
         where event_type = 'decay' and recorded_at >= $2 and user_id in (select value from json_each($1))",
    );
    let rows: Vec<(DbId, DbTime, Option<DbPoints>)> = fetch_all!(tx, _, sql, users.clone(), DbTime(since));
    Ok(per_user(rows, |(user, at, amount)| (user, (at.0, amount.map_or(Points::ZERO, |it| it.0)))))
}

async fn recent_summaries(tx: &mut Tx, users: &DbIds) -> Result<PerUser<String>> {
    let sql = both!(
        tx,
        "select user_id, conversation_summary from (select user_id, conversation_summary, processed_at, \
             row_number() over (partition by user_id order by processed_at desc, id) as place \
         from conversations where status = 'processed' and conversation_summary is not null and",
        "user_id",
        ") latest where place <= 5 order by processed_at desc"
    );
    let rows: Vec<(DbId, String)> = fetch_all!(tx, _, sql, users.clone());
    Ok(per_user(rows, |row| row))
}
