//! A run that can be looked at from all sides, and events to feed it.

use std::fmt::Write;
use std::sync::LazyLock;

use barloom_core::derive::{DeriveConfig, DeriveRules, Late, Policy, TradingHours};
use barloom_core::indicators::{Each, Indicator, Reset, Spec, WarmUp};
use barloom_core::input::{Input, InputRow};
use barloom_core::notice::{Notice, Notices};
use barloom_core::plan::Plan;
use barloom_core::processor::Processor;
use barloom_core::snapshot::{Bytes, Fingerprint, Read, Snapshot, SnapshotError, SnapshotWriter};
use barloom_core::store::{AsOf, Keep, SessionData, SessionWriter, StoreConfig, View};
use barloom_core::{Bar, Bars, Calendar, Interval, Label, Record, Symbols, Timestamp};

pub(crate) const MINUTE: i64 = 60_000_000_000;
pub(crate) const OF: Fingerprint = Fingerprint(0x0123_4567_89ab_cdef);
/// Twenty minutes before the close on the day before Thanksgiving; Friday is a half day.
const FROM: &str = "2024-11-27T20:40:00Z";
/// Minutes from there to the opens of Friday, Monday and Tuesday.
pub(crate) const OPENS: [i64; 3] = [2510, 6830, 8270];
pub(crate) const NAMES: [&str; 4] = ["MM", "B", "ZZ", "A"];

/// What a run is made of.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) intervals: &'static [&'static str],
    pub(crate) specs: &'static [&'static str],
    pub(crate) extended: bool,
    pub(crate) strict: bool,
    pub(crate) has_base: bool,
    pub(crate) grace: i64,
    pub(crate) flush: bool,
    pub(crate) late: Late,
    pub(crate) keep: Keep,
    pub(crate) retain: usize,
    pub(crate) ahead: u32,
}

pub(crate) const EVERY: &[&str] = &["1m", "5m", "1h", "1d", "1w"];
pub(crate) const SPECS: &[&str] = &[
    "sma:3",
    "vwap",
    "macd:3,5,2",
    "bbands:4,2",
    "rsi:3@5m",
    "pivot_points",
    "obv",
    "atr:3",
    "percent_rank:5",
    "sar",
];

/// Counts the bars of a session; an indicator of one's own.
#[derive(Debug, Clone)]
struct Count(f64);

impl Indicator for Count {
    const OUTPUTS: &'static [&'static str] = &[""];
    fn update(&mut self, _: &Bar, out: &mut [f64]) {
        self.0 += 1.0;
        out[0] = self.0;
    }
    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }
    fn reset(&mut self, _: Reset) {
        self.0 = 0.0;
    }
    fn save(&self, to: &mut Bytes) {
        to.f64(self.0);
    }
    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.0 = from.f64()?;
        Ok(())
    }
}

/// A run and what it has told.
pub(crate) struct Run {
    pub(crate) symbols: Symbols,
    pub(crate) processor: Processor,
    pub(crate) writer: SessionWriter,
    pub(crate) data: SessionData,
    pub(crate) notices: Notices,
    pub(crate) step: u32,
    pub(crate) told: Vec<String>,
}

impl Setup {
    pub(crate) fn rules(&self) -> DeriveRules {
        let intervals: Vec<Interval> = self.intervals.iter().map(|text| text.parse().unwrap()).collect();
        // Once: a calendar lays its years out when it is first asked for them.
        static XNYS: LazyLock<Calendar> = LazyLock::new(|| Calendar::named("XNYS").unwrap());
        let mut config = DeriveConfig::new(XNYS.clone(), &intervals);
        config.hours = if self.extended { TradingHours::Extended } else { TradingHours::Regular };
        (config.grace, config.flush_on_stop, config.late) = (self.grace, self.flush, self.late);
        let policy = if self.strict { Policy::Strict } else { Policy::Coverage };
        config.intervals.iter_mut().for_each(|rule| rule.policy = policy);
        let rules = DeriveRules::new(config).unwrap();
        if self.has_base { rules.with_base() } else { rules }
    }

