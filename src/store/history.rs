//! Looking back: what `health`, `stats`, `status` and `report` read. Nothing here writes.
//!
//! Every read is bounded, by time or by a count, and goes by an index of migration 0005, so that a year of runs costs no more
//! than a week. Rows may be another program's: `result` may be null, or JSON of any shape, and a job may have any name.
//! What does not have the expected shape is passed over, inside SQL.
//! The runs that met a conversation are found word for word by the condition of the index `job_executions_worked` (`[worked]`).

pub mod executions;
pub mod figures;
pub mod present;
pub mod recent;
pub mod spans;
pub mod stages;

/// The most jobs that are told apart. There are four; another program may give each run a name of its own.
const MOST_JOBS: i64 = 50;
