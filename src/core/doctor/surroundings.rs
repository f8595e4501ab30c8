//! Checks of the surroundings: the connection to the server, and the rows and sessions of other programs.

use super::Check;

/// The connection to a PostgreSQL server, as the server sees it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one answer of the server")]
pub struct Way {
    /// Whether the server's end of the connection is encrypted.
    pub encrypted: bool,
    /// Whether the server offers TLS.
    pub offers_tls: bool,
    /// The port that it listens on; `None` for a Unix socket.
    pub port: Option<i32>,
    /// Whether it is a read-only standby.
    pub standby: bool,
    /// Whether a commit waits for a standby.
    pub waits_for_standby: bool,
    /// How many standbys are connected.
    pub standbys: i64,
}

/// Counts of suspicious rows and sessions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Conversations whose id, or whose player's id, is not spelled as the jobs compare ids.
    pub odd_ids: i64,
    /// Runs that ended, or sent a heartbeat, in the future.
    pub future_runs: i64,
    /// Leases that were renewed in the future.
    pub future_leases: i64,
    /// Players whose watermark is in the future.
    pub future_watermarks: i64,
    /// Runs of our jobs in the last day by another program.
    pub foreign_runs: i64,
    /// Sessions that have waited for a lock for over ten seconds.
    pub waiting: i64,
    /// Sessions that have been idle in a transaction for over a minute.
    pub idle_in_transaction: i64,
}

/// Whether the connection to the server is encrypted and the server is authenticated. `host` is the URL's; `pooled` tells whether
/// the server sees a pooler's connection instead of ours; `checks_server` whether the server's certificate is verified.
#[must_use]
pub fn transport(way: Way, host: &str, checks_server: bool, pooled: bool) -> Check {
    let name = "database.transport";
    let here = host.starts_with('/') || ["localhost", "::1"].contains(&host) || host.starts_with("127.");
    let remedy =
        "Add sslmode=verify-full to DATABASE_URL, with sslrootcert= if no well-known authority signed the certificate";
    match (here, way.encrypted, way.offers_tls) {
        (false, true, _) if !checks_server => Check::warning(
            name,
            format!(
                "the connection to {host} is encrypted, but the server's certificate is not verified: an attacker in between can pose as the server"
            ),
            remedy,
        ),
        (_, true, _) => Check::ok(name, "the server's end of the connection is encrypted (TLS)"),
        (true, false, _) => Check::ok(name, "the connection is not encrypted, but does not leave this host"),
        (false, false, _) if pooled => Check::remark(
            name,
            "the connection from the pooler to the server is not encrypted; the one to the pooler can't be checked from here",
            "Nothing, if the pooler is next to the server; sslmode=verify-full in DATABASE_URL encrypts the connection to the pooler",
        ),
        (false, false, true) => Check::warning(
            name,
            format!("everything goes to {host} in plain text, although the server offers TLS"),
            remedy,
        ),
        (false, false, false) => Check::warning(
            name,
            format!("everything goes to {host} in plain text, and the server offers no TLS"),
            "Enable TLS on the server (ssl = on), then add sslmode=verify-full to DATABASE_URL; nothing, if the network is encrypted",
        ),
    }
}

/// Whether something is between this host and the server: then the URL's port is not the port that the server listens on.
#[must_use]
pub fn proxy(way: Way, port: u16) -> Check {
    let name = "database.proxy";
    match way.port {
        Some(own) if own != i32::from(port) => Check::remark(
            name,
            format!(
                "port {port} leads to a server that listens on port {own}: a pooler, a proxy or a container is in between"
            ),
            "Nothing; whatever is in between should allow connections to be idle for over a minute",
        ),
        Some(_) => Check::ok(name, "the server itself listens on the port of DATABASE_URL"),
        None => Check::ok(name, "the server listens on a socket of its host"),
    }
}

/// Whether jobs can write there, and whether their commits return.
#[must_use]
pub fn role(way: Way) -> Check {
    let name = "database.role";
    if way.standby {
        return Check::problem(name, "the server is a read-only standby", "Name the primary in DATABASE_URL");
    }
    if way.waits_for_standby && way.standbys == 0 {
        return Check::warning(
            name,
            "every commit waits for a standby (synchronous_standby_names), but none is connected",
            "Start the standby again, or remove it from synchronous_standby_names",
        );
    }
    Check::ok(name, "the server is a primary, and no commit waits for a missing standby")
}

