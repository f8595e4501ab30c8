//! Measures only claims, for `scripts/bench`: several tasks of one process claim one conversation after another, with the statement of
//! real runs, and process none.
//!
//! ```sh
//! cargo run --release --example claims -- "$DATABASE_URL" TASKS MOST [A_SECOND]
//! ```
//!
//! Each task makes `MOST` claims, at most `A_SECOND` per second if given. The output is one line of JSON: how many claims found a
//! conversation (`found`) and how many did not (`empty`), the total `seconds`, and the time of each claim in microseconds (`micros`).

#![expect(clippy::print_stdout, reason = "a tool that prints its results")]

use std::error::Error;
use std::time::{Duration, Instant};

use nikita_jobs::clock;
use nikita_jobs::config::database::Database;
use nikita_jobs::domain::ids::ExecutionId;
use nikita_jobs::store::Store;
use nikita_jobs::store::claims::Due;
use nikita_jobs::store::timeouts::Timeouts;
use serde_json::json;

/// A task's claims: how long each took, and whether it found a conversation.
type Claims = Vec<(Duration, bool)>;

async fn claim(store: Store, due: Due, execution: ExecutionId, most: usize, gap: Duration) -> Result<Claims, String> {
    let mut claims = Vec::with_capacity(most);
    let mut turn = clock::start();
    for _ in 0..most {
        if !gap.is_zero() {
            tokio::time::sleep_until(turn.into()).await;
            turn += gap;
        }
        let began = clock::start();
        let (found, _) = store.claim(&due, execution, 1).await.map_err(|error| error.to_string())?;
        claims.push((began.elapsed(), !found.is_empty()));
    }
    Ok(claims)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, tasks, most, rest @ ..] = &arguments[..] else { return Err("give URL TASKS MOST [A_SECOND]".into()) };
    let (tasks, most): (u32, usize) = (tasks.parse()?, most.parse()?);
    let a_second: f64 = rest.first().map_or(Ok(f64::INFINITY), |it| it.parse())?;
    let gap = Duration::from_secs_f64(1.0 / a_second);
    let (database, terms) = (Database::parse(url)?, Timeouts::of_job(Duration::from_secs(90), None));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let store = Store::open(&database, terms, tasks, None).await?;
        let due = Due { now: store.now().await?, session_timeout: Duration::from_mins(15), rollout: 100 };
        // Open every connection before the measurement.
        let open = (0..tasks).map(|_| store.now());
        futures_util::future::try_join_all(open).await?;
        let began: Instant = clock::start();
        let running: Vec<_> =
            (0..tasks).map(|_| tokio::spawn(claim(store.clone(), due, clock::new_execution(), most, gap))).collect();
        let mut claims = Claims::new();
        for task in running {
            claims.extend(task.await??);
        }
        let seconds = began.elapsed().as_secs_f64();
        store.close().await;
        let micros: Vec<u128> = claims.iter().map(|(time, _)| time.as_micros()).collect();
        let found = claims.iter().filter(|(_, found)| *found).count();
        println!("{}", json!({"found": found, "empty": claims.len() - found, "seconds": seconds, "micros": micros}));
        Ok(())
    })
}
