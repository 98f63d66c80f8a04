//! Dates and times of day as layouts write them, into the ISO 8601 text that times are read from.

use crate::vendor::is_shaped;

/// The longest ISO text that is made: a date, a time with nine decimals, an offset.
const LONGEST: usize = 40;

/// ISO 8601 text, on the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Iso {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Iso {
    /// The text of a day and the time of day on it, which is empty where the row is a day.
    ///
    /// A date is `2024-11-26`, also with slashes or points, or `20241126`; with `month_first`, which a layout must define, it is
    /// `11/26/2024`. A time is `09:30`, also with seconds and what follows them, `0930` or `093000`.
    pub(crate) fn of(date: &[u8], clock: &[u8], month_first: bool) -> Option<Self> {
        let mut iso = Self { bytes: [0; LONGEST], length: 0 };
        let separated = |by: u8| is_shaped(date, &[b'd', b'd', b'd', b'd', by, b'd', b'd', by, b'd', b'd']);
        let [year, month, day] = match () {
            () if month_first => {
                is_shaped(date, b"dd/dd/dddd").then(|| [&date[6..], &date[..2], &date[3..5]])?
            }
            () if [b'-', b'/', b'.'].into_iter().any(separated) => [&date[..4], &date[5..7], &date[8..]],
            () if is_shaped(date, b"dddddddd") => [&date[..4], &date[4..6], &date[6..]],
            () => return None,
        };
        [year, b"-", month, b"-", day].into_iter().try_for_each(|piece| iso.push(piece))?;
        let rest: [&[u8]; 6] = match () {
            () if clock.is_empty() => return Some(iso),
            () if is_shaped(clock, b"dd:dd") => [b" ", clock, b":00", b"", b"", b""],
            () if is_shaped(clock, b"dddd") => [b" ", &clock[..2], b":", &clock[2..], b":00", b""],
            () if is_shaped(clock, b"dddddd") => [b" ", &clock[..2], b":", &clock[2..4], b":", &clock[4..]],
            () => [b" ", clock, b"", b"", b"", b""],
        };
        rest.into_iter().try_for_each(|piece| iso.push(piece))?;
        Some(iso)
    }

    fn push(&mut self, piece: &[u8]) -> Option<()> {
        let end = self.length + piece.len();
        self.bytes.get_mut(self.length..end)?.copy_from_slice(piece);
        self.length = end;
        Some(())
    }

    /// The text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(date: &str, clock: &str, month_first: bool) -> Option<String> {
        let iso = Iso::of(date.as_bytes(), clock.as_bytes(), month_first)?;
        Some(String::from_utf8(iso.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn dates_and_times_become_iso() {
        for date in ["2024-11-26", "2024/11/26", "2024.11.26", "20241126"] {
            for clock in ["09:30", "0930", "093000", "09:30:00"] {
                assert_eq!(text(date, clock, false).unwrap(), "2024-11-26 09:30:00", "{date} {clock}");
            }
            assert_eq!(text(date, "", false).unwrap(), "2024-11-26");
        }
        assert_eq!(text("2024-11-26", "09:30:00.5-05:00", false).unwrap(), "2024-11-26 09:30:00.5-05:00");
        assert_eq!(text("11/26/2024", "09:30", true).unwrap(), "2024-11-26 09:30:00");
    }

    #[test]
    fn a_date_whose_month_is_not_known_is_none() {
        for date in ["11/26/2024", "26.11.2024", "2024-11/26", "", "Nov 26"] {
            assert_eq!(text(date, "09:30", false), None, "{date}");
        }
        assert_eq!(text("2024-11-26", "09:30", true), None);
        assert_eq!(text("2024-11-26", &"0".repeat(30), false), None);
    }
}
