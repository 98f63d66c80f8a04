//! A session as bytes and back: what it was asked for, its clock, and the state of the engine's parts.

use barloom_core::snapshot::{Fingerprint, Snapshot, SnapshotError, SnapshotWriter, Tag};
use barloom_core::{Symbols, Timestamp};
use pyo3::prelude::*;

use crate::errors::{bad_data, wrong};
use crate::session::{Inner, Session};

/// What a session was asked for, and where its clock stands.
const SESSION: Tag = Tag(*b"sess");

/// What was asked for stands in the bytes, so it need not be known to read them.
fn fingerprint() -> Fingerprint {
    Fingerprint::of([b"barloom.Session".as_slice()])
}

/// The section of a session.
struct Asked {
    fields: String,
    by_bars: bool,
    newest: Timestamp,
    now: Timestamp,
    number: u32,
}

impl Asked {
    fn read(from: &Snapshot<'_>) -> Result<Self, SnapshotError> {
        from.section(SESSION, 0, |from| {
            Ok(Self {
                fields: from.text("the session's fields")?.to_owned(),
                by_bars: from.flag("whether bars move the clock")?,
                newest: from.time()?,
                now: from.time()?,
                number: from.u32()?,
            })
        })
    }
}

/// What the session that `bytes` are was asked for: its fields, and what moves its clock.
#[pyfunction]
#[pyo3(name = "_saved_session")]
pub(crate) fn saved_session(bytes: &[u8]) -> PyResult<(String, &'static str)> {
    let snapshot = Snapshot::read(bytes, fingerprint()).map_err(bad_data)?;
    let Asked { fields, by_bars, .. } = Asked::read(&snapshot).map_err(bad_data)?;
    Ok((fields, if by_bars { "bars" } else { "advance" }))
}

impl Session {
    /// The session as bytes.
    pub(crate) fn saved(&self) -> PyResult<Vec<u8>> {
        let mut inner = self.open()?;
        let Inner { processor, symbols, writer, fields, by_bars, newest, now, number, .. } = &mut *inner;
        let mut to = SnapshotWriter::new(fingerprint());
        to.section(SESSION, 0, |to| {
            to.text(fields);
            to.flag(*by_bars);
            to.time(*newest);
            to.time(*now);
            to.u32(*number);
            Ok(())
        })
        .map_err(bad_data)?;
        let saved = processor.save(symbols, writer, &mut to);
        // What pickle raised comes out as it is.
        inner.settings.raised.check()?;
        saved.map_err(bad_data)?;
        Ok(to.finish())
    }

    /// Takes over what was saved of a session that was asked for the same; this one has seen nothing.
    pub(crate) fn take_saved(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        let mut inner = self.open()?;
        if inner.number > 0 {
            return Err(wrong("a session that has taken bars can't be another; use Session.restore"));
        }
        let snapshot = Snapshot::read(bytes, fingerprint()).map_err(bad_data)?;
        let asked = Asked::read(&snapshot).map_err(bad_data)?;
        let Inner { processor, symbols, writer, newest, now, number, settings, .. } = &mut *inner;
        let known = Symbols::restored(&snapshot).map_err(bad_data)?;
        let restored = processor.restore(&known, writer, &snapshot);
        settings.raised.check()?;
        restored.map_err(bad_data)?;
        *symbols = known;
        (*newest, *now, *number) = (asked.newest, asked.now, asked.number);
        self.restored_to(py, &inner);
        Ok(())
    }
}
