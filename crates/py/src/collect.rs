//! Derived bars as columns: gathered as they close, put into the order of the command line's tables, handed over without a copy.

use std::fmt::Display;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringViewArray, TimestampNanosecondArray,
    UInt32Array,
};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, Field, Schema};
use barloom_core::derive::{ClosedBar, SessionLabel, Warning};
use barloom_core::{Bar as CoreBar, Bars as CoreBars, Hours, SymbolId, Symbols};

/// The order of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As bars become visible, those of one instant by symbol.
    Visible,
    /// Symbol by symbol, as the input has them.
    Grouped,
    /// By open time, then symbol.
    OpenTime,
}

/// The bars of one interval, column by column.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    symbol: Vec<SymbolId>,
    session: Vec<SessionLabel>,
    open_time: Vec<i64>,
    close_time: Vec<i64>,
    prices: [Vec<f64>; 4],
    /// Volume and vwap; NaN is null.
    optional: [Vec<f64>; 2],
    /// [`NO_COUNT`] is null.
    trade_count: Vec<i64>,
    counts: [Vec<i32>; 2],
    hours: Vec<Hours>,
    /// A column an indicator output; NaN is null.
    outputs: Vec<Vec<f64>>,
    /// By output, up to which row there are nulls: in warm-up, and often nowhere else.
    null_to: Vec<usize>,
    names: Vec<String>,
    has_hours: bool,
    /// Rows that came in place of earlier ones, which are still there.
    revised: usize,
    /// Earlier ones that are gone.
    replaced: usize,
}

/// In place of a number of trades that is null.
const NO_COUNT: i64 = i64::MIN;

/// Revised rows from which on the earlier ones are dropped, where they are half of all.
const MANY: usize = 1 << 13;

impl Bars {
    /// None yet; `names` are the columns of the indicators.
    pub(crate) fn new(names: &[String], has_hours: bool) -> Self {
        let (outputs, null_to) = (vec![Vec::new(); names.len()], vec![0; names.len()]);
        Self { outputs, null_to, names: names.to_vec(), has_hours, ..Self::default() }
    }

    /// None yet, with memory for `rows`: columns that grow move, and each move touches memory anew.
    pub(crate) fn with_rows(names: &[String], has_hours: bool, rows: usize) -> Self {
        let mut own = Self::new(names, has_hours);
        own.symbol.reserve(rows);
        own.session.reserve(rows);
        let numbers = own.prices.iter_mut().chain(&mut own.optional).chain(&mut own.outputs);
        numbers.for_each(|column| column.reserve(rows));
        own.open_time.reserve(rows);
        own.close_time.reserve(rows);
        own.trade_count.reserve(rows);
        own.counts.iter_mut().for_each(|column| column.reserve(rows));
        own.hours.reserve(rows);
        own
    }

    /// Takes bars, column by column; the values of their indicators are to follow.
    pub(crate) fn push_bars(&mut self, closed: &[ClosedBar]) {
        if self.revised >= MANY && self.revised >= self.rows() / 2 {
            self.settle();
        }
        self.revised += closed.iter().filter(|closed| closed.revision > 0).count();
        let bars = || closed.iter().map(|closed| &closed.bar);
        self.symbol.extend(closed.iter().map(|closed| closed.symbol));
        self.session.extend(closed.iter().map(|closed| closed.session));
        self.open_time.extend(bars().map(|bar| bar.open_time().as_nanos()));
        self.close_time.extend(closed.iter().map(|closed| closed.close_time.as_nanos()));
        let [open, high, low, close] = &mut self.prices;
        open.extend(bars().map(CoreBar::open));
        high.extend(bars().map(CoreBar::high));
        low.extend(bars().map(CoreBar::low));
        close.extend(bars().map(CoreBar::close));
        let [volume, vwap] = &mut self.optional;
        volume.extend(bars().map(|bar| bar.volume().unwrap_or(f64::NAN)));
        vwap.extend(bars().map(|bar| bar.vwap().unwrap_or(f64::NAN)));
        self.trade_count.extend(bars().map(|bar| bar.trade_count().unwrap_or(NO_COUNT)));
        let [n_base, n_expected] = &mut self.counts;
        let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        n_base.extend(closed.iter().map(|closed| count(closed.n_base)));
        n_expected.extend(closed.iter().map(|closed| count(closed.n_expected)));
        self.hours.extend(closed.iter().map(|closed| closed.hours));
    }

