//! Fills the demo's database with what the application would have written.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::ids::{AuditId, ExecutionId, UserId};
use crate::domain::player::{Metrics, Vice};
use crate::domain::points::Points;
use crate::store::codec::{DbId, DbJson, DbPoints, DbTime};
use crate::store::session::{Tx, execute};
use crate::store::sql::sqlite;
use crate::store::{Result, Store};

/// A player to insert.
#[derive(Clone, Debug)]
pub struct NewPlayer<'a> {
    /// `users.id`.
    pub id: UserId,
    /// Stored in the demo's own table `demo_players`, because `users` has no name.
    pub name: &'a str,
    /// The Telegram chat, if linked.
    pub telegram_id: Option<i64>,
    /// The relationship score.
    pub score: Points,
    /// 1–5.
    pub chapter: i32,
    /// `users.game_status`.
    pub game_status: &'a str,
    /// `users.onboarding_status`.
    pub onboarding_status: &'a str,
    /// `users.timezone`.
    pub timezone: &'a str,
    /// `users.notifications_enabled`.
    pub notifications_enabled: bool,
    /// Days since the game began.
    pub days_played: i32,
    /// When they last wrote or spoke.
    pub last_interaction_at: Option<DateTime<Utc>>,
    /// `user_metrics`.
    pub metrics: Metrics,
    /// `user_vice_preferences`.
    pub vices: &'a [Vice],
    /// `engagement_state.state`.
    pub engagement_state: &'a str,
}

/// A conversation to insert; always `active`.
#[derive(Clone, Debug)]
pub struct NewConversation<'a> {
    /// `conversations.id`.
    pub id: Uuid,
    /// The player.
    pub user: UserId,
    /// `telegram`, `text` or `voice`.
    pub platform: &'a str,
    /// The `messages` column, valid or not.
    pub messages: Value,
    /// When the first message was.
    pub started_at: DateTime<Utc>,
    /// When the last one was.
    pub last_message_at: DateTime<Utc>,
    /// When the call ended, for an ended call.
    pub ended_at: Option<DateTime<Utc>>,
    /// The points that the application added to the score for it.
    pub score_delta: Option<Points>,
    /// The player's chapter.
    pub chapter: i32,
}

/// What a dead host left behind.
#[derive(Clone, Debug)]
pub struct Crash {
    /// The conversation that it had claimed.
    pub conversation: Uuid,
    /// The run that had claimed it.
    pub execution: ExecutionId,
    /// Another program's audit on that host.
    pub audit: AuditId,
    /// The time of its last heartbeat; its leases expired soon after.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Writes a claimed conversation, its run and an audit as a dead host leaves them behind.
    pub async fn plant_crash(&self, crash: &Crash) -> Result<()> {
        const HOST: &str = "host-that-died";
        let began = crash.at - TimeDelta::minutes(2);
        let (execution, token) = (DbId::from(crash.execution), DbId(Uuid::new_v5(&crash.conversation, b"token")));
        let mut tx = self.begin_write().await?;
        execute!(&mut tx, sqlite::DEMO_EXECUTION, execution, DbTime(began), DbTime(crash.at), HOST);
        execute!(&mut tx, sqlite::DEMO_CLAIM, DbTime(crash.at), execution, token, DbId(crash.conversation));
        let entry = json!([{"id": "1", "timestamp": DbTime(crash.at).to_sqlite(), "level": "info",
            "message": "120 of 400 accounts checked", "source": HOST}]);
        execute!(&mut tx, sqlite::DEMO_AUDIT, DbId::from(crash.audit), DbTime(began), DbJson(entry));
        let leases = [
            (format!("job:process-conversations:{}", crash.execution), execution),
            (format!("audit:{}", crash.audit), DbId::from(crash.audit)),
        ];
        for (key, holder) in leases {
            execute!(
                &mut tx,
                sqlite::DEMO_LEASE,
                key,
                holder,
                token,
                HOST,
                DbTime(began),
                DbTime(crash.at),
                DbTime(crash.at + TimeDelta::seconds(90))
            );
        }
        tx.commit().await
    }

    /// Writes players and conversations in one transaction.
    pub async fn plant(&self, players: &[NewPlayer<'_>], conversations: &[NewConversation<'_>]) -> Result<()> {
        let mut tx = self.begin_write().await?;
        execute!(&mut tx, sqlite::DEMO_TABLE);
        for player in players {
            plant_player(&mut tx, player).await?;
        }
        for it in conversations {
            execute!(
                &mut tx,
                sqlite::DEMO_CONVERSATION,
                DbId(it.id),
                DbId::from(it.user),
                it.platform,
                Json(&it.messages),
                DbTime(it.started_at),
                DbTime(it.last_message_at),
                it.ended_at.map(DbTime),
                it.score_delta.map(DbPoints),
                it.chapter
            );
        }
        tx.commit().await
    }
}

async fn plant_player(tx: &mut Tx, player: &NewPlayer<'_>) -> Result<()> {
    let id = DbId::from(player.id);
    execute!(
        &mut *tx,
        sqlite::DEMO_PLAYER,
        id,
        player.telegram_id,
        DbPoints(player.score),
        player.chapter,
        player.game_status,
        player.last_interaction_at.map(DbTime),
        player.onboarding_status,
        player.notifications_enabled,
        player.timezone,
        player.days_played
    );
    execute!(&mut *tx, "insert into demo_players (user_id, name) values ($1, $2)", id, player.name);
    execute!(
        &mut *tx,
        "insert into user_metrics (user_id, intimacy, passion, trust, secureness) values ($1, $2, $3, $4, $5)",
        id,
        player.metrics.intimacy,
        player.metrics.passion,
        player.metrics.trust,
        player.metrics.secureness
    );
    execute!(&mut *tx, "insert into engagement_state (user_id, state) values ($1, $2)", id, player.engagement_state);
    for vice in player.vices {
        execute!(
            &mut *tx,
            "insert into user_vice_preferences (user_id, category, intensity_level, engagement_score) \
             values ($1, $2, $3, $4)",
            id,
            &vice.category,
            vice.intensity_level,
            vice.engagement_score
        );
    }
    Ok(())
}
