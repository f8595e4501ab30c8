//! Many processes on one database: how long a claim takes then, who waits for whom, and whether anything is done twice.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::claim::{Claimed, claims_program, parse, prepare};
use crate::flow;
use crate::lab::Lab;
use crate::programs::{program, run, through};
use crate::stuck::{pin, unpin};
use crate::table::{Results, p99, short};

const PROCESSES: usize = 8;

pub fn measure(lab: &Lab, results: &mut Results) {
    prepare(lab, lab.size(60_000, 4_000));
    for _ in 0..lab.runs {
        let most = lab.size(2000, 100);
        lab.progress("crowd: claims of 8 processes, and of one");
        let eight = claims(lab, results, "8 processes at full speed", PROCESSES, most, None);
        let one = claims(lab, results, "1 process", 1, most, None);
        results.pair("p99 eight", p99(&eight), p99(&one));
    }
    let (seconds, a_second) = (lab.size(60, 3), 100);
    lab.progress(&format!("crowd: {seconds} s without a pinned snapshot, and {seconds} s with one"));
    let without =
        claims(lab, results, "8 processes, 100 claims a second each", PROCESSES, seconds * a_second, Some(a_second));
    let url = lab.copy("crowd", "claim_template");
    let mut old = pin(lab, "crowd", 3600);
    let with =
        claims_on(lab, results, &url, "the same with an old snapshot", PROCESSES, seconds * a_second, Some(a_second));
    unpin(lab, &mut old);
    results.pair("p99 pinned", p99(&last_sixth(&with)), p99(&last_sixth(&without)));
    lab.drop("claim_template");
    whole_runs(lab, results);
}

/// The last 10 of 60 seconds, of each process.
fn last_sixth(times: &[f64]) -> Vec<f64> {
    let each = times.len() / PROCESSES;
    times.chunks(each).flat_map(|of_one| of_one[each - each.div_ceil(6)..].to_vec()).collect()
}

const CLAIMS: &[&str] = &[
    "claims of",
    "claims/s",
    "p50, ms",
    "p99, ms",
    "slowest, ms",
    "sessions seen waiting for a lock",
    "claimed twice",
];

fn claims(
    lab: &Lab,
    results: &mut Results,
    what: &str,
    processes: usize,
    most: usize,
    pace: Option<usize>,
) -> Vec<f64> {
    let url = lab.copy("crowd", "claim_template");
    claims_on(lab, results, &url, what, processes, most, pace)
}

fn claims_on(
    lab: &Lab,
    results: &mut Results,
    url: &str,
    what: &str,
    processes: usize,
    most: usize,
    pace: Option<usize>,
) -> Vec<f64> {
    let watch = Watch::begin(lab);
    let start = || {
        let mut command = claims_program(lab, url, 1, most);
        command.args(pace.map(|it| it.to_string())).stdout(Stdio::piped()).spawn().expect("the example starts")
    };
    let running: Vec<Child> = (0..processes).map(|_| start()).collect();
    let ended = running.into_iter().map(|it| it.wait_with_output().expect("the example ends"));
    let all: Vec<Claimed> = ended.map(|it| parse(&String::from_utf8_lossy(&it.stdout))).collect();
    let waits = watch.end();
    let times: Vec<f64> = all.iter().flat_map(|it| it.times.clone()).collect();
    let found: f64 = all.iter().map(|it| it.found).sum();
    let seconds = all.iter().map(|it| it.seconds).fold(0.0, f64::max);
    let held: f64 =
        lab.sql("crowd", "select count(*) from conversations where status = 'processing'").parse().expect("a count");
    let twice = lab.sql("crowd", "select count(*) from conversations where processing_attempts > 1");
    assert_eq!((found, twice.as_str()), (held, "0"), "each claim took a conversation of its own");
    let line = [
        what.to_owned(),
        short(found / seconds),
        short(crate::table::median(&times)),
        short(p99(&times)),
        short(times.iter().copied().fold(0.0, f64::max)),
        waits,
        twice,
    ];
    results.figure("Claims of many processes", CLAIMS, line.to_vec());
    times
}

