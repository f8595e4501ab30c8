//! The JSON Schema of each command's result, generated from its types: `nikita-jobs schema COMMAND`, docs/schema/.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::{
    AbortedDemo, Change, CheckResult, Common, ConversationPlan, ConversationResult, DecayResult, DemoResult,
    DoctorResult, ExecResult, ExecutionResult, FailuresResult, HealthResult, Judgement, MigrateResult, ProcessPlan,
    ProcessResult, PromptResult, RecoverResult, ReportResult, RetryResult, RunsResult, ScanResult, SkipResult,
    StatsResult, StatusResult, WhyResult,
};

type Fields = fn(&mut SchemaGenerator) -> Schema;

/// Each command, and the possible forms of its result besides a failure.
pub const COMMANDS: &[(&str, &[Fields])] = &[
    ("check", &[CheckResult::json_schema]),
    ("decay", &[DecayResult::json_schema, SkipResult::json_schema]),
    ("demo", &[DemoResult::json_schema, AbortedDemo::json_schema]),
    ("doctor", &[DoctorResult::json_schema]),
    ("exec", &[ExecResult::json_schema, SkipResult::json_schema]),
    ("failures", &[FailuresResult::json_schema]),
    ("health", &[HealthResult::json_schema, Change::json_schema]),
    ("migrate", &[MigrateResult::json_schema]),
    (
        "process-conversations",
        &[
            ProcessResult::json_schema,
            ProcessPlan::json_schema,
            ConversationResult::json_schema,
            ConversationPlan::json_schema,
            SkipResult::json_schema,
        ],
    ),
    ("prompt", &[PromptResult::json_schema]),
    ("recover", &[RecoverResult::json_schema, SkipResult::json_schema]),
    ("report", &[ReportResult::json_schema]),
    ("retry", &[RetryResult::json_schema]),
    ("scan-stuck", &[ScanResult::json_schema, Judgement::json_schema, SkipResult::json_schema]),
    ("stats", &[StatsResult::json_schema]),
    ("status", &[StatusResult::json_schema, RunsResult::json_schema, ExecutionResult::json_schema]),
    ("why", &[WhyResult::json_schema]),
];

/// The schema of a command's result; `None` if there is no such command.
#[must_use]
pub fn of(command: &str) -> Option<Value> {
    let (name, own) = COMMANDS.iter().find(|(name, _)| *name == command)?;
    Some(made(name, own))
}

/// The schema of a failure without own fields.
#[must_use]
pub fn failure() -> Value {
    made("failure", &[])
}

fn made(title: &str, own: &[Fields]) -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut branches: Vec<Value> = own.iter().map(|fields| branch(&mut generator, Some(fields))).collect();
    branches.push(branch(&mut generator, None));
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "anyOf": branches,
        "$defs": definitions,
    })
}

/// The common fields together with a command's own. Without own fields, an error is required.
fn branch(generator: &mut SchemaGenerator, own: Option<&Fields>) -> Value {
    let common = Common::json_schema(generator).to_value();
    let own = own.map(|fields| fields(generator).to_value());
    let list = |of: &Value| of.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = |of: &Value| of.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let (mut required, mut fields) = (list(&common), properties(&common));
    let mut schema = Map::new();
    if let Some(own) = &own {
        schema.extend(own.get("description").map(|about| ("description".to_owned(), about.clone())));
        for (name, field) in properties(own) {
            // `JobResult`'s `serialize` decides which of the two is used.
            let field = match fields.get(&name) {
                Some(common) => json!({"description": field.get("description"), "anyOf": [common, field]}),
                None => field,
            };
            fields.insert(name, field);
        }
        required.extend(list(own).into_iter().filter(|name| !list(&common).contains(name)));
    } else {
        schema.insert("description".to_owned(), json!("A failure without any other fields."));
        required.push(json!("error"));
    }
    schema.insert("properties".to_owned(), Value::Object(fields));
    schema.insert("required".to_owned(), Value::Array(required));
    Value::Object(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_every_result_has_a_description() {
        for (command, _) in COMMANDS {
            let schema = of(command).unwrap_or_default();
            for branch in schema["anyOf"].as_array().into_iter().flatten() {
                for (name, field) in branch["properties"].as_object().into_iter().flatten() {
                    let described = field.get("description").is_some() || field.get("$ref").is_some();
                    assert!(described, "{command}: {name} has no doc comment");
                }
            }
        }
    }
}
