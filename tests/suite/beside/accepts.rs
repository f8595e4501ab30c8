//! What the application reads back without trouble (spec 09, "What it accepts"): each table's rules, held to a fixture of rows that it
//! writes and of rows that it refuses, and to every row of ours that a test of the store leaves behind.

use serde_json::{Map, Value, json};

use crate::support::db::Db;

/// A row: its columns as text or null, those of JSON as what they hold.
type Row = Map<String, Value>;

/// A table, its columns, and which of its rows a job has written: ids of ours are derived, of version 5.
struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    json: &'static [&'static str],
    ours: &'static str,
    refusal: fn(&Row) -> Option<String>,
}

const TABLES: [Table; 8] = [
    Table {
        name: "nikita_life_events",
        columns: &["domain", "event_type", "time_of_day", "description", "importance", "created_at"],
        json: &["entities", "emotional_impact"],
        ours: "substr(cast(event_id as text), 15, 1) = '5'",
        refusal: life_event,
    },
    Table {
        name: "scheduled_touchpoints",
        columns: &["trigger_type", "message_content", "delivery_at"],
        json: &["trigger_context"],
        // The warnings of decay have ids of chance.
        ours: "(substr(cast(id as text), 15, 1) = '5' or cast(trigger_context as text) like '%decay_warning%')",
        refusal: touchpoint,
    },
    Table {
        name: "nikita_emotional_states",
        columns: &["conflict_state", "arousal", "valence", "dominance", "intimacy"],
        json: &[],
        ours: "state_id = user_id",
        refusal: mood,
    },
    Table {
        name: "users",
        columns: &[],
        json: &["conflict_details"],
        ours: "cast(conflict_details as text) like '%last_temp_update%'",
        refusal: conflict,
    },
    Table {
        name: "conversation_threads",
        columns: &["thread_type", "status"],
        json: &[],
        ours: "substr(cast(id as text), 15, 1) = '5'",
        refusal: |row| {
            one_of(row, "thread_type", "unresolved cliffhanger promise curiosity callback follow_up question topic")
                .or_else(|| one_of(row, "status", "open resolved expired"))
        },
    },
    Table {
        name: "nikita_thoughts",
        columns: &["thought_type"],
        json: &[],
        ours: "substr(cast(id as text), 15, 1) = '5'",
        refusal: |row| {
            let kinds =
                "worry curiosity anticipation reflection desire thinking wants_to_share question feeling missing_him";
            one_of(row, "thought_type", kinds)
        },
    },
    Table {
        name: "daily_summaries",
        columns: &["conversations_count"],
        json: &["key_events"],
        ours: "substr(cast(id as text), 15, 1) = '5'",
        refusal: |row| {
            one(row, "conversations_count").or_else(|| match &row["key_events"] {
                Value::Null => None,
                it => texts(it, "key_events"),
            })
        },
    },
    Table {
        name: "memory_facts",
        columns: &["is_active", "embedding", "confidence", "graph_type"],
        json: &[],
        ours: "substr(cast(id as text), 15, 1) = '5'",
        refusal: |row| {
            let active = ["true", "1"].contains(&row["is_active"].as_str().unwrap_or_default());
            (active && row["embedding"].is_null())
                .then(|| "an active fact without a vector".to_owned())
                .or_else(|| within(row, "confidence", 0.0, 1.0))
                .or_else(|| one_of(row, "graph_type", "user relationship nikita"))
        },
    },
];

/// Every row that a job has written: fails with those that the application refuses.
#[track_caller]
pub fn every_row(db: &Db) {
    // Where a test has broken the database, there is nothing to be read.
    if db.try_rows("select count(*) from users").is_err() {
        return;
    }
    let mut refused = Vec::new();
    for table in &TABLES {
        let Some(rows) = read(db, table) else { continue };
        for row in rows {
            refused.extend((table.refusal)(&row).map(|why| format!("{}: {why}: {row:?}", table.name)));
        }
    }
    let current = "select user_id from ready_prompts where is_current group by user_id, platform having count(*) > 1";
    for row in db.try_rows(current).unwrap_or_default() {
        refused.push(format!("ready_prompts: two current ones of {row:?}"));
    }
    let unreachable = "select t.user_id from scheduled_touchpoints t join users u on u.id = t.user_id \
        where u.telegram_id is null and substr(cast(t.id as text), 15, 1) = '5'";
    for row in db.try_rows(unreachable).unwrap_or_default() {
        refused.push(format!("scheduled_touchpoints: nobody can reach {row:?}"));
    }
    assert!(refused.is_empty(), "the application refuses\n{}", refused.join("\n"));
}

