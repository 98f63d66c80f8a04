//! Bytes being written, and bytes being read.

use jiff::civil::Date;

use super::{SnapshotError, VERSION};
use crate::time::Timestamp;

/// Bytes being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(Vec<u8>);

/// Bytes being read. Reading past the end is an error, never a panic.
#[derive(Debug, Clone)]
pub struct Read<'a> {
    bytes: &'a [u8],
    version: u32,
}

/// No count of a run comes near it, and so many can be added to without an overflow.
const MOST: u64 = 1 << 56;

impl Bytes {
    /// No bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Behind bytes that are there.
    pub(super) fn over(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Takes back all that was written; the room stays.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What was written.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// What was written, owned.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }

    /// Writes a number, bit for bit.
    pub fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }

    /// Writes numbers, bit for bit, without their count.
    pub fn f64s(&mut self, values: &[f64]) {
        values.iter().for_each(|&value| self.f64(value));
    }

    /// Writes a number that may be missing.
    pub fn option(&mut self, value: Option<f64>) {
        self.u32(value.is_some().into());
        self.f64(value.unwrap_or_default());
    }

    /// Writes an integer.
    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a count or place.
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a small number.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Writes whether something is so.
    pub fn flag(&mut self, is_so: bool) {
        self.u8(is_so.into());
    }

    /// Writes an instant.
    pub fn time(&mut self, at: Timestamp) {
        self.u64(at.as_nanos() as u64);
    }

    /// Writes a date.
    pub fn date(&mut self, date: Date) {
        self.0.extend_from_slice(&date.year().to_le_bytes());
        self.0.extend_from_slice(&date.month().to_le_bytes());
        self.0.extend_from_slice(&date.day().to_le_bytes());
    }

    /// Writes how many things follow. What a machine can hold is less than 2^32 of anything that is counted so.
    pub fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Writes bytes behind their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Writes a text behind its length in bytes.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes what `write` does behind its length, so that who reads too much or too little of it is found out.
    ///
    /// # Errors
    /// Those of `write`; [`SnapshotError::Unsaved`] of 4 GiB and more.
    pub fn framed(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let start = self.0.len();
        self.u32(0);
        write(self)?;
        let length = self.0.len() - start - size_of::<u32>();
        let length = u32::try_from(length).map_err(|_| {
            let reason = format!("it has {length} bytes; allowed are up to {}", u32::MAX);
            SnapshotError::Unsaved { reason }
        })?;
        self.0[start..start + size_of::<u32>()].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }
}