    /// Takes the values of the indicators of a bar that was taken.
    pub(crate) fn push_values(&mut self, values: &[f64]) {
        self.outputs.iter_mut().zip(values).for_each(|(column, value)| column.push(*value));
        self.see_nulls(1);
    }

    /// The values of the newest `rows` bars are there.
    pub(crate) fn see_nulls(&mut self, rows: usize) {
        for (column, null_to) in self.outputs.iter().zip(&mut self.null_to) {
            let new = &column[column.len().saturating_sub(rows)..];
            // Without a way out the loop is one of wide instructions.
            if new.iter().fold(false, |any, value| any | value.is_nan()) {
                *null_to = column.len();
            }
        }
    }

    /// How many bars were taken, each as often as it was told.
    pub(crate) fn told(&self) -> usize {
        self.rows() + self.replaced
    }

    fn rows(&self) -> usize {
        self.open_time.len()
    }

    /// The newest `rows` bars, and the columns that their indicators' values go to.
    pub(crate) fn lend(&mut self, rows: usize) -> (CoreBars<'_>, &mut [Vec<f64>]) {
        let from = self.rows().saturating_sub(rows);
        let prices = self.prices.each_ref().map(|column| &column[from..]);
        let [volume, vwap] = self.optional.each_ref().map(|column| &column[from..]);
        let bars =
            CoreBars::of_columns(&self.open_time[from..], prices, volume, vwap, &self.trade_count[from..]);
        (bars, &mut self.outputs)
    }

    /// The table of interval `interval`, its rows in `order`.
    ///
    /// # Errors
    /// Never, as columns are of equal length; Arrow checks that.
    pub(crate) fn finish(
        mut self,
        interval: &str,
        order: Order,
        symbols: &Symbols,
    ) -> Result<RecordBatch, ArrowError> {
        if self.revised > 0 {
            self.settle();
        }
        self.put_in(order, symbols);
        let rows = self.symbol.len();
        let mut names = vec![""; symbols.len()];
        symbols.by_name().iter().for_each(|&symbol| names[symbol.index()] = symbols.name(symbol).as_str());
        let mut columns: Vec<(Field, ArrayRef)> = Vec::with_capacity(14 + self.outputs.len());
        let mut add = |name: &str, column: ArrayRef, nullable: bool| {
            columns.push((Field::new(name, column.data_type().clone(), nullable), column));
        };
        add("symbol", chosen(&names, self.symbol.iter().map(|symbol| symbol.index()))?, false);
        add("interval", chosen(&[interval], std::iter::repeat_n(0, rows))?, false);
        add("session", labels(&self.session)?, false);
        for (name, column) in [("open_time", self.open_time), ("close_time", self.close_time)] {
            add(name, times(column), false);
        }
        for (name, column) in ["open", "high", "low", "close"].into_iter().zip(self.prices) {
            add(name, Arc::new(Float64Array::new(ScalarBuffer::from(column), None)), false);
        }
        for (name, column) in ["volume", "vwap"].into_iter().zip(self.optional) {
            add(name, numbers(column, rows), true);
        }
        let nulls = nulls(&self.trade_count, rows, |count| *count != NO_COUNT);
        add("trade_count", Arc::new(Int64Array::new(ScalarBuffer::from(self.trade_count), nulls)), true);
        for (name, column) in ["n_base", "n_expected"].into_iter().zip(self.counts) {
            add(name, Arc::new(Int32Array::new(ScalarBuffer::from(column), None)), false);
        }
        for ((name, column), null_to) in self.names.iter().zip(self.outputs).zip(self.null_to) {
            add(name, numbers(column, null_to), true);
        }
        if self.has_hours {
            let kinds = [Hours::Pre, Hours::Regular, Hours::Post];
            let place = |own: &Hours| kinds.iter().position(|kind| kind == own).unwrap_or_default();
            let names = kinds.map(Hours::as_str);
            add("hours", chosen(&names, self.hours.iter().map(place))?, false);
        }
        let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }

