//! The rows of an input: written, and read through the checks of a bar.

use std::ops::Range;

use barloom_core::input::InputRow;
use barloom_core::{Bar, Label, Record, SymbolId, Timestamp};

use super::RefusedRow;
use super::error::FrameFault;
use super::wire::{Payload, put_f64, put_prices, put_text, put_time, put_varint};

/// Bits 0 and 1 of a bar's flags.
const VOLUME: u8 = 0b11;
const VOLUME_WHOLE: u8 = 1;
const VOLUME_F64: u8 = 2;
const VWAP: u8 = 1 << 2;
const COUNT: u8 = 1 << 3;
const NANOS: u8 = 1 << 4;
const BAR_FLAGS: u8 = VOLUME | VWAP | COUNT | NANOS;

const REFUSED: u8 = 1 << 7;
const HAS_SYMBOL: u8 = 1;
const HAS_TIME: u8 = 1 << 1;
const REFUSED_FLAGS: u8 = REFUSED | HAS_SYMBOL | HAS_TIME | NANOS;

/// Below it a whole volume is at most seven bytes, one less than its bits.
const WHOLE_BELOW: f64 = (1_u64 << 49) as f64;

/// The number whose bits `volume` has.
#[inline]
fn whole(volume: f64) -> Option<u64> {
    let number = volume as u64;
    (volume < WHOLE_BELOW && (number as f64).to_bits() == volume.to_bits()).then_some(number)
}

#[inline]
pub(super) fn put_bar(into: &mut Vec<u8>, at: Timestamp, symbol: SymbolId, bar: &Bar) {
    let start = into.len();
    let mut flags = 0;
    into.push(flags);
    put_varint(into, symbol.index() as u64);
    if put_time(into, bar.open_time(), at) {
        flags |= NANOS;
    }
    put_prices(into, [bar.open(), bar.high(), bar.low(), bar.close()]);
    if let Some(volume) = bar.volume() {
        match whole(volume) {
            Some(number) => {
                flags |= VOLUME_WHOLE;
                put_varint(into, number);
            }
            None => {
                flags |= VOLUME_F64;
                put_f64(into, volume);
            }
        }
    }
    if let Some(vwap) = bar.vwap() {
        flags |= VWAP;
        put_f64(into, vwap);
    }
    if let Some(count) = bar.trade_count() {
        flags |= COUNT;
        put_varint(into, count as u64);
    }
    into[start] = flags;
}

pub(super) fn put_refused(
    into: &mut Vec<u8>,
    at: Timestamp,
    (symbol, time): (Option<SymbolId>, Option<Timestamp>),
    row: &RefusedRow<'_>,
) {
    let start = into.len();
    let mut flags = REFUSED;
    into.push(flags);
    if let Some(symbol) = symbol {
        flags |= HAS_SYMBOL;
        put_varint(into, symbol.index() as u64);
    }
    if let Some(time) = time {
        flags |= HAS_TIME;
        if put_time(into, time, at) {
            flags |= NANOS;
        }
    }
    put_varint(into, row.source.into());
    put_varint(into, row.number);
    put_text(into, row.reason);
    into[start] = flags;
}

/// The rows of one input; their memory is used again.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<InputRow>,
    pub(super) refused: Vec<StoredRefusal>,
    /// The reasons, one behind the other.
    pub(super) reasons: String,
}

/// A [`RefusedRow`] whose reason is a piece of [`Rows::reasons`].
#[derive(Debug)]
pub(super) struct StoredRefusal {
    pub(super) source: u32,
    pub(super) number: u64,
    pub(super) reason: Range<usize>,
}

impl Rows {
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.refused.clear();
        self.reasons.clear();
    }

    /// Reads the next row of an input at `at`, where `symbols` have a number and so many sources a name.
    #[inline]
    pub(super) fn take(
        &mut self,
        from: &mut Payload<'_>,
        at: Timestamp,
        symbols: &[SymbolId],
        sources: usize,
    ) -> Result<(), FrameFault> {
        let flags = from.byte("row")?;
        if flags & REFUSED != 0 {
            return self.take_refused(from, flags, at, symbols, sources);
        }
        check_flags(flags, BAR_FLAGS)?;
        let symbol = symbols[from.below("symbol", symbols.len())?];
        let open_time = from.time("open_time", flags & NANOS != 0, at)?;
        let [open, high, low, close] = from.prices()?;
        let record = Record {
            label: Label::Open(open_time),
            open,
            high,
            low,
            close,
            volume: match flags & VOLUME {
                0 => None,
                VOLUME_WHOLE => Some(from.varint("volume")? as f64),
                VOLUME_F64 => Some(from.f64("volume")?),
                _ => return check_flags(flags, BAR_FLAGS & !VOLUME),
            },
            vwap: if flags & VWAP == 0 { None } else { Some(from.f64("vwap")?) },
            trade_count: if flags & COUNT == 0 { None } else { Some(count(from.varint("trade_count")?)?) },
        };
        let row = self.rows.len() + 1;
        let bar = Bar::new(open_time, &record).map_err(|error| FrameFault::Bar { row, error })?;
        self.rows.push(InputRow::Bar { symbol, bar });
        Ok(())
    }

    #[cold]
    fn take_refused(
        &mut self,
        from: &mut Payload<'_>,
        flags: u8,
        at: Timestamp,
        symbols: &[SymbolId],
        sources: usize,
    ) -> Result<(), FrameFault> {
        check_flags(flags, REFUSED_FLAGS)?;
        let symbol = match flags & HAS_SYMBOL {
            0 => None,
            _ => Some(symbols[from.below("symbol", symbols.len())?]),
        };
        let time = match flags & HAS_TIME {
            0 => None,
            _ => Some(from.time("time", flags & NANOS != 0, at)?),
        };
        let source = from.below("source", sources)? as u32;
        let number = from.varint("row number")?;
        let start = self.reasons.len();
        self.reasons.push_str(from.text("reason")?);
        self.refused.push(StoredRefusal { source, number, reason: start..self.reasons.len() });
        self.rows.push(InputRow::Refused { symbol, time });
        Ok(())
    }
}

fn count(got: u64) -> Result<i64, FrameFault> {
    let allowed = || format!("0 to {}", i64::MAX);
    i64::try_from(got).map_err(|_| FrameFault::Value { field: "trade_count", got, allowed: allowed() })
}

/// Flags may have the bits of `allowed` only.
pub(super) fn check_flags(flags: u8, allowed: u8) -> Result<(), FrameFault> {
    if flags & !allowed == 0 {
        return Ok(());
    }
    Err(FrameFault::Value { field: "flags", got: flags.into(), allowed: format!("bits of {allowed:#010b}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_whole_volume_is_short() {
        assert_eq!((whole(0.0), whole(1461.0)), (Some(0), Some(1461)));
        assert_eq!((whole(-0.0), whole(0.5), whole(WHOLE_BELOW), whole(1e300)), (None, None, None, None));
    }

    proptest! {
        #[test]
        fn a_whole_volume_has_its_bits(volume in prop_oneof![any::<f64>(), (0_u64..1 << 54).prop_map(|n| n as f64)]) {
            if let Some(number) = whole(volume) {
                prop_assert_eq!((number as f64).to_bits(), volume.to_bits());
            }
        }
    }
}