/// Whole runs on one backlog.
fn whole_runs(lab: &Lab, results: &mut Results) {
    let many = lab.size(4000, 200);
    flow::prepare(lab, "crowd_template", many);
    for _ in 0..lab.runs.min(3) {
        lab.progress(&format!("crowd: {many} conversations by 8 processes, and by one"));
        let (eight, waits) = together(lab, many, PROCESSES, 4, &[]);
        let one = flow::rate(&flow::drain(lab, &lab.copy("crowd", "crowd_template"), many, 10), many);
        results.pair("eight", eight, one);
        let line = vec!["8 processes of 4".to_owned(), short(eight), waits];
        let head = &["whole runs", "conversations/s", "sessions seen waiting for a lock"];
        results.figure("Whole runs of 8 processes on one backlog", head, line);
    }
    apart(lab, results, many);
    lab.drop("crowd");
    lab.drop("crowd_template");
}

/// The server on one processor, and ever more processes that take one conversation at a time on the other.
fn apart(lab: &Lab, results: &mut Results, many: usize) {
    lab.keep_server_on("0");
    for _ in 0..lab.runs.min(3) {
        let rates = [1, 4, 16].map(|processes| {
            lab.progress(&format!("crowd: {many} conversations by {processes} processes, the server apart"));
            let before = lab.server_cpu();
            let (rate, waits) = together(lab, many, processes, 1, &["taskset", "-c", "1"]);
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            let busy = (lab.server_cpu() - before) * rate / many as f64;
            let head = &[
                "processes",
                "conversations/s",
                "of its processor the server uses",
                "sessions seen waiting for a lock",
            ];
            let line = vec![processes.to_string(), short(rate), format!("{:.0} %", busy * 100.0), waits];
            results.figure("Processes of one task each, the server on a processor of its own", head, line);
            rate
        });
        results.pair("four apart", rates[1], rates[0]);
        results.pair("sixteen apart", rates[2], rates[0]);
    }
    lab.keep_server_on("0-1");
}

/// How many conversations a second so many processes finish on one backlog, and who was seen waiting for a lock. None is processed twice.
fn together(lab: &Lab, many: usize, processes: usize, concurrency: usize, starter: &[&str]) -> (f64, String) {
    let url = lab.copy("crowd", "crowd_template");
    let watch = Watch::begin(lab);
    let began = Instant::now();
    let (batch, concurrency) = (many.to_string(), concurrency.to_string());
    let arguments =
        ["process-conversations", "--force", "--allow-overlap", "--batch", &batch, "--concurrency", &concurrency];
    let start = || {
        let mut command = through(starter, &lab.nikita(&url, &arguments));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts")
    };
    let running: Vec<Child> = (0..processes).map(|_| start()).collect();
    let mut finished = 0;
    for child in running {
        let output = child.wait_with_output().expect("ends");
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a result");
        assert_eq!(output.status.code(), Some(0), "{result}");
        finished += result["processed"].as_u64().expect("a count");
    }
    let seconds = began.elapsed().as_secs_f64();
    let waits = watch.end();
    assert_eq!(finished, many as u64, "all together");
    let twice = lab.sql(
        "crowd",
        "select count(*) from conversations where processing_attempts > 1 or id in (select conversation_id from ready_prompts \
             where conversation_id is not null group by conversation_id having count(*) <> 2)",
    );
    assert_eq!(twice, "0", "processed twice");
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let rate = many as f64 / seconds;
    (rate, waits)
}

/// A look at the sessions of the database `crowd`, fifty times a second.
struct Watch(Child);

impl Watch {
    fn begin(lab: &Lab) -> Self {
        let look = "select count(*) filter (where wait_event_type = 'Lock'), count(*) filter (where state = 'active') \
            from pg_stat_activity where datname = 'crowd' and pid <> pg_backend_pid() \\watch 0.02";
        let file = lab.work.join("watch.sql");
        std::fs::write(&file, look).expect("the folder can be written");
        let mut psql: Command = program("psql");
        // From another database: it must not be in the way of a copy.
        psql.args(["-XAtq", "-d", &lab.url("postgres"), "-f"]).arg(file);
        Self(psql.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("psql starts"))
    }

    /// How many of the active sessions that were seen waited for a lock.
    fn end(self) -> String {
        let id = self.0.id().to_string();
        // Its pipe is read until it ends, so the end has to come from outside.
        let reader = std::thread::spawn(move || self.0.wait_with_output().expect("psql ends"));
        run(program("kill").args(["-TERM", &id]), 0);
        let said = reader.join().expect("read");
        let (mut waiting, mut active) = (0, 0);
        for line in String::from_utf8_lossy(&said.stdout).lines() {
            let Some((lock, all)) = line.split_once('|') else { continue };
            let (Ok(lock), Ok(all)) = (lock.parse::<u64>(), all.parse::<u64>()) else { continue };
            waiting += lock;
            active += all;
        }
        format!("{waiting} of {active}")
    }
}