    pub(crate) fn run(&self) -> Run {
        let rules = self.rules();
        let asked: Vec<Interval> = self.intervals.iter().map(|text| text.parse().unwrap()).collect();
        let on_its_own = |spec: &Spec| spec.interval().is_none_or(|own| asked.contains(&own));
        let specs: Vec<Spec> =
            self.specs.iter().map(|text| text.parse().unwrap()).filter(on_its_own).collect();
        let mut plan = Plan::new(&specs, &asked).unwrap();
        plan.add_untold(rules.intervals[0].interval);
        plan.add(asked[0], "count", Box::new(Each::new(Count(0.0)))).unwrap();
        let outputs = rules.intervals.iter().map(|rule| plan.columns(rule.interval).to_vec()).collect();
        let (writer, data) = SessionWriter::new(StoreConfig {
            rules: rules.clone(),
            outputs,
            keep: self.keep,
            retain: self.retain,
            ahead: self.ahead,
            historical: vec!["avg_volume_20".to_owned()],
        });
        let (symbols, notices) = (Symbols::new(), Notices::default());
        let processor = Processor::new(rules, plan);
        Run { symbols, processor, writer, data, notices, step: 0, told: Vec::new() }
    }

    pub(crate) fn restored(&self, bytes: &[u8], step: u32) -> Result<Run, SnapshotError> {
        let snapshot = Snapshot::read(bytes, OF)?;
        let mut run = self.run();
        run.symbols = Symbols::restored(&snapshot)?;
        run.processor.restore(&run.symbols, &mut run.writer, &snapshot)?;
        Ok(Run { step, ..run })
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Event {
    Rows { at: i64, rows: Vec<Row> },
    Clock(i64),
    Historical,
    End,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) symbol: usize,
    pub(crate) minute: i64,
    /// 0 to 2: what it says; 3: it is refused.
    pub(crate) value: u8,
}

pub(crate) fn at(minute: i64) -> Timestamp {
    FROM.parse::<Timestamp>().unwrap().saturating_add(minute * MINUTE)
}

pub(crate) fn bar(row: Row) -> Bar {
    let (minute, symbol) = (row.minute, row.symbol as i64);
    let base = 100.0 + ((minute * 7 + symbol * 5) % 23) as f64 * 0.37 + f64::from(row.value);
    let has_volume = (minute + symbol) % 29 != 0;
    let has_extra = minute % 400 > 200 + 30 * symbol;
    let record = Record {
        label: Label::Open(at(minute)),
        open: base,
        high: base + 1.0 + 0.1 * (minute % 3) as f64,
        low: base - 1.0,
        close: base + 0.1 * (minute % 9) as f64,
        volume: has_volume.then_some((minute % 7) as f64 * 10.1),
        vwap: has_extra.then_some(base + 0.05),
        trade_count: has_extra.then_some(minute % 5),
    };
    Bar::new(at(minute), &record).unwrap()
}

impl Run {
    pub(crate) fn take(&mut self, event: &Event) {
        let rows = match event {
            Event::Rows { at: minute, rows } => {
                let rows: Vec<InputRow> = rows.iter().map(|&row| self.input_row(row)).collect();
                return self.input(Input::Bars { at: at(*minute), rows: &rows });
            }
            Event::Clock(minute) => Input::Clock(at(*minute)),
            Event::End => Input::End,
            Event::Historical => {
                let values = (0..self.symbols.len()).map(|n| f64::from(self.step) + n as f64).collect();
                return self.writer.publish_historical(at(i64::from(self.step)), values, self.step + 1);
            }
        };
        self.input(rows);
    }

