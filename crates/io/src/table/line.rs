//! One line of a table, built cell by cell in a buffer that is reused.

use std::fmt;
use std::io::{self, Write};

use barloom_core::Timestamp;
use barloom_core::time::NANOS_PER_SECOND;

use super::number::{push_float, push_integer, write_to};

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The cells of the line being written, and the sink it goes to.
#[derive(Debug)]
pub(crate) struct Lines<W> {
    to: W,
    line: Vec<u8>,
    /// Text that is not in the line yet.
    scratch: String,
    /// The last day written: (days since 1970, `2024-11-25`).
    day: Option<(i64, [u8; 10])>,
    /// Bytes that went to the sink.
    written: u64,
}

impl<W: Write> Lines<W> {
    /// Lines that go to `to`, the first with the `names` of the columns.
    pub(crate) fn new<'a>(to: W, names: impl IntoIterator<Item = &'a str>) -> io::Result<Self> {
        let mut lines = Self::headless(to);
        names.into_iter().for_each(|name| lines.text(name));
        lines.end()?;
        Ok(lines)
    }

    /// Lines that go to `to`, without one of names.
    pub(crate) fn headless(to: W) -> Self {
        Self { to, line: Vec::new(), scratch: String::new(), day: None, written: 0 }
    }

    /// How many bytes went to the sink.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// A cell with `text`, in quotes where CSV needs them.
    #[inline]
    pub(crate) fn text(&mut self, text: &str) {
        if text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
            self.line.push(b'"');
            for byte in text.bytes() {
                self.line.extend_from_slice(if byte == b'"' { b"\"\"" } else { std::slice::from_ref(&byte) });
            }
            self.line.push(b'"');
        } else {
            self.line.extend_from_slice(text.as_bytes());
        }
        self.line.push(b',');
    }

    /// A cell with anything that prints.
    pub(crate) fn printed(&mut self, value: &dyn fmt::Display) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        // Writing to memory does not fail.
        let _ = fmt::Write::write_fmt(&mut scratch, format_args!("{value}"));
        self.text(&scratch);
        self.scratch = scratch;
    }

    /// A cell with a number; null is empty.
    #[inline]
    pub(crate) fn number(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            push_float(&mut self.line, value);
        }
        self.line.push(b',');
    }

    /// A cell with a count; null is empty.
    #[inline]
    pub(crate) fn count(&mut self, value: Option<i64>) {
        if let Some(value) = value {
            push_integer(&mut self.line, value);
        }
        self.line.push(b',');
    }

    /// A cell with an instant; null is empty.
    #[inline]
    pub(crate) fn time(&mut self, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.push_time(at);
        }
        self.line.push(b',');
    }

    fn push_time(&mut self, at: Timestamp) {
        let (seconds, fraction) =
            (at.as_nanos().div_euclid(NANOS_PER_SECOND), at.as_nanos().rem_euclid(NANOS_PER_SECOND));
        if fraction != 0 {
            return write_to(&mut self.line, format_args!("{at}"));
        }
        let (day, within) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
        let date = match self.day {
            Some((cached, date)) if cached == day => date,
            _ => {
                // The years 1677 to 2262 have four digits, so a date always has ten bytes.
                let mut date = *b"0000-00-00";
                let _ = (&mut date[..]).write_fmt(format_args!("{at}"));
                self.day = Some((day, date));
                date
            }
        };
        let two = |n: i64| [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        let ([h1, h2], [m1, m2], [s1, s2]) = (two(within / 3600), two(within / 60 % 60), two(within % 60));
        self.line.extend_from_slice(&date);
        self.line.extend_from_slice(&[b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z']);
    }

    /// Writes the line out.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        if let Some(last) = self.line.last_mut() {
            *last = b'\n';
        }
        let written = self.to.write_all(&self.line);
        self.written += self.line.len() as u64;
        self.line.clear();
        written
    }

    pub(crate) fn get_mut(&mut self) -> &mut W {
        &mut self.to
    }

    pub(crate) fn into_inner(self) -> W {
        self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(nanos: i64) -> String {
        let mut lines = Lines::new(Vec::new(), ["time"]).unwrap();
        lines.time(Some(Timestamp::from_nanos(nanos)));
        lines.end().unwrap();
        String::from_utf8(lines.into_inner()).unwrap()
    }

    #[test]
    fn a_cell_is_quoted_only_where_csv_needs_it() {
        let mut lines = Lines::new(Vec::new(), ["a", "b,c"]).unwrap();
        lines.text("x\"y");
        lines.printed(&"two\nlines");
        lines.end().unwrap();
        assert_eq!(lines.into_inner(), b"a,\"b,c\"\n\"x\"\"y\",\"two\nlines\"\n");
    }

    proptest! {
        #[test]
        fn a_time_is_written_as_core_prints_it(nanos: i64) {
            let whole = nanos - nanos % NANOS_PER_SECOND;
            for nanos in [nanos, whole] {
                prop_assert_eq!(time(nanos), format!("time\n{}\n", Timestamp::from_nanos(nanos)));
            }
        }
    }
}
