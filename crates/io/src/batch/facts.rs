//! What a table says about itself in the metadata of its schema.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use arrow_schema::SchemaRef;
use barloom_core::{Interval, Stamp};

use super::format::{BatchFormat, Batches};
use super::read::guarded;
use crate::compression::head;

/// The prefix of our keys.
const PREFIX: &str = "barloom.";

/// Facts by name, as `stamp` or `calendar`; in a file's metadata under `barloom.stamp` and so on, in the order of their names.
///
/// ```
/// use barloom_io::Facts;
/// let facts = Facts::default().with("stamp", "open").with("base", "1m");
/// assert_eq!(facts.get("base"), Some("1m"));
/// assert_eq!(facts.stamp(), Some(barloom_core::Stamp::Open));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Vec<(String, String)>);

impl Facts {
    /// With the fact `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let place = self.0.partition_point(|(own, _)| own.as_str() < name);
        self.0.insert(place, (name.to_owned(), value.into()));
        self
    }

    /// The fact `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// How rows are labelled: `stamp`.
    pub fn stamp(&self) -> Option<Stamp> {
        self.get("stamp")?.parse().ok()
    }

    /// The interval of the rows: `base`.
    pub fn base(&self) -> Option<Interval> {
        self.get("base")?.parse().ok()
    }

    /// The interval of the rows, where it is one that others are derived from: 1s, 1m or 1d.
    pub fn input_base(&self) -> Option<Interval> {
        self.base().filter(|base| ["1s", "1m", "1d"].contains(&base.to_string().as_str()))
    }

    /// What the file at `path` says about itself; nothing where there is none, or its format has no room for it.
    pub fn of_file(path: &Path) -> Self {
        let read = || {
            // A pipe would lose its reader, or what is read of it.
            path.metadata().ok().filter(std::fs::Metadata::is_file)?;
            let mut file = File::open(path).ok()?;
            let format = BatchFormat::of(&head(&mut file).ok()?)?;
            let found = Cell::new(None);
            let choose = |schema: &SchemaRef| {
                found.set(Some(Self::of(schema.metadata())));
                Ok(Vec::new())
            };
            // Damage is found by whoever reads the rows.
            let _ = guarded(format, || Batches::of_file(format, file, &choose));
            found.into_inner()
        };
        read().unwrap_or_default()
    }

    /// Those in the metadata of a schema.
    pub fn of(metadata: &HashMap<String, String>) -> Self {
        let mut facts: Vec<(String, String)> = Vec::new();
        // A map's order is none, so they are put in order of their names.
        #[allow(clippy::iter_over_hash_type, reason = "sorted below")]
        for (key, value) in metadata {
            if let Some(name) = key.strip_prefix(PREFIX) {
                facts.push((name.to_owned(), value.clone()));
            }
        }
        facts.sort();
        Self(facts)
    }

    /// As the metadata of a schema.
    pub(super) fn metadata(&self) -> HashMap<String, String> {
        self.0.iter().map(|(name, value)| (format!("{PREFIX}{name}"), value.clone())).collect()
    }
}
