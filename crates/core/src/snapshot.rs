//! State as bytes and back: little-endian, every read checked.

/// Bytes being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(Vec<u8>);

/// Bytes being read. Reading past the end is an error, never a panic.
#[derive(Debug, Clone)]
pub struct Read<'a>(&'a [u8]);

/// Why saved state can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes end too early.
    #[error("the saved state ends early: {wanted} bytes wanted, {left} left")]
    Short {
        /// Bytes that were to be read.
        wanted: usize,
        /// Bytes left.
        left: usize,
    },
    /// A value that no state has.
    #[error("the saved state holds {field} {got}; allowed is {allowed}")]
    Value {
        /// What the value is.
        field: &'static str,
        /// What was read.
        got: u64,
        /// What could stand there.
        allowed: String,
    },
}

impl Bytes {
    /// No bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes back all that was written; the room stays.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What was written.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
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
}

impl<'a> Read<'a> {
    /// Reads from `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let short = SnapshotError::Short { wanted: N, left: self.0.len() };
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(short)?;
        self.0 = rest;
        Ok(*head)
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

    /// Reads a count or place that is at most `most`.
    ///
    /// # Errors
    /// [`SnapshotError::Value`] when it is larger, so that damaged bytes can't index past an end.
    pub fn at_most(&mut self, field: &'static str, most: usize) -> Result<usize, SnapshotError> {
        let got = self.u32()?;
        if got as usize <= most {
            return Ok(got as usize);
        }
        Err(SnapshotError::Value { field, got: got.into(), allowed: format!("0 to {most}") })
    }
}
