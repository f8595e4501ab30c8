//! The statements of [`super`], put together from the words in which the two kinds of record and the two databases differ.
//!
//! `r` is the record. Every time that another program may have written is read so that one that can't be read is null, and
//! no null hides a record from `<`.

/// The words of each kind.
macro_rules! names {
    (audit, table) => {
        "audit_reports"
    };
    (audit, id) => {
        "r.audit_id"
    };
    (audit, began) => {
        "r.audit_date"
    };
    (audit, under_way) => {
        "r.status = 'in_progress'"
    };
    (audit, lease, $column:literal) => {
        concat!("(select l.", $column, " from job_leases l where l.lease_key = 'audit:' || r.audit_id)")
    };
    (execution, table) => {
        "job_executions"
    };
    (execution, id) => {
        "r.id"
    };
    (execution, began) => {
        "r.started_at"
    };
    (execution, under_way) => {
        "r.status = 'running'"
    };
    // An audit's lease may name the execution that makes the audit; it is not that execution's own.
    (execution, lease, $column:literal) => {
        concat!(
            "(select max(l.",
            $column,
            ") from job_leases l where l.execution_id = r.id and l.lease_key not like 'audit:%')"
        )
    };
}

/// A time, or null where it is none that a clock could show.
macro_rules! time {
    (pg, $time:expr) => {
        concat!("(case when isfinite(", $time, ") then ", $time, " end)")
    };
    (sqlite, $time:expr) => {
        concat!("strftime('%Y-%m-%dT%H:%M:%f000Z', ", $time, ")")
    };
}

/// When it began.
macro_rules! began {
    ($kind:ident, pg) => {
        concat!("coalesce(", time!(pg, names!($kind, began)), ", timestamptz 'epoch')")
    };
    ($kind:ident, sqlite) => {
        concat!("coalesce(", time!(sqlite, names!($kind, began)), ", '1970-01-01T00:00:00.000000Z')")
    };
}

/// The later of two times, either of which may be null.
macro_rules! later {
    (pg, $a:expr, $b:expr) => {
        concat!("greatest(", $a, ", ", $b, ")")
    };
    (sqlite, $a:expr, $b:expr) => {
        concat!("nullif(max(coalesce(", $a, ", ''), coalesce(", $b, ", '')), '')")
    };
}

/// The latest heartbeat.
macro_rules! beat {
    (audit, $db:ident) => {
        time!($db, names!(audit, lease, "heartbeat_at"))
    };
    (execution, $db:ident) => {
        later!($db, time!($db, "r.heartbeat_at"), time!($db, names!(execution, lease, "heartbeat_at")))
    };
}

/// SQLite: JSON text, or `null` where it is not JSON.
macro_rules! valid {
    ($json:expr) => {
        concat!("(case when json_valid(", $json, ") then ", $json, " else 'null' end)")
    };
}

/// The times of the last twenty entries of its log, as the text of a JSON list. An entry may be anything, and so may the log.
macro_rules! log_times {
    (audit, pg) => {
        "coalesce(case when jsonb_typeof(cast(r.execution_logs as jsonb)) = 'array' then \
             cast(jsonb_path_query_array(cast(r.execution_logs as jsonb), '$[last - 19 to last].timestamp') as text) end, '[]')"
    };
    (audit, sqlite) => {
        concat!(
            "(select json_group_array(case when e.type = 'object' then json_extract(e.value, '$.timestamp') end) \
             from json_each(",
            valid!("r.execution_logs"),
            ") e where e.key >= json_array_length(",
            valid!("r.execution_logs"),
            ") - 20)"
        )
    };
    (execution, $db:ident) => {
        "'[]'"
    };
}

/// Who owns it.
macro_rules! owner {
    (audit) => {
        concat!(names!(audit, lease, "host"), " as host, ", names!(audit, lease, "pid"), " as pid")
    };
    (execution) => {
        "r.host, r.pid"
    };
}

