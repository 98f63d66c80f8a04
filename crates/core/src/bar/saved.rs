//! A bar as bytes and back.

use super::{Bar, Label, NULL_COUNT, Record};
use crate::snapshot::{Bytes, Read, SnapshotError};
use crate::time::Timestamp;

impl Bar {
    /// The fewest bytes that one takes: flags, open time, prices.
    pub const LEAST_SAVED: usize = 1 + 8 + 4 * 8;

    /// Writes it: flags of what it has, open time, prices, and what it has.
    pub fn save(&self, to: &mut Bytes) {
        let Self { open_time, open, high, low, close, volume, vwap, trade_count } = *self;
        let has = [!volume.is_nan(), !vwap.is_nan(), trade_count != NULL_COUNT];
        to.u8(has.iter().rev().fold(0, |flags, &has| flags << 1 | u8::from(has)));
        to.time(open_time);
        to.f64s(&[open, high, low, close]);
        for (word, _) in
            [volume.to_bits(), vwap.to_bits(), trade_count as u64].iter().zip(has).filter(|(_, has)| *has)
        {
            to.u64(*word);
        }
    }

    /// Reads a base bar, which is as sound as one from a row.
    ///
    /// # Errors
    /// [`SnapshotError::Bar`] when its values make none; [`SnapshotError`] when the bytes are no bar's.
    pub fn restore(from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        let (time, record) = read(from)?;
        Self::new(time, &record).map_err(|error| SnapshotError::Bar { time, error })
    }

    /// Reads a derived bar, of which sums may be more than a row can have.
    pub(crate) fn restore_derived(from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        read(from).map(|(time, record)| Self::of_checked(time, &record))
    }
}

fn read(from: &mut Read<'_>) -> Result<(Timestamp, Record), SnapshotError> {
    let flags = from.u8()?;
    if flags > 0b111 {
        return Err(SnapshotError::value("flags of a bar", flags, "0 to 7"));
    }
    let time = from.time()?;
    let [open, high, low, close] = [from.f64()?, from.f64()?, from.f64()?, from.f64()?];
    let mut word = |bit: u8| if flags >> bit & 1 == 1 { from.u64().map(Some) } else { Ok(None) };
    let record = Record {
        label: Label::Open(time),
        open,
        high,
        low,
        close,
        volume: word(0)?.map(f64::from_bits),
        vwap: word(1)?.map(f64::from_bits),
        trade_count: word(2)?.map(|word| word as i64),
    };
    Ok((time, record))
}
