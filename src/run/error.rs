//! Why a run failed, and its exit code.

use crate::domain::exit::Exit;
use crate::domain::result::{ErrorBody, ErrorKind};
use crate::store::{Class, StoreError};

/// A failure that ends a run. `cli` prints it once and exits with [`RunError::exit`].
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A setting, a secret or a file is wrong.
    #[error("{0}")]
    Configuration(String),
    /// The run's lease expired or was taken over. The run has written nothing since.
    #[error("this run lost its lease ({0}) and has stopped; what it had not committed goes to another run")]
    LeaseLost(&'static str),
    /// The database was unreachable until the run's lease expired. The run has written nothing since.
    #[error("this run lost its lease ({0}) and has stopped; what it had not committed goes to another run")]
    LeaseOutage(&'static str),
    /// The job itself failed.
    #[error("{0}")]
    Failed(String),
    /// A bug of ours.
    #[error("internal bug: {0}. Please report it with the log")]
    Bug(String),
}

impl RunError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Store(error) => match error.class() {
                Class::Server | Class::Contention | Class::Unclear => Exit::Unavailable,
                Class::Configuration | Class::Schema => Exit::Configuration,
                Class::Row | Class::Run => Exit::Failure,
            },
            Self::Configuration(_) => Exit::Configuration,
            Self::LeaseOutage(_) => Exit::Unavailable,
            Self::LeaseLost(_) | Self::Failed(_) => Exit::Failure,
            Self::Bug(_) => Exit::Internal,
        }
    }

    /// The `error` object of the result.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        ErrorBody::new(self.kind(), self.to_string())
    }

    /// The `error.kind` of the result.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => match error.class() {
                Class::Server | Class::Unclear => ErrorKind::DatabaseUnavailable,
                Class::Contention => ErrorKind::DatabaseConflict,
                Class::Schema => ErrorKind::Schema,
                Class::Configuration => ErrorKind::Configuration,
                Class::Row | Class::Run => ErrorKind::Database,
            },
            Self::Configuration(_) => ErrorKind::Configuration,
            Self::LeaseLost(_) | Self::LeaseOutage(_) => ErrorKind::LeaseLost,
            Self::Failed(_) => ErrorKind::Failed,
            Self::Bug(_) => ErrorKind::Internal,
        }
    }
}