macro_rules! now {
    (pg) => {
        pg_now!("$1")
    };
    (sqlite) => {
        sqlite_now!("$1")
    };
}

/// What a `Row` reads.
macro_rules! read {
    ($kind:ident, $db:ident) => {
        concat!(
            "select ",
            names!($kind, id),
            " as id, coalesce(cast(r.status as text), '') as status, ",
            began!($kind, $db),
            " as began, ",
            beat!($kind, $db),
            " as beat, ",
            names!($kind, lease, "expires_at"),
            " > ",
            now!($db),
            " as lease_is_live, ",
            log_times!($kind, $db),
            " as log_times, ",
            owner!($kind),
            " from ",
            names!($kind, table),
            " r where "
        )
    };
}

/// One record. $1 is the hidden `--now`, $2 its id.
macro_rules! by_id {
    ($kind:ident, $db:ident) => {
        concat!(read!($kind, $db), names!($kind, id), " = $2")
    };
}

/// SQLite: the id is spelt as ours are. Text is text there, and another program may have written any.
macro_rules! is_uuid {
    ($kind:ident) => {
        concat!(
            "(",
            names!($kind, id),
            " glob '????????-????-????-????-????????????' and ",
            names!($kind, id),
            " not glob '*[^0-9a-f-]*')"
        )
    };
}

/// SQLite: the ids under way that no record of ours can have.
macro_rules! odd {
    ($kind:ident) => {
        concat!(
            "select coalesce(cast(",
            names!($kind, id),
            " as text), 'null') from ",
            names!($kind, table),
            " r where ",
            names!($kind, under_way),
            " and ",
            is_uuid!($kind),
            " is not true limit 10"
        )
    };
}

/// Records under way. $2 is left out; $3 and $4 are the last record of the page before.
macro_rules! page {
    ($kind:ident, pg) => {
        page!($kind, pg, "::uuid", "::timestamptz", "")
    };
    ($kind:ident, sqlite) => {
        page!($kind, sqlite, "", "", concat!(is_uuid!($kind), " and "))
    };
    ($kind:ident, $db:ident, $uuid:literal, $time:literal, $readable:expr) => {
        concat!(
            read!($kind, $db),
            $readable,
            names!($kind, under_way),
            " and ($2",
            $uuid,
            " is null or ",
            names!($kind, id),
            " <> $2",
            $uuid,
            ") and ($3",
            $time,
            " is null or (",
            began!($kind, $db),
            ", ",
            names!($kind, id),
            ") > ($3",
            $time,
            ", $4",
            $uuid,
            ")) order by began, id limit $5"
        )
    };
}

/// Before this it was silent too long, or is too old: so many seconds ago.
macro_rules! ago {
    (pg, $seconds:literal) => {
        concat!("t.now - make_interval(secs => ", $seconds, ")")
    };
    (sqlite, $seconds:literal) => {
        concat!("strftime('%Y-%m-%dT%H:%M:%f000Z', t.now, '-' || ", $seconds, " || ' seconds')")
    };
}

/// Any of the three rules holds, and the log, whose latest time is $5, is as it was read.
macro_rules! unhealthy {
    ($kind:ident, pg) => {
        unhealthy!($kind, pg, "$5::timestamptz")
    };
    ($kind:ident, sqlite) => {
        unhealthy!($kind, sqlite, "$5")
    };
    ($kind:ident, $db:ident, $last_log:literal) => {
        concat!(
            "(",
            log_times!($kind, $db),
            " = $4 and (",
            names!($kind, lease, "expires_at"),
            " <= t.now or coalesce(",
            later!($db, beat!($kind, $db), $last_log),
            ", ",
            began!($kind, $db),
            ") < ",
            ago!($db, "$6"),
            " or ",
            began!($kind, $db),
            " < ",
            ago!($db, "$7"),
            "))"
        )
    };
}