const NOTHING: &str = "\u{2400}";

/// The rows of ours; none where a test has taken the table or a column away.
fn read(db: &Db, table: &Table) -> Option<Vec<Row>> {
    let text = |column: &str| {
        let value = if column == "embedding" { "'there'".to_owned() } else { format!("cast({column} as text)") };
        format!("case when {column} is null then '{NOTHING}' else {value} end")
    };
    let names: Vec<_> = table.columns.iter().chain(table.json).collect();
    let columns: Vec<_> = names.iter().map(|it| text(it)).collect();
    let rows = db.try_rows(&format!("select {} from {} where {}", columns.join(", "), table.name, table.ours));
    let rows = match rows {
        Err(error) if ["does not exist", "no such"].iter().any(|it| error.to_string().contains(it)) => return None,
        other => other.unwrap_or_else(|error| panic!("{}: {error}", table.name)),
    };
    let value = |name: &str, text: &String| match text.as_str() {
        NOTHING => Value::Null,
        text if table.json.contains(&name) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        text => json!(text),
    };
    let row =
        |row: &Vec<String>| names.iter().zip(row).map(|(name, it)| ((**name).to_owned(), value(name, it))).collect();
    Some(rows.iter().map(row).collect())
}

fn life_event(row: &Row) -> Option<String> {
    let kinds = match row["domain"].as_str().unwrap_or_default() {
        "work" => "project_update meeting colleague_interaction deadline win setback",
        "social" => "friend_hangout friend_drama plans_made plans_cancelled new_person",
        "personal" => "gym errand hobby_activity self_care health travel",
        other => return Some(format!("a domain {other:?}")),
    };
    let description = row["description"].as_str().unwrap_or_default().chars().count();
    let impact = |name: &str, most: f64| match &row["emotional_impact"][name] {
        Value::Null => None,
        it => (it.as_f64().is_none_or(|it| it.abs() > most)).then(|| format!("an impact {name} of {it}")),
    };
    one_of(row, "event_type", kinds)
        .or_else(|| one_of(row, "time_of_day", "morning afternoon evening night"))
        .or_else(|| (!(10..=500).contains(&description)).then(|| format!("a description of {description} characters")))
        .or_else(|| texts(&row["entities"], "entities"))
        .or_else(|| within(row, "importance", 0.0, 1.0))
        .or_else(|| one(row, "created_at"))
        .or_else(|| (!row["emotional_impact"].is_object()).then(|| "an impact that is no object".to_owned()))
        .or_else(|| {
            let known = ["arousal_delta", "valence_delta", "dominance_delta", "intimacy_delta"];
            let odd = row["emotional_impact"].as_object()?.keys().find(|it| !known.contains(&it.as_str()))?;
            Some(format!("an impact {odd:?}"))
        })
        .or_else(|| impact("arousal_delta", 0.3))
        .or_else(|| impact("valence_delta", 0.3))
        .or_else(|| impact("dominance_delta", 0.2))
        .or_else(|| impact("intimacy_delta", 0.1))
}

