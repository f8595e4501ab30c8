//! The list.

/// A column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The id of a row or of its owner, which is never added.
    Key,
    Id,
    Text,
    Integer,
    Bigint,
    Number,
    Real,
    Bool,
    Time,
    Date,
    Json,
    Vector,
}

/// A column's default: a literal for both databases, or the database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    Null,
    Is(&'static str),
    /// The time of writing. On SQLite it is null, because SQLite adds no column whose default is not constant.
    Now,
    /// The same, but on SQLite 1970, because readers need a time.
    NowOr1970,
}

use Fill::{Is, Now, NowOr1970, Null};
use Kind::{Bigint, Bool, Date, Id, Integer, Json, Key, Number, Real, Text, Time, Vector};

/// A table and its columns.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
}

/// A column's name, type and default.
pub(super) type Column = (&'static str, Kind, Fill);

const fn table(name: &'static str, columns: &'static [Column]) -> Table {
    Table { name, columns }
}

pub(super) static TABLES: [Table; 22] = [
    table(
        "users",
        &[
            ("id", Key, Null),
            ("telegram_id", Bigint, Null),
            ("relationship_score", Number, Is("50.00")),
            ("chapter", Integer, Is("1")),
            ("game_status", Text, Is("'active'")),
            ("last_interaction_at", Time, Null),
            ("onboarding_status", Text, Is("'pending'")),
            ("notifications_enabled", Bool, Is("true")),
            ("timezone", Text, Is("'UTC'")),
            ("days_played", Integer, Is("0")),
            ("conflict_details", Json, Null),
            ("last_conflict_at", Time, Null),
            ("cached_voice_prompt", Text, Null),
            ("cached_voice_prompt_at", Time, Null),
            ("created_at", Time, Now),
            ("decayed_through", Time, Null),
        ],
    ),
    table(
        "user_metrics",
        &[
            ("user_id", Key, Null),
            ("intimacy", Number, Is("50.00")),
            ("passion", Number, Is("50.00")),
            ("trust", Number, Is("50.00")),
            ("secureness", Number, Is("50.00")),
        ],
    ),
    table(
        "user_vice_preferences",
        &[
            ("user_id", Key, Null),
            ("category", Text, Is("''")),
            ("intensity_level", Integer, Is("1")),
            ("engagement_score", Number, Is("0")),
        ],
    ),
    table("engagement_state", &[("user_id", Key, Null), ("state", Text, Is("'calibrating'"))]),
    table(
        "conversations",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("platform", Text, Is("'telegram'")),
            ("messages", Json, Is("'[]'")),
            ("status", Text, Is("'active'")),
            ("processing_attempts", Integer, Is("0")),
            ("processing_started_at", Time, Null),
            ("processed_at", Time, Null),
            ("started_at", Time, Now),
            ("ended_at", Time, Null),
            ("last_message_at", Time, Null),
            ("score_delta", Number, Null),
            ("extracted_entities", Json, Null),
            ("conversation_summary", Text, Null),
            ("transcript_raw", Text, Null),
            ("emotional_tone", Text, Null),
            ("updated_at", Time, Now),
            ("claimed_by", Id, Null),
            ("claim_token", Id, Null),
            ("next_attempt_at", Time, Null),
            ("provider_outages", Integer, Is("0")),
            ("last_error", Text, Null),
            ("claimed_at", Time, Null),
            ("closed_token", Id, Null),
            ("refusals", Integer, Is("0")),
        ],
    ),
    table(
        "score_history",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("score", Number, Is("0")),
            ("chapter", Integer, Is("0")),
            ("event_type", Text, Is("''")),
            ("event_details", Json, Null),
            ("recorded_at", Time, Now),
        ],
    ),
    table(
        "daily_summaries",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("date", Date, Null),
            ("score_start", Number, Null),
            ("score_end", Number, Null),
            ("decay_applied", Number, Null),
            ("conversations_count", Integer, Is("0")),
            ("summary_text", Text, Null),
            ("nikita_summary_text", Text, Null),
            ("key_moments", Json, Null),
            ("key_events", Json, Null),
            ("emotional_tone", Text, Null),
        ],
    ),
    table(
        "conversation_threads",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("thread_type", Text, Is("'follow_up'")),
            ("content", Text, Is("''")),
            ("source_conversation_id", Id, Null),
            ("status", Text, Is("'open'")),
            ("created_at", Time, Now),
        ],
    ),
    table(
        "nikita_thoughts",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("thought_type", Text, Is("'reflection'")),
            ("content", Text, Is("''")),
            ("source_conversation_id", Id, Null),
            ("expires_at", Time, Null),
            ("used_at", Time, Null),
            ("created_at", Time, Now),
        ],
    ),
    table(
        "memory_facts",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("graph_type", Text, Is("'user'")),
            ("fact", Text, Is("''")),
            ("source", Text, Is("'manual'")),
            ("confidence", Real, Is("0.85")),
            ("embedding", Vector, Null),
            ("metadata", Json, Is("'{}'")),
            ("is_active", Bool, Is("true")),
            ("superseded_by", Id, Null),
            ("conversation_id", Id, Null),
            ("created_at", Time, NowOr1970),
        ],
    ),
    table(
        "ready_prompts",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("platform", Text, Is("'text'")),
            ("prompt_text", Text, Is("''")),
            ("token_count", Integer, Is("0")),
            ("context_snapshot", Json, Null),
            ("pipeline_version", Text, Is("''")),
            ("generation_time_ms", Real, Null),
            // Not `true`: several existing rows of a player would become current.
            ("is_current", Bool, Is("false")),
            ("conversation_id", Id, Null),
            ("created_at", Time, Now),
        ],
    ),
    table(
        "nikita_life_events",
        &[
            ("event_id", Key, Null),
            ("user_id", Key, Null),
            ("event_date", Date, Null),
            ("time_of_day", Text, Is("'morning'")),
            ("domain", Text, Is("'personal'")),
            ("event_type", Text, Is("'errand'")),
            ("description", Text, Is("'Nothing is known of it.'")),
            ("entities", Json, Is("'[]'")),
            ("emotional_impact", Json, Is("'{}'")),
            ("importance", Real, Is("0.5")),
            ("created_at", Time, NowOr1970),
        ],
    ),
    table(
        "nikita_emotional_states",
        &[
            ("state_id", Key, Null),
            ("user_id", Key, Null),
            ("arousal", Real, Is("0.5")),
            ("valence", Real, Is("0.5")),
            ("dominance", Real, Is("0.5")),
            ("intimacy", Real, Is("0.5")),
            ("conflict_state", Text, Is("'none'")),
            ("last_updated", Time, Now),
        ],
    ),
    table(
        "scheduled_touchpoints",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("trigger_type", Text, Is("'time'")),
            ("trigger_context", Json, Null),
            ("message_content", Text, Is("''")),
            ("delivery_at", Time, Null),
            ("delivered", Bool, Is("false")),
            ("skipped", Bool, Is("false")),
            ("created_at", Time, Now),
        ],
    ),
    table(
        "scheduled_events",
        &[
            ("id", Key, Null),
            ("user_id", Key, Null),
            ("platform", Text, Is("'telegram'")),
            ("event_type", Text, Is("''")),
            ("content", Json, Is("'{}'")),
            ("scheduled_at", Time, Now),
            ("status", Text, Is("'pending'")),
        ],
    ),
    table(
        "job_executions",
        &[
            ("id", Key, Null),
            ("job_name", Text, Is("''")),
            ("started_at", Time, Null),
            ("completed_at", Time, Null),
            ("status", Text, Is("'failed'")),
            ("result", Json, Null),
            ("duration_ms", Bigint, Null),
            ("cost_usd", Number, Null),
            ("heartbeat_at", Time, Null),
            ("host", Text, Null),
            ("pid", Integer, Null),
        ],
    ),
    table(
        "audit_reports",
        &[
            ("audit_id", Key, Null),
            ("audit_type", Text, Is("''")),
            ("status", Text, Is("'completed'")),
            ("audit_date", Time, Null),
            ("completed_at", Time, Null),
            ("summary", Json, Null),
            ("execution_logs", Json, Is("'[]'")),
        ],
    ),
    table(
        "job_leases",
        &[
            ("lease_key", Key, Null),
            ("execution_id", Key, Null),
            ("token", Key, Null),
            ("host", Text, Is("''")),
            ("pid", Integer, Is("0")),
            ("acquired_at", Time, Null),
            ("heartbeat_at", Time, Null),
            ("expires_at", Key, Null),
        ],
    ),
    table(
        "provider_breakers",
        &[
            ("provider", Key, Null),
            ("failures", Integer, Is("0")),
            ("opened_at", Time, Null),
            ("tried_at", Time, Null),
            ("probed_by", Id, Null),
            ("updated_at", Time, Null),
        ],
    ),
    table(
        "provider_lessons",
        &[
            ("address", Key, Null),
            ("model", Key, Null),
            ("version", Text, Is("''")),
            ("manner", Text, Is("'{}'")),
            ("learnt_at", Time, Null),
        ],
    ),
    table(
        "stage_memos",
        &[
            ("conversation_id", Key, Null),
            ("stage", Key, Null),
            ("input_hash", Key, Null),
            ("answer", Text, Is("''")),
            ("created_at", Time, Now),
        ],
    ),
    table(
        "nikita_jobs_migrations",
        &[("version", Key, Null), ("name", Text, Is("''")), ("applied_at", Text, Is("''"))],
    ),
];