/// The time of the recovery as text.
macro_rules! stamp {
    (pg) => {
        "to_char(t.now at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    };
    (sqlite) => {
        "t.now"
    };
}

/// What the summary says of a crash.
macro_rules! crash {
    (pg) => {
        concat!(
            "jsonb_build_object('crash_detected', true, 'crash_reason', $8::text, 'recovery_timestamp', ",
            stamp!(pg),
            ", 'original_status', r.status)"
        )
    };
    (sqlite) => {
        "json_object('crash_detected', json('true'), 'crash_reason', $8, 'recovery_timestamp', t.now, 'original_status', r.status)"
    };
}

/// What the log says of it.
macro_rules! entry {
    (pg) => {
        concat!(
            "jsonb_build_object('id', $9::text, 'timestamp', ",
            stamp!(pg),
            ", 'level', 'error', 'message', 'Recovered as failed: ' || $8::text, 'source', 'Recovery Service')"
        )
    };
    (sqlite) => {
        "json_object('id', $9, 'timestamp', t.now, 'level', 'error', 'message', 'Recovered as failed: ' || $8, \
         'source', 'Recovery Service')"
    };
}

/// What a JSON column holds if that is an object, else an empty one.
macro_rules! object {
    (pg, $column:literal) => {
        concat!(
            "(case when jsonb_typeof(cast(",
            $column,
            " as jsonb)) = 'object' then cast(",
            $column,
            " as jsonb) else '{}'::jsonb end)"
        )
    };
    (sqlite, $column:literal) => {
        concat!("(case when json_type(", valid!($column), ") = 'object' then ", $column, " else '{}' end)")
    };
}

/// The columns that a recovery writes. What stood in them stays there.
macro_rules! story {
    (audit, pg) => {
        concat!(
            "summary = ",
            object!(pg, "r.summary"),
            " || ",
            crash!(pg),
            ", execution_logs = coalesce(jsonb_path_query_array(cast(r.execution_logs as jsonb), '$[*]'), '[]'::jsonb) || ",
            entry!(pg)
        )
    };
    (audit, sqlite) => {
        concat!(
            "summary = json_patch(",
            object!(sqlite, "r.summary"),
            ", ",
            crash!(sqlite),
            "), execution_logs = case when json_type(",
            valid!("r.execution_logs"),
            ") = 'array' then json_insert(r.execution_logs, '$[#]', ",
            entry!(sqlite),
            ") else json_array(r.execution_logs, ",
            entry!(sqlite),
            ") end"
        )
    };
    // An execution has neither a summary nor a log of its own; its result holds both.
    (execution, pg) => {
        concat!(
            "result = ",
            object!(pg, "r.result"),
            " || ",
            crash!(pg),
            " || jsonb_build_object('status', 'error', 'error', jsonb_build_object('kind', 'recovered', 'message', $8::text), \
                 'execution_logs', jsonb_build_array(",
            entry!(pg),
            "))"
        )
    };
    (execution, sqlite) => {
        concat!(
            "result = json_patch(json_patch(",
            object!(sqlite, "r.result"),
            ", ",
            crash!(sqlite),
            "), json_object('status', 'error', 'error', json_object('kind', 'recovered', 'message', $8), \
                 'execution_logs', json_array(",
            entry!(sqlite),
            ")))"
        )
    };
}

/// Fails a record. $3: whether an operator has decided; $8: the reason; $9: the id of the log entry.
macro_rules! fail {
    ($kind:ident, $db:ident) => {
        concat!(
            "update ",
            names!($kind, table),
            " as r set status = 'failed', completed_at = t.now, ",
            story!($kind, $db),
            " from (select ",
            now!($db),
            " as now) as t where ",
            names!($kind, id),
            " = $2 and ",
            names!($kind, under_way),
            " and ($3 or ",
            unhealthy!($kind, $db),
            ") returning completed_at"
        )
    };
}
