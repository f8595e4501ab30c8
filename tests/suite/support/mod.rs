//! What the tests stand on: databases ([`db`]), the application beside us ([`application`]), the binary ([`bin`]), rows to begin
//! with ([`seed`]), and a server that
//! speaks the wire formats of model providers ([`model_server`]).

/// The jobs, as `status` lists them (`status::what_never_ran_says_so`).
pub const JOBS: [&str; 4] = ["decay", "process-conversations", "recover", "scan-stuck"];

pub mod application;
pub mod bin;
pub mod breaker;
pub mod browser;
pub mod cluster;
pub mod counter;
pub mod db;
pub mod gate;
pub mod history;
pub mod long_form;
pub mod model_server;
pub mod promises;
pub mod proxy;
pub mod schema;
pub mod seed;
pub mod shim;
pub mod template;
pub mod wait;

/// Makes one test for each database out of a function of a [`db::Db`], so that the backends can't drift.
#[macro_export]
macro_rules! on_every_database {
    ($($(#[$meta:meta])* fn $name:ident($db:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "tests share the imports of their file")]
            use super::*;

            fn body($db: &$crate::support::db::Db) $body

            /// Whatever the jobs did, the application reads every row of theirs.
            fn test(db: &$crate::support::db::Db) {
                body(db);
                $crate::beside::accepts::every_row(db);
            }

            $(#[$meta])*
            #[test]
            fn sqlite() {
                test(&$crate::support::db::Db::sqlite());
            }

            $(#[$meta])*
            #[test]
            fn postgres() {
                test(&$crate::support::db::Db::postgres());
            }

            $(#[$meta])*
            #[test]
            fn pgvector() {
                test(&$crate::support::db::Db::pgvector());
            }

            $(#[$meta])*
            #[test]
            fn pooled() {
                test(&$crate::support::db::Db::pooled());
            }
        }
    )*};
}
