//! Every point: a job is killed, frozen, cut off or refused at one of its writes, syncs, sends or receives. Then the work of the dead is
//! given back, all jobs run once more, every promise is looked up, and the end is compared with that of a run that nobody disturbed.
//!
//! CI takes a spread of the points; `scripts/crashpoints` takes all of them.

use crate::support;
use crate::support::bin::{Bin, Running, eventually};
use crate::support::db::Db;
use crate::support::long_form::{each, every};
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, backlog, conversation, time, transcript};
use crate::support::shim::{Act, Shim};

/// How many points of a job CI takes.
const SPREAD: usize = 6;

/// What may happen at a point of each database.
const ON_SQLITE: [Act; 6] = [Act::KillBefore, Act::NO_SPACE, Act::KillAfter, Act::BAD_DISK, Act::Half, Act::Freeze];
const ON_POSTGRES: [Act; 5] = [Act::KillBefore, Act::Sever, Act::KillAfter, Act::Half, Act::Freeze];

pub const JOBS: [(&str, &[&str]); support::JOBS.len()] = [
    ("decay", &["decay", "--chunk", "2"]),
    ("process-conversations", &["process-conversations", "--concurrency", "2"]),
    ("recover", &["recover", "--requeue"]),
    ("scan-stuck", &["scan-stuck"]),
];

/// Something to do for every job: due conversations, overdue players, and the work of a run that died.
pub fn world(db: Db) -> Db {
    backlog(&db, 3);
    // Under the cap of a run, which forgives by the run; the last one loses the game.
    for (hours, score) in [(10, "41.00"), (11, "40.50"), (20, "3.00")] {
        Player { last_interaction: at(-3600 * hours), score, ..Player::default() }.insert(&db);
    }
    let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(&db);
    let stuck = conversation(&db, user, -7200, &transcript(&["I live in Porto.", "Lovely!"]));
    let dead = uuid::Uuid::new_v4();
    let (began, ended) = (time(-7000), time(-6900));
    db.execute(&format!(
        "insert into job_executions (id, job_name, started_at, heartbeat_at, status) \
         values ('{dead}', 'process-conversations', '{began}', '{began}', 'running'); \
         insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) \
         values ('job:process-conversations:{dead}', '{dead}', '{dead}', 'gone', 1, '{began}', '{began}', '{ended}'); \
         insert into audit_reports (audit_id, audit_type, status, audit_date) values ('{dead}', 'nightly', 'in_progress', '{began}'); \
         update conversations set status = 'processing', processing_attempts = 1, claimed_by = '{dead}', claim_token = '{user}', \
             processing_started_at = '{began}', updated_at = '{began}' where id = '{stuck}'"
    ));
    db
}

/// One run of a job.
pub fn job(db: &Db, args: &[&str], now: &str) -> Bin {
    db.command(args).args(&["--force", "--now", now])
}

/// All jobs, once more, two hours later: nothing that died is alive then, and no pause of a rescuer of an hour before lasts.
pub fn settle(db: &Db) {
    let later = time(2 * 3600);
    for (_, args) in [JOBS[2], JOBS[1], JOBS[0], JOBS[3]] {
        let done = job(db, args, &later).done();
        assert!(!done.was_killed(), "{args:?} after the fault: {}", done.all());
        done.code(0);
    }
}

/// What a database holds in the end, whichever way it came there: not random ids, attempts, or when exactly a game ended.
pub fn end(db: &Db) -> Vec<Vec<String>> {
    let through = if db.is_postgres() {
        "to_char(decayed_through at time zone 'UTC', 'HH24:MI:SS')"
    } else {
        "substr(decayed_through, 12, 8)"
    };
    [
        "select 'conversation', cast(c.id as text), c.status, count(f.id) from conversations c \
         left join memory_facts f on f.conversation_id = c.id group by c.id, c.status order by 2",
        &format!("select 'player', cast(id as text), round(relationship_score * 100), game_status, case when game_status = 'active' then {through} end from users order by 2"),
        "select 'charged', cast(user_id as text), round(sum(cast(event_details ->> 'decay_amount' as real)) * 100) from score_history \
         where event_type = 'decay' group by user_id order by 2",
        "select 'prompt', cast(user_id as text), platform, count(*), sum(case when is_current then 1 else 0 end) from ready_prompts \
         group by user_id, platform order by 2, 3",
        "select 'fact', fact, cast(is_active as text), cast(conversation_id as text) from memory_facts order by 4, 2",
        "select 'thread', content, cast(source_conversation_id as text) from conversation_threads order by 3, 2",
        "select 'day', cast(user_id as text), conversations_count from daily_summaries order by 2",
        "select 'life', cast(user_id as text), count(*) from nikita_life_events group by user_id order by 2",
        "select 'warning', cast(user_id as text), count(*) from scheduled_touchpoints group by user_id order by 2",
        "select 'goodbye', cast(user_id as text), count(*) from scheduled_events group by user_id order by 2",
        "select 'audit', status, count(*) from audit_reports group by status order by 2",
        "select 'running', count(*) from job_executions where status = 'running'",
        "select 'lease', count(*) from job_leases",
    ]
    .iter()
    .flat_map(|sql| db.rows(sql))
    .collect()
}