impl<'a> Read<'a> {
    /// Reads from `bytes`, which this version of the format wrote.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::of_version(bytes, VERSION)
    }

    /// Reads from `bytes`, which `version` of the format wrote.
    pub fn of_version(bytes: &'a [u8], version: u32) -> Self {
        Self { bytes, version }
    }

    /// The version of the format that wrote the bytes: where it has less than this one's, who reads says what the rest is.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let short = SnapshotError::Short { wanted: N, left: self.left() };
        let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or(short)?;
        self.bytes = rest;
        Ok(*head)
    }

    /// Reads `length` bytes as they are.
    fn slice(&mut self, length: u64) -> Result<&'a [u8], SnapshotError> {
        let wanted = usize::try_from(length).unwrap_or(usize::MAX);
        let short = SnapshotError::Short { wanted, left: self.left() };
        let (head, rest) = self.bytes.split_at_checked(wanted).ok_or(short)?;
        self.bytes = rest;
        Ok(head)
    }

    /// Reads a number, bit for bit.
    ///
    /// # Errors
    /// [`SnapshotError::Short`] at the end.
    pub fn f64(&mut self) -> Result<f64, SnapshotError> {
        self.u64().map(f64::from_bits)
    }

    /// Reads as many numbers as `into` has room for.
    ///
    /// # Errors
    /// [`SnapshotError::Short`] at the end.
    pub fn f64s(&mut self, into: &mut [f64]) -> Result<(), SnapshotError> {
        into.iter_mut().try_for_each(|value| {
            *value = self.f64()?;
            Ok(())
        })
    }

    /// Reads a number that may be missing.
    ///
    /// # Errors
    /// [`SnapshotError`] at the end, or when the mark is neither yes nor no.
    pub fn option(&mut self) -> Result<Option<f64>, SnapshotError> {
        let is_some = self.at_most("mark", 1)? == 1;
        let value = self.f64()?;
        Ok(is_some.then_some(value))
    }

    /// Reads an integer.
    ///
    /// # Errors
    /// [`SnapshotError::Short`] at the end.
    pub fn u64(&mut self) -> Result<u64, SnapshotError> {
        self.take().map(u64::from_le_bytes)
    }

    /// Reads a count or place.
    ///
    /// # Errors
    /// [`SnapshotError::Short`] at the end.
    pub fn u32(&mut self) -> Result<u32, SnapshotError> {
        self.take().map(u32::from_le_bytes)
    }

    /// Reads a small number.
    ///
    /// # Errors
    /// [`SnapshotError::Short`] at the end.
    pub fn u8(&mut self) -> Result<u8, SnapshotError> {
        self.take().map(u8::from_le_bytes)
    }

    /// Reads whether something is so.
    ///
    /// # Errors
    /// [`SnapshotError`] at the end, or when it is neither yes nor no.
    pub fn flag(&mut self, field: &'static str) -> Result<bool, SnapshotError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            got => Err(SnapshotError::value(field, got, "0 and 1")),
        }
    }

    /// Reads an instant.
    ///
    /// # Errors
    /// [`SnapshotError::Short`] at the end.
    pub fn time(&mut self) -> Result<Timestamp, SnapshotError> {
        self.u64().map(|nanos| Timestamp::from_nanos(nanos as i64))
    }

    /// Reads a date.
    ///
    /// # Errors
    /// [`SnapshotError`] at the end, or when there is no such date.
    pub fn date(&mut self) -> Result<Date, SnapshotError> {
        let packed = self.u32()?;
        let [year_low, year_high, month, day] = packed.to_le_bytes();
        let year = i16::from_le_bytes([year_low, year_high]);
        Date::new(year, month as i8, day as i8)
            .map_err(|_| SnapshotError::value("date", packed, "a year, month and day that there is"))
    }

    /// Reads a count or place that is at most `most`.
    ///
    /// # Errors
    /// [`SnapshotError::Value`] when it is larger, so that damaged bytes can't index past an end.
    pub fn at_most(&mut self, field: &'static str, most: usize) -> Result<usize, SnapshotError> {
        let got = self.u32()?;
        if got as usize <= most {
            return Ok(got as usize);
        }
        Err(SnapshotError::value(field, got, format!("0 to {most}")))
    }

    /// Reads how many things follow, each of `least` bytes or more.
    ///
    /// # Errors
    /// [`SnapshotError::Value`] when the bytes left can't hold as many, so that damaged bytes can't ask for memory.
    pub fn count(&mut self, field: &'static str, least: usize) -> Result<usize, SnapshotError> {
        let most = self.left().saturating_sub(size_of::<u32>()) / least.max(1);
        self.at_most(field, most)
    }

    /// Reads a count that goes on growing.
    ///
    /// # Errors
    /// [`SnapshotError::Value`] when no run counts so far, so that damaged bytes can't make it overflow.
    pub fn tally(&mut self, field: &'static str) -> Result<u64, SnapshotError> {
        let got = self.u64()?;
        if got <= MOST { Ok(got) } else { Err(SnapshotError::value(field, got, format!("0 to {MOST}"))) }
    }

    /// Reads bytes behind their length.
    ///
    /// # Errors
    /// [`SnapshotError::Short`] when there are not as many.
    pub fn bytes(&mut self) -> Result<&'a [u8], SnapshotError> {
        let length = self.u64()?;
        self.slice(length)
    }

    /// Reads a text behind its length in bytes.
    ///
    /// # Errors
    /// [`SnapshotError`] when there are not as many bytes, or they are not UTF-8.
    pub fn text(&mut self, field: &'static str) -> Result<&'a str, SnapshotError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| SnapshotError::Text { field })
    }

    /// Reads a text that must be `own`.
    ///
    /// # Errors
    /// [`SnapshotError::Differs`] when it is another.
    pub(crate) fn same(&mut self, what: &'static str, own: &str) -> Result<(), SnapshotError> {
        let saved = self.text(what)?;
        let differs = || SnapshotError::Differs { what, saved: saved.to_owned(), own: own.to_owned() };
        if saved == own { Ok(()) } else { Err(differs()) }
    }

    /// Reads a count that must be `own`.
    ///
    /// # Errors
    /// [`SnapshotError::Differs`] when it is another.
    pub(crate) fn same_count(&mut self, what: &'static str, own: usize) -> Result<(), SnapshotError> {
        let saved = self.u32()?;
        let differs = || SnapshotError::Differs { what, saved: saved.to_string(), own: own.to_string() };
        if saved as usize == own { Ok(()) } else { Err(differs()) }
    }

    /// Reads `N` bytes as they are.
    pub(crate) fn raw<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        self.take()
    }

    /// Reads `length` bytes on their own, of the same version.
    pub(crate) fn part(&mut self, length: u64) -> Result<Self, SnapshotError> {
        Ok(Self { bytes: self.slice(length)?, version: self.version })
    }

    /// Has `read` read all of what lies behind its length.
    ///
    /// # Errors
    /// Those of `read`; [`SnapshotError`] when there are not as many bytes, or `read` leaves some.
    pub fn framed<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SnapshotError>,
    ) -> Result<T, SnapshotError> {
        let length = self.u32()?;
        let mut own = self.part(length.into())?;
        let value = read(&mut own)?;
        own.end().map(|()| value)
    }

    /// That everything was read.
    ///
    /// # Errors
    /// [`SnapshotError::Long`] when bytes are left.
    pub fn end(&self) -> Result<(), SnapshotError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(SnapshotError::Long { left: self.left() }) }
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }
}
