//! The JSON Schema of a session file: descriptions are the fields' docs, words those that are read.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::SessionConfig;
use crate::engine::MOST_WORKERS;

/// The schema of a session file.
pub(super) fn of_session() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<SessionConfig>().to_value();
    // What is not there by default has no default.
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        for field in fields.values_mut().filter_map(Value::as_object_mut) {
            field.retain(|key, value| key != "default" || !value.is_null());
        }
    }
    schema
}

pub(super) fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string" })
}

pub(super) fn texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
}

pub(super) fn shares(_: &mut SchemaGenerator) -> Schema {
    let number = json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 });
    let items = json_schema!({ "anyOf": [number, { "type": "string" }] });
    json_schema!({ "anyOf": [number, { "type": "string" }, { "type": "array", "items": items }] })
}

pub(super) fn keep(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "const": "session" }, { "type": "integer", "minimum": 0 }] })
}

pub(super) fn speed(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "const": 0 }, { "type": "number", "minimum": 0.01, "maximum": 1e8 }] })
}

pub(super) fn workers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 1, "maximum": MOST_WORKERS })
}
