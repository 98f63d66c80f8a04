//! What an input turned out to be, for the user to see.

use std::fmt;

use jiff::tz::TimeZone;

use crate::column::Field;
use crate::layout::{Layout, StampSource};
use crate::time::TimeForm;

/// What the decoder found out about its input; it prints as one line for people.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'a> {
    /// Which column means what.
    pub layout: &'a Layout,
    /// What separates the cells, usually a comma.
    pub separator: char,
    /// How times are written; `None` until a row was read.
    pub time_form: Option<TimeForm>,
    /// The zone stated for times without an offset.
    pub zone: Option<&'a TimeZone>,
}

impl fmt::Display for Resolved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "time from `{}`", self.layout.column(Field::Time).unwrap_or_default())?;
        match self.time_form {
            Some(TimeForm::Count(unit)) => write!(f, " ({unit} since 1970)")?,
            Some(TimeForm::Local) => {
                let zone = self.zone.and_then(TimeZone::iana_name);
                write!(f, " ({})", zone.unwrap_or("the zone it names"))?;
            }
            Some(TimeForm::Date) => f.write_str(" (dates)")?,
            Some(TimeForm::Offset) => f.write_str(" (with offset)")?,
            None => {}
        }
        if let Some((stamp, source)) = self.layout.stamp().zip(self.layout.stamp_source()) {
            let source = match source {
                StampSource::Stated => "stated",
                StampSource::Metadata => "by the file's metadata",
                StampSource::Column => "by the column's name",
            };
            write!(f, ", stamp {} ({source})", format!("{stamp:?}").to_lowercase())?;
        }
        match self.separator {
            ',' => Ok(()),
            other => write!(f, ", separated by {other:?}"),
        }
    }
}
