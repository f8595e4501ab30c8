//! Checks whether this role can work on this database, before anything is changed (spec 09, "Adoption").

use serde_json::json;

use super::read::row;
use super::session::{Tx, fetch_one};
use super::sql::postgres;
use super::{Result, Store, StoreError};

/// The tables that the jobs write.
const WRITTEN: [&str; 15] = [
    "users",
    "conversations",
    "score_history",
    "daily_summaries",
    "conversation_threads",
    "nikita_thoughts",
    "memory_facts",
    "ready_prompts",
    "nikita_life_events",
    "nikita_emotional_states",
    "scheduled_touchpoints",
    "scheduled_events",
    "job_executions",
    "job_leases",
    "stage_memos",
];
/// The tables that they only read.
const READ: [&str; 6] =
    ["user_metrics", "user_vice_preferences", "engagement_state", "user_profiles", "user_backstories", "psyche_states"];

row! {
    struct Found {
        encoding: String,
        is_standby: bool,
        hidden: String,
        ungranted: String,
    }
}

impl Store {
    /// Fails if this role can't read and write all rows, if the server's encoding can't store every character, and on a standby.
    ///
    /// # Errors
    /// [`super::Class::Configuration`] with what to do; [`super::Class::Server`] on a standby.
    pub async fn check_prerequisites(&self) -> Result<()> {
        let mut tx = self.autocommit().await?;
        if let Tx::Sqlite(_) = tx {
            return Ok(());
        }
        let (written, read) = (json!(WRITTEN).to_string(), json!(READ).to_string());
        let found: Found = fetch_one!(&mut tx, _, postgres::PREREQUISITES, written, read);
        tx.commit().await?;
        found.judge()
    }
}

impl Found {
    fn judge(&self) -> Result<()> {
        if self.is_standby {
            return Err(StoreError::unavailable("the server is a read-only standby. Name the primary"));
        }
        let wrong = if self.encoding != "UTF8" {
            format!(
                "the database's encoding is {}, which can't store every character that players write. Move the data to a database with UTF8",
                self.encoding
            )
        } else if !self.hidden.is_empty() {
            format!(
                "row security hides rows of {} from this role, so the jobs would silently pass over those players. Give the role bypassrls",
                self.hidden
            )
        } else if !self.ungranted.is_empty() {
            format!("this role lacks grants on {}. Grant it select, insert and update there", self.ungranted)
        } else {
            return Ok(());
        };
        Err(StoreError::configuration(wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::Found;

    fn said(change: impl FnOnce(&mut Found)) -> Option<String> {
        let mut found =
            Found { encoding: "UTF8".into(), is_standby: false, hidden: String::new(), ungranted: String::new() };
        change(&mut found);
        found.judge().err().map(|error| error.message().to_owned())
    }

    #[test]
    fn each_trouble_is_named() {
        assert_eq!(said(|_| {}), None);
        assert!(said(|it| it.is_standby = true).unwrap().contains("standby"));
        assert!(said(|it| it.encoding = "SQL_ASCII".into()).unwrap().contains("SQL_ASCII"));
        assert!(said(|it| it.hidden = "users".into()).unwrap().contains("hides rows of users"));
        assert!(said(|it| it.ungranted = "users".into()).unwrap().contains("grants on users"));
    }
}
