//! What a table writes reads back to the same bits.

use barloom_core::{Interval, Label, Timestamp};
use barloom_io::{BarRow, BarTable, CsvDecoder, Decoded, Options};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_written_table_reads_back_to_the_same_bits(
        symbol in "[A-Za-z0-9.,\"/:=]{1,12}",
        nanos: i64,
        prices: [f64; 4],
        volume: Option<f64>,
        vwap in prop::option::of(0..10_000_000_i64),
        trade_count in prop::option::of(any::<i64>()),
    ) {
        let open_time = Timestamp::from_nanos(nanos);
        let [open, high, low, close] = prices;
        let vwap = vwap.map(|ticks| ticks as f64 / 1e4);
        let bar = BarRow {
            symbol: &symbol, interval: Interval::MINUTE, session: "2024-11-26", open_time, close_time: open_time,
            open, high, low, close, volume, vwap, trade_count, n_base: 1, n_expected: 1, hours: None,
        };
        let mut table = BarTable::new(Vec::new(), &["rsi_14"], true).unwrap();
        table.write(&bar, &[f64::NAN]).unwrap();
        let bytes = table.into_inner();
        let mut decoder = CsvDecoder::new(Options::default());
        let Some(Decoded::Row(row)) = decoder.decode(&mut &bytes[..]).unwrap() else { panic!("a reject") };
        let read = row.record;
        prop_assert_eq!((row.symbol, read.label), (symbol.as_str(), Label::Open(open_time)));
        let bits = |values: [f64; 4]| values.map(f64::to_bits);
        prop_assert_eq!(bits([read.open, read.high, read.low, read.close]), bits(prices));
        // NaN is how a null is written in an optional column.
        prop_assert_eq!(read.volume.map(f64::to_bits), volume.filter(|v| !v.is_nan()).map(f64::to_bits));
        prop_assert_eq!((read.vwap, read.trade_count), (vwap, trade_count));
    }
}