    /// Of bars that were revised keeps what was told last.
    #[cold]
    fn settle(&mut self) {
        let rows = self.rows();
        let mut places: Vec<u32> = (0..rows as u32).collect();
        let key = |row: u32| (self.symbol[row as usize], self.open_time[row as usize]);
        // Stable: of equal ones the last was told last.
        places.sort_by_key(|&row| key(row));
        places.dedup_by(|later, earlier| {
            let is_same = key(*later) == key(*earlier);
            if is_same {
                *earlier = *later;
            }
            is_same
        });
        places.sort_unstable();
        self.replaced += rows - places.len();
        self.revised = 0;
        self.choose(&places);
    }

    /// Puts rows in order.
    fn put_in(&mut self, order: Order, symbols: &Symbols) {
        let mut rank = vec![0_u32; symbols.len()];
        symbols.by_name().iter().zip(0..).for_each(|(symbol, at)| rank[symbol.index()] = at);
        let key = |row: usize| {
            let symbol = self.symbol[row];
            match order {
                Order::Visible => (self.close_time[row], rank[symbol.index()], self.open_time[row]),
                Order::Grouped => (symbol.index() as i64, 0, self.close_time[row]),
                Order::OpenTime => (self.open_time[row], rank[symbol.index()], 0),
            }
        };
        let rows = self.symbol.len();
        if (1..rows).all(|row| key(row - 1) <= key(row)) {
            return;
        }
        let mut places: Vec<u32> = (0..rows as u32).collect();
        places.sort_by_key(|&row| key(row as usize));
        self.choose(&places);
    }

    /// Leaves these rows, in this order.
    fn choose(&mut self, places: &[u32]) {
        reorder(&mut self.symbol, places);
        reorder(&mut self.session, places);
        reorder(&mut self.open_time, places);
        reorder(&mut self.close_time, places);
        self.prices.iter_mut().chain(&mut self.optional).for_each(|column| reorder(column, places));
        reorder(&mut self.trade_count, places);
        self.counts.iter_mut().for_each(|column| reorder(column, places));
        reorder(&mut self.hours, places);
        self.outputs.iter_mut().for_each(|column| reorder(column, places));
        // Nulls are anywhere now.
        self.null_to.fill(places.len());
    }
}

fn reorder<T: Copy>(column: &mut Vec<T>, places: &[u32]) {
    *column = places.iter().map(|&row| column[row as usize]).collect();
}

/// Texts that are short, or the same again and again.
pub(crate) fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    let mut builder = StringViewBuilder::new().with_deduplicate_strings();
    texts.for_each(|text| builder.append_value(text));
    Arc::new(builder.finish())
}

/// Texts, null where there is none.
pub(crate) fn optional_texts<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(texts.collect::<StringViewArray>())
}

/// Of a few texts one by row: a view is copied, nothing is compared.
fn chosen(few: &[&str], places: impl Iterator<Item = usize>) -> Result<ArrayRef, ArrowError> {
    let places: UInt32Array = places.map(|place| place as u32).collect::<Vec<_>>().into();
    arrow_select::take::take(&StringViewArray::from_iter_values(few), &places, None)
}

fn labels(sessions: &[SessionLabel]) -> Result<ArrayRef, ArrowError> {
    let (mut last, mut few) = (None, Vec::new());
    let mut places = Vec::with_capacity(sessions.len());
    for session in sessions {
        if last != Some(*session) {
            last = Some(*session);
            few.push(session.to_string());
        }
        places.push(few.len() - 1);
    }
    let few: Vec<&str> = few.iter().map(String::as_str).collect();
    chosen(&few, places.into_iter())
}

/// Nanoseconds UTC.
pub(crate) fn times(column: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::new(ScalarBuffer::from(column), None).with_timezone("UTC"))
}