fn touchpoint(row: &Row) -> Option<String> {
    let context = &row["trigger_context"];
    let needs = |names: &[&str]| {
        names.iter().find(|it| context.get(**it).is_none_or(Value::is_null)).map(|it| format!("no {it}"))
    };
    let of_its_kind = match row["trigger_type"].as_str().unwrap_or_default() {
        "time" => match context["time_slot"].as_str() {
            Some("morning" | "evening") => None,
            _ => Some("no time_slot of morning or evening".to_owned()),
        },
        "event" if context["event_type"] == "decay_warning" => {
            context.get("event_id").filter(|it| !it.is_null()).map(|_| "a warning with an event_id".to_owned())
        }
        "event" => needs(&["event_id", "event_type", "event_description"]),
        "gap" => needs(&["hours_since_contact"]),
        other => Some(format!("a trigger_type {other:?}")),
    };
    of_its_kind
        .or_else(|| (context["trigger_type"] != row["trigger_type"]).then(|| "another trigger_type inside".to_owned()))
        .or_else(|| (!context["chapter"].is_i64()).then(|| "no chapter".to_owned()))
        .or_else(|| (!context["emotional_state"].is_object()).then(|| "no emotional_state".to_owned()))
        .or_else(|| one(row, "message_content"))
        .or_else(|| one(row, "delivery_at"))
}

fn mood(row: &Row) -> Option<String> {
    one_of(row, "conflict_state", "none passive_aggressive cold vulnerable explosive")
        .or_else(|| ["arousal", "valence", "dominance", "intimacy"].iter().find_map(|side| within(row, side, 0.0, 1.0)))
}

fn conflict(row: &Row) -> Option<String> {
    let details = &row["conflict_details"];
    // A text with the object inside is read, too; ours is always the object.
    if !details.is_object() {
        return details.as_str().is_none().then(|| "no object".to_owned());
    }
    let degrees = details["temperature"].as_f64();
    let zone = details["zone"].as_str().unwrap_or_default();
    let time = details["last_temp_update"].as_str().unwrap_or_default();
    let offset = chrono::DateTime::parse_from_rfc3339(time).is_ok() && !time.ends_with('Z');
    degrees
        .is_none_or(|it| !(0.0..=100.0).contains(&it))
        .then(|| "a temperature outside 0 to 100".to_owned())
        .or_else(|| (!["calm", "warm", "hot", "critical"].contains(&zone)).then(|| format!("a zone {zone:?}")))
        .or_else(|| (!offset && !details["last_temp_update"].is_null()).then(|| format!("a time {time:?}")))
}

fn one(row: &Row, name: &str) -> Option<String> {
    row[name].is_null().then(|| format!("no {name}"))
}

fn one_of(row: &Row, name: &str, words: &str) -> Option<String> {
    let word = row[name].as_str().unwrap_or_default();
    (!words.split(' ').any(|it| it == word)).then(|| format!("a {name} {word:?}"))
}

fn within(row: &Row, name: &str, least: f64, most: f64) -> Option<String> {
    let number: Option<f64> = row[name].as_str().and_then(|it| it.parse().ok());
    number.is_none_or(|it| !(least..=most).contains(&it)).then(|| format!("a {name} of {}", row[name]))
}

fn texts(list: &Value, name: &str) -> Option<String> {
    let good = list.as_array().is_some_and(|it| it.iter().all(Value::is_string));
    (!good).then(|| format!("{name} that is no list of texts"))
}

/// Rows as the application writes them are accepted, and one is refused for each rule.
#[test]
fn the_rules_are_the_applications() {
    let fixture: Value = serde_json::from_str(include_str!("acceptable.json")).unwrap();
    for table in &TABLES {
        let refusal = |row: &Value| (table.refusal)(row.as_object().unwrap());
        let rows = &fixture[table.name];
        for row in rows["accepted"].as_array().unwrap() {
            assert_eq!(refusal(row), None, "{}: {row}", table.name);
        }
        let refused = rows["refused"].as_object().unwrap();
        assert!(!refused.is_empty());
        for (why, changes) in refused {
            let mut row = rows["accepted"][0].clone();
            for (path, value) in changes.as_object().unwrap() {
                let place = row.pointer_mut(path).unwrap_or_else(|| panic!("{}: {path}", table.name));
                *place = value.clone();
            }
            let said = refusal(&row).unwrap_or_else(|| panic!("{}: {why} is accepted: {row}", table.name));
            assert!(said.contains(why), "{}: {why:?} is refused as {said:?}", table.name);
        }
    }
}
