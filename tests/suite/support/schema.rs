//! Every result that a test reads is held to docs/schema: no field is missing, and none is there that the schema does not know.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::Value;

type Kept = Mutex<HashMap<String, Option<Arc<Validator>>>>;

/// Panics where a result is not what its command's schema says.
#[track_caller]
pub fn check(result: &Value) {
    let name = result["job"].as_str().unwrap_or("failure");
    // `exec` runs under any name.
    let Some(validator) = validator(name).or_else(|| validator("exec")) else { panic!("docs/schema has no schema") };
    if validator.is_valid(result) {
        return;
    }
    let said: Vec<_> =
        validator.iter_errors(result).map(|error| format!("{error} at {}", error.instance_path())).collect();
    panic!("docs/schema/{name}.json does not know this result: {}\n{result:#}", said.join("; "));
}

fn validator(name: &str) -> Option<Arc<Validator>> {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    let mut kept = KEPT.get_or_init(Kept::default).lock().expect("not poisoned");
    kept.entry(name.to_owned()).or_insert_with(|| made(name)).clone()
}

fn made(name: &str) -> Option<Arc<Validator>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(format!("{name}.json"));
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).expect("a schema is JSON");
    // Others may find fields that they don't know, which are only ever added; here each must be known.
    for branch in schema["anyOf"].as_array_mut().expect("a schema has branches") {
        branch["additionalProperties"] = Value::Bool(false);
    }
    Some(Arc::new(jsonschema::validator_for(&schema).expect("a schema is in order")))
}