/// Numbers, null where they are NaN, which is in the first `null_to` rows at most; the memory is the column's own.
fn numbers(column: Vec<f64>, null_to: usize) -> ArrayRef {
    let nulls = nulls(&column, null_to, |value| !value.is_nan());
    Arc::new(Float64Array::new(ScalarBuffer::from(column), nulls))
}

/// Where a column has no value, in the first `null_to` rows at most; `None` where it has one everywhere.
fn nulls<T>(column: &[T], null_to: usize, is_there: impl Fn(&T) -> bool) -> Option<NullBuffer> {
    if column[..null_to].iter().all(&is_there) {
        return None;
    }
    let mut found = BooleanBufferBuilder::new(column.len());
    found.append_buffer(&BooleanBuffer::collect_bool(null_to, |row| is_there(&column[row])));
    found.append_n(column.len() - null_to, true);
    Some(NullBuffer::new(found.finish()))
}

/// Warnings, column by column.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<Warning>);

impl Warnings {
    pub(crate) fn push(&mut self, warning: &Warning) {
        self.0.push(*warning);
    }

    /// The table `symbol,interval,kind,time,n_base,n_expected`.
    ///
    /// # Errors
    /// As [`Bars::finish`].
    pub(crate) fn finish(self, symbols: &Symbols) -> Result<RecordBatch, ArrowError> {
        let all = self.0;
        let intervals: Vec<String> = all.iter().map(|warning| warning.interval.to_string()).collect();
        let name = |warning: &Warning| warning.symbol.map(|symbol| symbols.name(symbol).as_str());
        let count = |of: fn((u32, u32)) -> u32| -> ArrayRef {
            let counts = all.iter().map(|warning| i32::try_from(of(warning.counts?)).ok());
            Arc::new(counts.collect::<Int32Array>())
        };
        let time: Vec<Option<i64>> = all.iter().map(|warning| warning.time.map(|at| at.as_nanos())).collect();
        let time = TimestampNanosecondArray::from(time).with_timezone("UTC");
        let columns: [(&str, ArrayRef); 6] = [
            ("symbol", optional_texts(all.iter().map(name))),
            ("interval", texts(intervals.iter().map(String::as_str))),
            ("kind", texts(all.iter().map(|warning| warning.kind.as_str()))),
            ("time", Arc::new(time)),
            ("n_base", count(|counts| counts.0)),
            ("n_expected", count(|counts| counts.1)),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
    }
}

/// Rejected rows, column by column.
#[derive(Debug, Default)]
pub(crate) struct Rejects {
    file: Vec<String>,
    row: Vec<i64>,
    symbol: Vec<Option<SymbolId>>,
    time: Vec<Option<i64>>,
    reason: Vec<String>,
}

impl Rejects {
    pub(crate) fn push(
        &mut self,
        file: &str,
        row: u64,
        symbol: Option<SymbolId>,
        time: Option<barloom_core::Timestamp>,
        reason: impl Display,
    ) {
        self.file.push(file.to_owned());
        self.row.push(i64::try_from(row).unwrap_or(i64::MAX));
        self.symbol.push(symbol);
        self.time.push(time.map(|at| at.as_nanos()));
        self.reason.push(reason.to_string());
    }

    /// The table `file,row,symbol,time,reason`.
    ///
    /// # Errors
    /// As [`Bars::finish`].
    pub(crate) fn finish(self, symbols: &Symbols) -> Result<RecordBatch, ArrowError> {
        let name = |symbol: &Option<SymbolId>| symbol.map(|symbol| symbols.name(symbol).as_str());
        let columns: [(&str, ArrayRef); 5] = [
            ("file", texts(self.file.iter().map(String::as_str))),
            ("row", Arc::new(Int64Array::from(self.row))),
            ("symbol", optional_texts(self.symbol.iter().map(name))),
            ("time", Arc::new(TimestampNanosecondArray::from(self.time).with_timezone("UTC"))),
            ("reason", texts(self.reason.iter().map(String::as_str))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
    }
}
