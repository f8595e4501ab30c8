//! The game around the jobs: tables of the harness's own that witness every change, and a simulated application that goes
//! on writing while the jobs are tortured.
//!
//! The witnesses are triggers, so that what they saw is committed with what they saw, or not at all. What the application
//! did is set down in the transaction that did it, so that no lost answer can blur the sums.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use uuid::Uuid;

use crate::support::bin::within;
use crate::support::db::Db;

const TABLES: &str = "
    create table torture_moves (conversation text, was text, became text, why text);
    create table torture_reclosed (execution text, was text, became text);
    create table torture_backwards (player text, was text, became text);
    create table torture_raises (player text, hundredths integer);
    create table torture_returns (player text);
    create table torture_begins (player text, score text, interaction text);
";

const POSTGRES_WITNESSES: &str = "
    create function torture_move() returns trigger language plpgsql as $$ begin
        insert into torture_moves values (new.id, old.status, new.status, new.last_error); return null; end $$;
    create trigger torture_move after update on conversations for each row
        when (old.status is distinct from new.status) execute function torture_move();
    create function torture_reclose() returns trigger language plpgsql as $$ begin
        insert into torture_reclosed values (new.id, old.status, new.status); return null; end $$;
    create trigger torture_reclose after update on job_executions for each row
        when (old.status <> 'running') execute function torture_reclose();
    create function torture_watermark() returns trigger language plpgsql as $$ begin
        insert into torture_backwards values (new.id, old.decayed_through, new.decayed_through); return null; end $$;
    create trigger torture_watermark after update on users for each row
        when (old.decayed_through > coalesce(new.decayed_through, '-infinity')) execute function torture_watermark();
";

const SQLITE_WITNESSES: &str = "
    create trigger torture_move after update on conversations when old.status is not new.status
        begin insert into torture_moves values (new.id, old.status, new.status, new.last_error); end;
    create trigger torture_reclose after update on job_executions when old.status <> 'running'
        begin insert into torture_reclosed values (new.id, old.status, new.status); end;
    create trigger torture_watermark after update on users when old.decayed_through > coalesce(new.decayed_through, '')
        begin insert into torture_backwards values (new.id, old.decayed_through, new.decayed_through); end;
";

/// Adds the witnesses to a migrated database.
pub fn prepare(db: &Db) {
    db.execute(TABLES);
    db.execute(if db.is_postgres() { POSTGRES_WITNESSES } else { SQLITE_WITNESSES });
}

/// What the application has done, by what the database has acknowledged.
#[derive(Default)]
pub struct Application {
    pub players: AtomicU64,
    pub conversations: AtomicU64,
    pub messages: AtomicU64,
    pub raises: AtomicU64,
    pub returns: AtomicU64,
    /// Writes that the database refused, because it was away or another one was in the way.
    pub refused: AtomicU64,
    /// Numbers the sentences: each is said once.
    said: AtomicU64,
}