    fn input_row(&mut self, row: Row) -> InputRow {
        let symbol = self.symbols.intern(NAMES[row.symbol]).unwrap();
        match row.value {
            3 => InputRow::Refused {
                symbol: (row.minute % 2 == 0).then_some(symbol),
                time: Some(at(row.minute)),
            },
            _ => InputRow::Bar { symbol, bar: bar(row) },
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let Self { symbols, processor, writer, notices, step, told, .. } = self;
        processor.take(input, symbols, notices).unwrap();
        loop {
            *step += 1;
            let Some(now) = processor.step(*step, writer, notices) else { break };
            for notice in notices.iter(&notices.step(), processor.plan().outputs()) {
                told.push(match notice {
                    Notice::Bar(bar, values) => format!("{now} {bar:?} {:?}", bits(values)),
                    Notice::Indicator(bar, said) => {
                        format!("{now} {} {:?} {}", bar.interval, bits(said.values), said.name)
                    }
                    Notice::Warning(warning) => format!("{now} {warning:?}"),
                });
            }
        }
        *step -= 1;
    }

    pub(crate) fn save(&mut self) -> Vec<u8> {
        let mut to = SnapshotWriter::new(OF);
        self.processor.save(&self.symbols, &self.writer, &mut to).unwrap();
        to.finish()
    }

    /// Everything that can be read of it.
    pub(crate) fn seen(&self) -> String {
        let (mut seen, deriver) = (String::new(), self.processor.deriver());
        let counts = (deriver.counts(), deriver.unfinished(), deriver.empty(), deriver.clocks_ignored());
        writeln!(seen, "{counts:?} {:?}", self.symbols.by_name()).unwrap();
        // Of a session that was revised the rows are saved as they are now; views of steps before are not.
        let is_revised = deriver.rules().late == Late::Revise;
        let (steps, instants) = if is_revised { (1, 1) } else { (4, 2) };
        for back in [0, 1, 2, 5].into_iter().take(steps) {
            let step = self.step.saturating_sub(back);
            for (by, rule) in [Timestamp::MAX, at(3000)]
                .into_iter()
                .take(instants)
                .flat_map(|by| deriver.rules().intervals.iter().map(move |rule| (by, rule)))
            {
                for &symbol in self.symbols.by_name() {
                    let view = View::new(&self.data, &self.symbols, step, by.min(at(9999)))
                        .as_of(AsOf::within(step, by));
                    let series = view.series(symbol, rule.interval).unwrap();
                    write!(
                        seen,
                        "{} {} {:?} ready {} ",
                        self.symbols.name(symbol),
                        rule.interval,
                        view.visible(),
                        series.is_ready()
                    )
                    .unwrap();
                    write!(
                        seen,
                        "{} {:?} {:?}",
                        all(series.bars()),
                        series.newest(),
                        view.forming(symbol, rule.interval)
                    )
                    .unwrap();
                    write!(seen, "{:?}", series.bar(series.len() / 2)).unwrap();
                    for (name, pieces) in [
                        ("last", series.last(77).map(all).collect::<Vec<_>>()),
                        ("sessions", series.sessions(3).map(all).collect()),
                    ] {
                        write!(seen, "{name} {pieces:?}").unwrap();
                    }
                    let place = self.data.place(rule.interval).unwrap();
                    for output in 0..self.data.outputs(place).len() {
                        let values: Vec<_> =
                            (0..20).map(|back| series.value(output, back).map(f64::to_bits)).collect();
                        let last: Vec<_> = series.last_values(output, 50).map(bits).collect();
                        write!(seen, "{:?} {values:?} {last:?}", bits(series.values(output))).unwrap();
                    }
                    writeln!(seen, "{:?}", view.historical(symbol, "avg_volume_20")).unwrap();
                }
            }
        }
        seen
    }
}

/// Where two texts part, and what they say from there on.
pub(crate) fn parting(a: &str, b: &str) -> Option<(String, String)> {
    let at = a
        .bytes()
        .zip(b.bytes())
        .position(|(a, b)| a != b)
        .or((a.len() != b.len()).then_some(a.len().min(b.len())))?;
    let around = |text: &str| text.chars().skip(at.saturating_sub(200)).take(400).collect();
    Some((around(a), around(b)))
}

pub(crate) fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

pub(crate) fn all(bars: Bars<'_>) -> String {
    let columns = [bars.open(), bars.high(), bars.low(), bars.close(), bars.volume(), bars.vwap()].map(bits);
    format!("{:?} {columns:?} {:?}", bars.open_time(), bars.trade_count())
}