/// Problems that other programs cause: odd rows, open transactions, runs of the same jobs.
#[must_use]
pub fn data(counts: Counts) -> Vec<Check> {
    let many = |count: i64, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
    let ids = "data.ids";
    let ids = match counts.odd_ids {
        0 => Check::ok(ids, "every conversation's ids are spelled as the jobs compare them"),
        odd => Check::warning(
            ids,
            format!(
                "{} an id that is not spelled as the jobs compare ids",
                many(odd, "conversation has", "conversations have")
            ),
            "Spell ids as lower-case UUIDs with hyphens, those of conversations, of their players and of what refers to both",
        ),
    };
    let times = "data.times";
    let ahead: Vec<String> = [
        (counts.future_runs, "run", "runs"),
        (counts.future_leases, "lease", "leases"),
        (counts.future_watermarks, "player's decay", "players' decay"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, more)| many(count, one, more))
    .collect();
    let times = if ahead.is_empty() {
        Check::ok(times, "nothing is dated in the future")
    } else {
        Check::warning(
            times,
            format!("dated later than now: {}", ahead.join(", ")),
            "Check whether the database's clock has jumped. Runs and leases from the future are ignored; players whose decay is \
             charged up to a future time are charged nothing until then",
        )
    };
    let locks = "data.locks";
    let locks = match (counts.waiting, counts.idle_in_transaction) {
        (0, 0) => Check::ok(locks, "no session waits for a lock, and no transaction is left open"),
        (waiting, idle) => Check::warning(
            locks,
            format!(
                "{} for a lock, and {} a transaction open without doing anything in it",
                many(waiting, "session waits", "sessions wait"),
                many(idle, "session holds", "sessions hold")
            ),
            "Look in pg_stat_activity for sessions idle in transaction, and at pg_blocking_pids() of those that wait",
        ),
    };
    let foreign = "data.other_programs";
    let foreign = match counts.foreign_runs {
        0 => Check::ok(foreign, "no other program has run a job of this name in the last day"),
        runs => Check::remark(
            foreign,
            format!("another program has made {} of these jobs in the last day", many(runs, "run", "runs")),
            "Nothing while you run both, which windows and watermarks allow; docs/deploy.md explains how to move to one",
        ),
    };
    vec![ids, times, locks, foreign]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::doctor::Mark;

    const WAY: Way = Way {
        encrypted: false,
        offers_tls: true,
        port: Some(5432),
        standby: false,
        waits_for_standby: false,
        standbys: 0,
    };

    #[test]
    fn plain_text_over_a_network_is_a_warning() {
        let mark = |way, host, pooled| transport(way, host, true, pooled).mark;
        assert_eq!(mark(WAY, "db.example", false), Mark::Warning);
        assert_eq!(mark(Way { offers_tls: false, ..WAY }, "db.example", false), Mark::Warning);
        assert_eq!(mark(WAY, "db.example", true), Mark::Ok);
        assert_eq!(mark(Way { encrypted: true, ..WAY }, "db.example", false), Mark::Ok);
        for here in ["127.0.0.1", "localhost", "::1", "/run/postgresql"] {
            assert_eq!(mark(WAY, here, false), Mark::Ok, "{here}");
        }
    }

    #[test]
    fn an_unverified_certificate_is_a_warning_for_remote_hosts_only() {
        let encrypted = Way { encrypted: true, ..WAY };
        let far = transport(encrypted, "db.example", false, false);
        assert_eq!(far.mark, Mark::Warning);
        assert!(far.message.contains("the server's certificate is not verified"), "{}", far.message);
        assert!(far.remedy.is_some_and(|it| it.contains("sslmode=verify-full")));
        assert_eq!(transport(encrypted, "db.example", true, false).mark, Mark::Ok);
        assert_eq!(transport(encrypted, "127.0.0.1", false, false).mark, Mark::Ok);
    }

    #[test]
    fn proxies_and_missing_standbys_are_reported() {
        assert!(proxy(WAY, 6432).message.contains("a pooler, a proxy"));
        assert_eq!(proxy(WAY, 5432).remedy, None);
        assert!(matches!(role(Way { standby: true, ..WAY }).mark, Mark::Problem(_)));
        assert_eq!(role(Way { waits_for_standby: true, ..WAY }).mark, Mark::Warning);
        assert_eq!(role(Way { waits_for_standby: true, standbys: 1, ..WAY }).mark, Mark::Ok);
    }

    #[test]
    fn every_count_is_reported() {
        assert!(data(Counts::default()).iter().all(|check| check.mark == Mark::Ok && check.remedy.is_none()));
        let all = Counts {
            odd_ids: 1,
            future_runs: 2,
            future_leases: 0,
            future_watermarks: 1,
            foreign_runs: 3,
            waiting: 1,
            idle_in_transaction: 1,
        };
        let said: Vec<_> = data(all).into_iter().map(|check| check.message).collect();
        assert_eq!(said[0], "1 conversation has an id that is not spelled as the jobs compare ids");
        assert_eq!(said[1], "dated later than now: 2 runs, 1 player's decay");
        assert!(said[2].starts_with("1 session waits for a lock, and 1 session holds a transaction open"));
        assert_eq!(said[3], "another program has made 3 runs of these jobs in the last day");
    }
}