impl Application {
    /// Writes until it is told to stop.
    pub fn play(&self, db: &Db, seed: u64, stop: &AtomicBool) {
        let mut rng = Rng::with_seed(seed);
        let mut players = Vec::new();
        let mut talks = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            if players.len() < 30 || rng.u32(0..40) == 0 {
                players.extend(self.join(db, &mut rng));
            }
            if within(Duration::from_millis(rng.u64(5..70)), || stop.load(Ordering::Relaxed)) {
                return;
            }
            let Some(player) = rng.choice(&players).copied() else { continue };
            match rng.u32(0..10) {
                0..3 => talks.extend(self.talk(db, player, &mut rng)),
                3..6 => self.go_on(db, talks.iter().rev().nth(rng.usize(0..8))),
                6..9 => self.raise(db, player, rng.u32(1..60)),
                _ => self.come_back(db, player, &mut rng),
            }
        }
    }

    fn write(&self, db: &Db, count: &AtomicU64, sql: &str) -> bool {
        let begin = if db.is_postgres() { "begin" } else { "begin immediate" };
        let done = db.try_execute(&format!("{begin}; {sql}; commit")).is_ok();
        (if done { count } else { &self.refused }).fetch_add(1, Ordering::Relaxed);
        done
    }

    /// A new player, whose grace has just ended or ends soon.
    fn join(&self, db: &Db, rng: &mut Rng) -> Option<Uuid> {
        let id = Uuid::from_u128(rng.u128(..));
        let score = format!("{}.{:02}", rng.u32(3..90), rng.u32(0..100));
        let interaction = ago(db, 3_600 + rng.i64(-30..60));
        let done = self.write(
            db,
            &self.players,
            &format!(
                "insert into users (id, relationship_score, chapter, onboarding_status, last_interaction_at, telegram_id) \
                 values ('{id}', {score}, {}, 'completed', {interaction}, 4711); \
                 insert into torture_begins select id, '{score}', last_interaction_at from users where id = '{id}'",
                rng.u32(1..6)
            ),
        );
        done.then_some(id)
    }

    /// A conversation that has just begun; one in five is a call that has ended.
    fn talk(&self, db: &Db, player: Uuid, rng: &mut Rng) -> Option<Uuid> {
        let id = Uuid::from_u128(rng.u128(..));
        let (platform, ended) =
            if rng.u32(0..5) == 0 { ("voice", ago(db, 0)) } else { ("telegram", "null".to_owned()) };
        let done = self.write(
            db,
            &self.conversations,
            &format!(
                "insert into conversations (id, user_id, platform, messages, started_at, last_message_at, ended_at, score_delta) \
                 values ('{id}', '{player}', '{platform}', '[{}, {}]', {now}, {now}, {ended}, -0.50)",
                self.say(),
                self.say(),
                now = ago(db, 0)
            ),
        );
        done.then_some(id)
    }

    /// One more message, unless the conversation has been claimed.
    fn go_on(&self, db: &Db, talk: Option<&Uuid>) {
        let Some(id) = talk else { return };
        let said = self.say();
        let messages = if db.is_postgres() {
            format!("messages || '[{said}]'::jsonb")
        } else {
            format!("json_insert(messages, '$[#]', json('{said}'))")
        };
        let sql = format!(
            "update conversations set messages = {messages}, last_message_at = {} where id = '{id}' and status = 'active'",
            ago(db, 0)
        );
        self.write(db, &self.messages, &sql);
    }

    /// Raises a score by some hundredths, and sets it down.
    fn raise(&self, db: &Db, player: Uuid, hundredths: u32) {
        let lock = if db.is_postgres() {
            format!("select 1 from users where id = '{player}' for update;")
        } else {
            String::new()
        };
        let which = format!("where id = '{player}' and relationship_score < 95 and game_status = 'active'");
        let sql = format!(
            "{lock} insert into torture_raises select id, {hundredths} from users {which}; \
             update users set relationship_score = {} {which}",
            // Two places, also in a database of binary fractions.
            if db.is_postgres() {
                format!("relationship_score + {hundredths} * 0.01")
            } else {
                format!("round(relationship_score * 100 + {hundredths}) / 100.0")
            }
        );
        self.write(db, &self.raises, &sql);
    }

    /// A player comes back: a few minutes of grace, or none.
    fn come_back(&self, db: &Db, player: Uuid, rng: &mut Rng) {
        let when = ago(db, 3_600 - rng.i64(0..20));
        let sql = format!(
            "update users set last_interaction_at = {when} where id = '{player}' and last_interaction_at < {when}; \
             insert into torture_returns values ('{player}')"
        );
        self.write(db, &self.returns, &sql);
    }

    /// A message of its own kind: it holds exactly one fact, which is stated nowhere else.
    fn say(&self) -> String {
        let number = self.said.fetch_add(1, Ordering::Relaxed);
        format!(r#"{{"role": "user", "content": "I like bridge {number}."}}"#)
    }
}

/// So many seconds ago, as SQL.
fn ago(db: &Db, seconds: i64) -> String {
    if db.is_postgres() {
        format!("clock_timestamp() - interval '{seconds} seconds'")
    } else {
        format!("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '{} seconds')", -seconds)
    }
}
