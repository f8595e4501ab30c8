//! The jobs: the commands that a schedule starts. Whatever needs a value for each of them matches on [`Job`] or goes through
//! [`Job::ALL`], so that no list misses one.

use std::fmt;

/// A job. Its word is the command and `job_executions.job_name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Lowers the scores of inactive players.
    Decay,
    /// Turns finished conversations into memories and prompts.
    ProcessConversations,
    /// Recovers stuck conversations.
    Recover,
    /// Fails stuck audits and executions.
    ScanStuck,
}

impl Job {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 4] = [Self::Decay, Self::ProcessConversations, Self::Recover, Self::ScanStuck];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decay => "decay",
            Self::ProcessConversations => "process-conversations",
            Self::Recover => "recover",
            Self::ScanStuck => "scan-stuck",
        }
    }

    /// The job with this word; `None` for another command, and for a job of another program.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.as_str() == word)
    }

    /// How often the shipped schedule runs it, in seconds (`systemd/`, `crontab.example`).
    #[must_use]
    pub const fn interval(self) -> i64 {
        match self {
            Self::Decay => 3600,
            Self::ProcessConversations => 60,
            Self::Recover => 120,
            Self::ScanStuck => 300,
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
