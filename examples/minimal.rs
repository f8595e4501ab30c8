//! The smallest program with this project's database library: connect, `select 1`, exit. `scripts/bench` compares its time and memory
//! with those of a skipped run.
//!
//! ```sh
//! cargo run --release --example minimal -- "$DATABASE_URL"
//! ```

use std::error::Error;

use sqlx::{ConnectOptions, Connection, Executor};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("the argument is a postgres:// URL")?;
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    let mut connection = options.disable_statement_logging().connect().await?;
    connection.execute("select 1").await?;
    connection.close().await?;
    Ok(())
}
