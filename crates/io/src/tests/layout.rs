//! Headers, and what they leave open.

use super::*;
use barloom_core::{Interval, Symbol};

fn names(header: &str) -> Vec<String> {
    header.split(',').map(str::to_owned).collect()
}

fn resolve(header: &str, options: &Options) -> Result<Layout, LayoutError> {
    Layout::resolve(&names(header), options)
}

fn one_symbol(stamp: Option<Stamp>) -> Options {
    Options { stamp, symbol: Some(Symbol::new("X").unwrap()), ..Options::default() }
}

fn refused(header: &str, options: &Options) -> String {
    resolve(header, options).unwrap_err().to_string()
}

#[test]
fn columns_go_by_name_in_any_order_case_and_spelling() {
    let layout = resolve("N,VW,v,C,Low,H,o,Ticker,Open Time,extra", &Options::default()).unwrap();
    assert_eq!((layout.prices, layout.time, layout.symbol), ([6, 5, 4, 3], 8, Some(7)));
    assert_eq!((layout.volume, layout.vwap, layout.trade_count), (Some(2), Some(1), Some(0)));
    assert_eq!(layout.column(Field::Time), Some("Open Time"));
    assert_eq!(layout.column(Field::TradeCount), Some("N"));
}

#[test]
fn a_time_column_may_say_its_own_stamp_and_the_user_wins() {
    let own = |header: &str, stated| {
        let layout = resolve(header, &one_symbol(stated)).unwrap();
        (layout.stamp().unwrap(), layout.stamp_source().unwrap())
    };
    for column in ["open_time", "window_start", "ts_event"] {
        assert_eq!(own(&format!("{column},o,h,l,c"), None), (Stamp::Open, StampSource::Column));
    }
    assert_eq!(own("close_time,o,h,l,c", None), (Stamp::Close, StampSource::Column));
    assert_eq!(own("timestamp,o,h,l,c", Some(Stamp::Close)), (Stamp::Close, StampSource::Stated));
    assert_eq!(own("open_time,o,h,l,c", Some(Stamp::Close)), (Stamp::Close, StampSource::Stated));
}

#[test]
fn of_several_time_columns_the_best_is_taken() {
    let taken = |header: &str, stated| resolve(header, &one_symbol(stated)).unwrap().time;
    assert_eq!(taken("date,timestamp,close_time,open_time,o,h,l,c", None), 3);
    assert_eq!(taken("date,timestamp,close_time,o,h,l,c", None), 2);
    assert_eq!(taken("date,time,timestamp,o,h,l,c", Some(Stamp::Open)), 2);
    assert_eq!(taken("date,timestamp,close_time,open_time,o,h,l,c", Some(Stamp::Close)), 2);
    assert_eq!(taken("close_time,timestamp,o,h,l,c", Some(Stamp::Open)), 1);
}

#[test]
fn a_stamp_that_nothing_says_is_asked_for_unless_rows_are_days() {
    let text = refused("timestamp,o,h,l,c", &one_symbol(None));
    assert!(text.starts_with("`timestamp` does not say"), "{text}");
    assert!(text.ends_with("state it: `--stamp open` or `--stamp close`"), "{text}");
    let daily = Options { base: Interval::DAY, ..one_symbol(None) };
    assert_eq!(resolve("date,o,h,l,c", &daily).unwrap().stamp(), None);
}

#[test]
fn a_missing_column_lists_what_is_there_and_the_nearest_word() {
    let text = refused("timestamp,opne,high,low", &one_symbol(Some(Stamp::Open)));
    assert_eq!(
        text,
        "no column for open (looked for `open`, `o`); `opne` perhaps means `open`; \
         no column for close (looked for `close`, `c`); \
         the header has `timestamp`, `opne`, `high`, `low`"
    );
    let text = refused(",open,high,low,close", &one_symbol(Some(Stamp::Open)));
    assert!(text.starts_with("no column for timestamp (looked for `open_time`"), "{text}");
    assert!(text.contains("the header has `(no name)`, `open`"), "{text}");
}

#[test]
fn a_file_without_header_is_recognised() {
    let text = refused("1499040000000,0.0163,0.8,0.01,0.015", &one_symbol(None));
    assert!(text.ends_with("It holds numbers: is the line with the names missing?"), "{text}");
}

#[test]
fn one_meaning_in_two_columns_names_both() {
    let text = refused("open_time,open,h,l,c,o", &one_symbol(None));
    assert_eq!(text, "`open` and `o` both mean open; rename or remove one");
    assert!(refused("ts,TS,o,h,l,c", &one_symbol(None)).starts_with("`ts` and `TS` both mean timestamp"));
    assert!(refused("open_time,o,h,l,c,n,trades", &one_symbol(None)).contains("both mean trade_count"));
}

#[test]
fn date_and_time_are_read_together() {
    let layout = resolve("Date,Time,o,h,l,c", &one_symbol(Some(Stamp::Open))).unwrap();
    assert_eq!((layout.date, layout.time, layout.date_column()), (Some(0), 1, Some("Date")));
    assert_eq!(resolve("Date,o,h,l,c", &one_symbol(Some(Stamp::Open))).unwrap().date, None);
    assert!(refused("Date,Time,o,h,l,c", &one_symbol(None)).starts_with("`Time` does not say"));
}

#[test]
fn a_vendors_layout_says_its_stamp_and_the_user_wins() {
    let header = "ticker,volume,open,close,high,low,window_start,transactions";
    let layout = resolve(header, &Options::default()).unwrap();
    assert_eq!(layout.vendor(), Some(Vendor::Polygon));
    assert_eq!((layout.stamp(), layout.stamp_source()), (Some(Stamp::Open), Some(StampSource::Layout)));
    assert_eq!(layout.prices, [2, 4, 5, 3]);
    let stated = resolve(header, &Options { stamp: Some(Stamp::Close), ..Options::default() }).unwrap();
    assert_eq!((stated.stamp(), stated.stamp_source()), (Some(Stamp::Close), Some(StampSource::Stated)));
    assert_eq!(
        refused("t,o,h,l,c,v,n,vw", &Options::default()),
        "Alpaca bars: no column names the instrument; name it: `--symbol NAME`"
    );
}

#[test]
fn a_publisher_is_chosen_where_there_are_some() {
    let options = Options { publisher: Some(2), ..Options::default() };
    let databento = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol";
    let columns = resolve(databento, &options).unwrap().databento.unwrap();
    assert_eq!((columns.rtype, columns.publisher, columns.instrument), (1, 2, None));
    let text = refused("ticker,open,close,high,low,window_start", &options);
    assert!(text.starts_with("`--publisher 2` chooses among"), "{text}");
}

#[test]
fn the_symbol_is_named_once() {
    let text = refused("open_time,o,h,l,c,tikcer", &Options::default());
    assert!(text.contains("`tikcer` perhaps means `ticker`"), "{text}");
    assert!(text.ends_with("name the instrument: `--symbol NAME`"), "{text}");
    let text = refused("open_time,o,h,l,c,ticker", &one_symbol(None));
    assert_eq!(
        text,
        "the column `ticker` names the instrument, and so does `--symbol X`; leave out one of them"
    );
}
