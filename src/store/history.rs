//! The queries of `health`, `stats`, `status` and `report`. They only read.
//!
//! Every query is bounded by time or by a count and uses an index of migration 0005, so that a year of runs costs no more than a
//! week. Rows can be another program's: `result` can be null or JSON of any shape, and a job can have any name. The SQL passes over
//! values of another shape. To find runs with conversations, a statement repeats the condition of the index
//! `job_executions_worked` exactly (`[worked]`).

pub mod executions;
pub mod figures;
pub mod present;
pub mod spans;
pub mod stages;

/// The most jobs to list. There are four, but another program can give each run its own name.
const MOST_JOBS: i64 = 50;
