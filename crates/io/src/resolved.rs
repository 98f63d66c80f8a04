//! What an input turned out to be, for the user to see.

use std::fmt;

use jiff::tz::TimeZone;

use crate::column::Field;
use crate::databento::Scale;
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
    /// How a Databento file writes prices; `None` of others, and until a row was read.
    pub scale: Option<Scale>,
    /// The chosen publisher, and how many rows of others were passed over.
    pub publisher: Option<(u16, u64)>,
    /// The input names a page after its last one.
    pub is_partial: bool,
}

impl fmt::Display for Resolved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(vendor) = self.layout.vendor() {
            write!(f, "{vendor}: ")?;
        }
        f.write_str("time from ")?;
        if let Some(date) = self.layout.date_column() {
            write!(f, "`{date}` and ")?;
        }
        write!(f, "`{}`", self.layout.column(Field::Time).unwrap_or_default())?;
        match self.time_form {
            Some(TimeForm::Count(unit)) => write!(f, " ({unit} since 1970)")?,
            Some(TimeForm::Local) => {
                let fixed = || Some(format!("UTC{}", self.zone?.to_fixed_offset().ok()?));
                let zone = self.zone.and_then(TimeZone::iana_name).map(str::to_owned).or_else(fixed);
                write!(f, " ({})", zone.as_deref().unwrap_or("the zone it names"))?;
            }
            Some(TimeForm::Date) => f.write_str(" (dates)")?,
            Some(TimeForm::Offset) => f.write_str(" (with offset)")?,
            None => {}
        }
        if let Some((stamp, source)) = self.layout.stamp().zip(self.layout.stamp_source()) {
            let source = match source {
                StampSource::Stated => "stated",
                StampSource::Metadata => "by the file's metadata",
                StampSource::Layout => "by the layout",
                StampSource::Column => "by the column's name",
            };
            write!(f, ", stamp {} ({source})", format!("{stamp:?}").to_lowercase())?;
        }
        if self.scale == Some(Scale::Fixed) {
            f.write_str(", prices in units of 1e-9")?;
        }
        if let Some((publisher, passed)) = self.publisher {
            write!(f, ", publisher {publisher} ({passed} rows of others passed over)")?;
        }
        if self.is_partial {
            f.write_str(", more pages follow (next_page_token)")?;
        }
        match self.separator {
            ',' => Ok(()),
            other => write!(f, ", separated by {other:?}"),
        }
    }
}