/// Waits for a frozen process to stop, or to end without having come to its point.
fn is_frozen(run: &mut Running) -> bool {
    let mut frozen = false;
    eventually("it is frozen, or has ended", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", run.pid())).unwrap_or_default();
        frozen = stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'));
        frozen || !run.is_running()
    });
    frozen
}

/// A rescue while the run is frozen: it may have to leave what the frozen one holds, and does not wait for it long.
fn rescue(db: &Db) {
    for (_, args) in [JOBS[2], JOBS[1]] {
        let done = job(db, args, &time(3600)).args(&["--lease", "3s"]).done();
        assert!(done.exit().is_some_and(|code| [0, 3, 69].contains(&code)), "{args:?} beside it: {}", done.all());
    }
}

/// Disturbs a job at one point; whether the point was reached.
fn disturb(shim: &Shim, db: &Db, args: &[&str], number: usize, act: Act) -> bool {
    let mut run = shim.before(job(db, args, NOW), db, Some((number, act))).start();
    if act == Act::Freeze && is_frozen(&mut run) {
        rescue(db);
        run.signal("CONT");
    }
    let done = run.done();
    assert!(
        done.was_killed() || done.exit().is_some_and(|code| [0, 1, 3, 69, 78].contains(&code)),
        "{args:?}, {act:?} at {number}: {}",
        done.all()
    );
    shim.take().iter().any(|it| it.kind == '!')
}

#[expect(clippy::print_stderr, reason = "how much was tried is a result, which the docs state")]
fn every_point(db: Db, which: usize) {
    let (name, args) = JOBS[which];
    let (shim, world) = (Shim::build(), world(db));
    let undisturbed = world.copy();
    shim.before(job(&undisturbed, args, NOW), &undisturbed, None).done().code(0);
    let points = shim.take().len();
    settle(&undisturbed);
    promises::kept(&undisturbed);
    let expected = end(&undisturbed);
    let acts: &[Act] = if world.is_postgres() { &ON_POSTGRES } else { &ON_SQLITE };
    // All of them, each with all that may happen there; or a spread, each with one of the acts.
    let chosen: Vec<(usize, Act)> = match every() {
        Some(step) => {
            (1..=points).flat_map(|number| acts.iter().map(move |act| (number, *act))).step_by(step).collect()
        }
        None => {
            (0..SPREAD).map(|i| (1 + (2 * i + 1) * points / (2 * SPREAD), acts[(i + which) % acts.len()])).collect()
        }
    };
    let hit = each(&chosen, Shim::build, |shim, (number, act)| {
        let db = world.copy();
        let hit = disturb(shim, &db, args, *number, *act);
        settle(&db);
        let (ended, broken) = (end(&db), promises::broken(&db));
        assert!(broken.is_empty(), "{name}, {act:?} at point {number} of {points}: {broken:?}");
        assert_eq!(ended, expected, "{name}, {act:?} at point {number} of {points}");
        hit
    });
    eprintln!("{name}: {points} points, {} tried, {hit} hit", chosen.len());
    assert!(hit * 10 >= chosen.len() * 8, "{name}: only {hit} of {} were hit", chosen.len());
}

macro_rules! points {
    ($($test:ident: $job:literal;)*) => {
        const _: () = assert!([$($job),*].len() == JOBS.len(), "each has its tests");
        $(
        mod $test {
            use super::*;

            #[test]
            fn sqlite() {
                every_point(Db::sqlite(), $job);
            }

            #[test]
            fn postgres() {
                every_point(Db::postgres(), $job);
            }
        }
        )*
    };
}
points! {
    decay: 0;
    process_conversations: 1;
    recover: 2;
    scan_stuck: 3;
}
