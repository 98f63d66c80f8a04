//! JSON with the place of a fault.
//!
//! serde_json knows where it stood when something was refused, which is behind the value, or behind the next comma. So the
//! fields are looked at one by one: the one at fault is refused alone too.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::SessionConfig;
use super::error::{ConfigError, UNKNOWN};

/// Reads a session.
///
/// # Errors
/// [`ConfigError`] with the place.
pub(super) fn read(text: &str) -> Result<SessionConfig, ConfigError> {
    let entries: Entries<'_> = serde_json::from_str(text).map_err(|error| unreadable(text, &error))?;
    serde_json::from_str(text).map_err(|error| {
        let (span, message) = entries.fault(text).unwrap_or_else(|| (0..text.len(), message(&error)));
        ConfigError::new(text, span, &message)
    })
}

/// Text that is no JSON object.
fn unreadable(text: &str, error: &serde_json::Error) -> ConfigError {
    let begin: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    // serde_json's column counts the bytes of the line that it has read.
    let mut at = (begin + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let width = text[at..].chars().next().map_or(0, char::len_utf8);
    ConfigError::new(text, at..at + width, &message(error))
}

/// What serde_json says, without the place.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map_or_else(|| text.clone(), str::to_owned)
}

/// The fields of an object, in their order, with the text of their values.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of a session's fields")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

impl Entries<'_> {
    /// The first place of `text`, which the entries are of, that is refused, and why.
    fn fault(&self, text: &str) -> Option<(Range<usize>, String)> {
        let mut behind = 0;
        for (i, (name, value)) in self.0.iter().enumerate() {
            let place = place_in(text, value);
            let key = behind + text.get(behind..place.start)?.find('"')?;
            let key = key..key + text.get(key..place.start)?.rfind('"')? + 1;
            behind = place.end;
            let alone = |value: &str| refused(&format!("{{{}:{value}}}", &text[key.clone()]));
            if let Some(message) = alone(value.get()) {
                if message.starts_with(UNKNOWN) {
                    return Some((key, message));
                }
                // Of a list, the first value that is refused alone.
                let values: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
                let at_fault = values.iter().find_map(|one| {
                    let message = alone(&format!("[{}]", one.get()))?;
                    let within = place_in(value.get(), one);
                    Some((place.start + within.start..place.start + within.end, message))
                });
                return at_fault.or(Some((place, message)));
            }
            if self.0[..i].iter().any(|(earlier, _)| earlier == name) {
                return Some((key, format!("duplicate field `{name}`")));
            }
        }
        None
    }
}

/// Where `value`, which borrows from `text`, lies in it.
fn place_in(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    start..start + value.get().len()
}

/// Why a session of `text` is refused, if it is.
fn refused(text: &str) -> Option<String> {
    serde_json::from_str::<SessionConfig>(text).err().map(|error| message(&error))
}
