//! `barloom verify`: the laws of bars and indicators, on the user's own data.

use std::path::PathBuf;

use barloom::clock::Stopwatch;
use barloom::config::SessionConfig;
use barloom::source::{Source as _, Unreadable};
use barloom::verify::{Caveat, Failure as Broken, Law, Market, Report, Row, Rows, Shown, Subject, Verdict};
use barloom_core::Symbols;
use barloom_core::adjust::Adjuster;
use barloom_core::derive::Late;
use barloom_io::{FileSource, TableFormat};
use clap::Args;
use comfy_table::CellAlignment;
use serde_json::{Map, Value, json};

use crate::args::SharedArgs;
use crate::calendar::Format;
use crate::failure::{Failure, Kind, failed};
use crate::run::print;
use crate::summary::{grouped, plain_table};
use crate::tables::{RejectLog, Rejects};
use crate::{inputs, interrupt, tell};

/// Prove on your own data that no number depends on how it was computed, where it began, or what came after
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct VerifyArgs {
    /// CSV (plain, .gz or .zst), Parquet or Arrow: files, folders or patterns, read in this order
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    shared: SharedArgs,

    /// table, or json: one object
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    format: Format,
}

const HELP: &str = "\
Laws, a column each; a row for the bars of each interval, and for each indicator on it:
  step=run=sweep  bar by bar, history in chunks and across symbols give equal bits
  peek=update     a peek at a forming bar is what taking it gives, and changes nothing
  save/restore    state saved and restored at 24 points goes on bit for bit
  reset=new       a reset leaves nothing behind
  no look-ahead   with the input cut at 24 points, all that came out before is the same, bit for bit
  started later   8 runs that start later agree from `settled` on, to 1e-6 of the output's scale
  alone=among     an interval derived alone is the one derived among the others

Cells: held, FAILED (the first bar of each symbol is listed below the table), too short (too few bars for a value to be
compared), endless (it depends on its start for ever), - (no law of that row).
Exit code 0 when no law failed, 1 when one did. Without --indicator the bars alone are verified. The rows and the derived
bars are held in memory.

--format json prints
  {\"held\": true, \"rows\": 45031, \"seconds\": 0.5,
   \"results\": [{\"spec\", \"interval\", \"bars\", \"laws\": {\"step_run_sweep\": \"held\", ...}}],
   \"failures\": [{\"spec\", \"interval\", \"law\", \"symbol\", \"open_time\", \"output\", \"expected\", \"got\", \"how\"}],
   \"warnings\": [{\"spec\", \"interval\", \"laws\": [...], \"text\"}]}
the cells as in the table, in small letters; null for a law that is none of the row, and for a value that is none.

Example:
  barloom verify btc_1m.csv.gz -i 5m,1h --indicator rsi:14 --indicator vwap@5m --symbol BTC --stamp open --tz UTC";

/// Runs the command.
pub(crate) fn verify(args: VerifyArgs) -> Result<(), Failure> {
    interrupt::end_at_once("nothing was verified")?;
    let base = args.shared.base();
    let mut config = args.shared.into_config();
    config.inputs = inputs::found(&args.inputs)?;
    config.base = inputs::base(base, &config.inputs);
    let stopwatch = Stopwatch::start();
    let market = read(&config)?;
    if let Some(stretch) = market.closed_stretch() {
        tell::line(&format!("warning: {stretch}"));
    }
    let subjects: Vec<Subject> = config.realtime_indicators.iter().map(Subject::from).collect();
    let report = market.verify(&subjects).map_err(failed(Kind::Config))?;
    report.caveats.iter().for_each(|caveat| tell::line(&format!("warning: {caveat}")));
    let (rows, seconds) = (market.counts().rows(), stopwatch.elapsed().as_secs_f64());
    match args.format {
        Format::Table => print(&table(&report))?,
        Format::Json => print(&json_of(&report, rows, seconds).to_string())?,
    }
    let (all, rows) = (verdicts(&report), grouped(rows));
    tell::line(&format!("{rows} rows, {all} verdicts in {seconds:.3} s"));
    fail_if_broken(&report)
}

/// # Errors
/// When a law failed.
fn fail_if_broken(report: &Report) -> Result<(), Failure> {
    if report.is_sound() {
        return Ok(());
    }
    let (broken, all) = (report.count(Verdict::Failed), verdicts(report));
    Err(Failure::new(Kind::Run, format!("{broken} of {all} verdicts failed")))
}

/// How many verdicts there are.
fn verdicts(report: &Report) -> usize {
    report.rows.len() * Law::ALL.len() - report.count(Verdict::NotApplied)
}

/// The rows of all inputs, under the rules that were asked for.
fn read(config: &SessionConfig) -> Result<Market, Failure> {
    let rules = inputs::rules(config)?;
    if rules.late == Late::Revise {
        let text = "verify compares ways to what closed once, so it takes `--late drop` alone; leave `--late revise` out";
        return Err(Failure::new(Kind::Config, text));
    }
    let options = inputs::options(config)?;
    inputs::refuse_overlaps(config, &rules, TableFormat::Csv)?;
    inputs::refuse_missing(config, &options)?;
    let plan = inputs::plan(config, &rules)?;
    let adjuster = inputs::adjuster(config, &rules)?;
    let rejects = RejectLog::create(config, "--rejects FILE").map_err(failed(Kind::Run))?;
    let mut reading = Reading { rows: Rows::new(rules), symbols: Symbols::new(), rejects };
    for path in &config.inputs {
        let source = FileSource::open(path, &options)?.read_ahead()?;
        reading.file(source.with(plan.needs_volume(), adjuster.as_ref()))?;
    }
    let Reading { rows, symbols, rejects } = reading;
    inputs::tell_unknown(adjuster.as_ref().map(Adjuster::adjustments), &symbols);
    let market = rows.finish(symbols).map_err(failed(Kind::Data))?;
    rejects.into_table().map_or(Ok(()), Rejects::commit).map_err(failed(Kind::Run))?;
    Ok(market)
}

/// Rows on their way in.
struct Reading {
    rows: Rows,
    symbols: Symbols,
    rejects: RejectLog,
}

impl Reading {
    fn file(&mut self, mut source: FileSource) -> Result<(), Failure> {
        let Self { rows, symbols, rejects } = self;
        while let Some(row) = source.next_row(symbols)? {
            let refused = match row.content {
                Ok((symbol, record)) => {
                    let taken = rows.row(symbol, symbols, &record);
                    let refused = taken.map_err(|error| Failure::at_row(&source, row.number, &error))?.err();
                    refused.map(|reason| Unreadable {
                        symbol: Some(symbol),
                        time: rows.open_time(&record),
                        reason: reason.to_string(),
                    })
                }
                Err(unreadable) => {
                    rows.unreadable(unreadable.symbol, unreadable.time, &unreadable.reason);
                    Some(unreadable)
                }
            };
            if let Some(why) = refused {
                rejects.refuse(&source, row.number, &why, symbols)?;
            }
        }
        tell::resolved(&source);
        Ok(())
    }
}

/// For people: a row for each spec and interval, and what failed below.
fn table(report: &Report) -> String {
    let [a, b, c, d, e, f, g] = Law::ALL.map(Law::name);
    let mut table = plain_table(["spec", "bars", a, b, c, d, e, f, g]);
    for row in &report.rows {
        let names = [format!("{}@{}", row.spec, row.interval), grouped(row.bars)];
        let words = row.verdicts.iter().map(|verdict| verdict.word().to_owned());
        table.add_row(names.into_iter().chain(words));
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut lines = vec![table.trim_fmt(), String::new()];
    lines.extend(report.failures.iter().map(|failure| format!("FAILED {failure}")));
    if report.is_sound() {
        let counted = [Verdict::Held, Verdict::TooShort, Verdict::Endless];
        let counted = counted.map(|verdict| (report.count(verdict), verdict));
        let counted: Vec<String> = counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, verdict)| format!("{count} {verdict}"))
            .collect();
        lines.push(format!("no law failed: {}", counted.join(", ")));
    }
    lines.join("\n")
}

fn json_of(report: &Report, rows: u64, seconds: f64) -> Value {
    json!({
        "held": report.is_sound(),
        "rows": rows,
        "seconds": seconds,
        "results": report.rows.iter().map(row_json).collect::<Vec<_>>(),
        "failures": report.failures.iter().map(broken_json).collect::<Vec<_>>(),
        "warnings": report.caveats.iter().map(caveat_json).collect::<Vec<_>>(),
    })
}

fn row_json(row: &Row) -> Value {
    let laws = Law::ALL.into_iter().map(|law| {
        let verdict = Some(row.verdict(law)).filter(|verdict| *verdict != Verdict::NotApplied);
        (law.key().to_owned(), verdict.map(|verdict| verdict.word().to_lowercase()).into())
    });
    json!({
        "spec": row.spec,
        "interval": row.interval.to_string(),
        "bars": row.bars,
        "laws": laws.collect::<Map<String, Value>>(),
    })
}

fn broken_json(broken: &Broken) -> Value {
    let Broken { spec, interval, law, symbol, open_time, output, expected, got, how } = broken;
    json!({
        "spec": spec,
        "interval": interval.to_string(),
        "law": law.key(),
        "symbol": symbol,
        "open_time": open_time.map(|time| time.to_string()),
        "output": output,
        "expected": shown_json(expected),
        "got": shown_json(got),
        "how": how,
    })
}

/// A number as one; null where there is no value.
fn shown_json(shown: &Shown) -> Value {
    match shown {
        Shown::Number(number) => (*number).into(),
        Shown::Words(words) => words.as_str().into(),
    }
}

fn caveat_json(caveat: &Caveat) -> Value {
    let Caveat { spec, interval, laws, text } = caveat;
    let laws: Vec<&str> = laws.iter().map(|law| law.key()).collect();
    json!({ "spec": spec, "interval": interval.to_string(), "laws": laws, "text": text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let interval = barloom_core::Interval::MINUTE;
        let mut verdicts = [Verdict::Held; Law::ALL.len()];
        verdicts[Law::Peek as usize] = Verdict::Failed;
        verdicts[Law::Alone as usize] = Verdict::NotApplied;
        let failure = Broken {
            spec: "own".to_owned(),
            interval,
            law: Law::Peek,
            symbol: "AAA".to_owned(),
            open_time: Some("2024-11-26T14:30:00Z".parse().unwrap()),
            output: "own.fast".to_owned(),
            expected: Shown::Number(0.1),
            got: Shown::Number(f64::NAN),
            how: "peeked".to_owned(),
        };
        let row = Row { spec: "own".to_owned(), interval, bars: 1_234, verdicts };
        Report { rows: vec![row], failures: vec![failure], caveats: Vec::new() }
    }

    #[test]
    fn a_failure_is_a_line_below_the_table() {
        let text = table(&report());
        let (table, below) = text.split_once("\n\n").unwrap();
        assert!(table.contains("own@1m  1,234  held            FAILED"), "{table}");
        assert_eq!(
            below,
            "FAILED own@1m, peek=update: AAA 2024-11-26T14:30:00Z own.fast: expected 0.1, got null (peeked)"
        );
    }

    #[test]
    fn a_failure_fails_the_command() {
        let failure = format!("{:?}", fail_if_broken(&report()).unwrap_err());
        assert!(failure.contains("kind: Run") && failure.contains("1 of 6 verdicts failed"), "{failure}");
        assert!(fail_if_broken(&Report { failures: Vec::new(), ..report() }).is_ok());
    }

    #[test]
    fn json_has_numbers_where_there_are_numbers() {
        let json = json_of(&report(), 9, 0.5);
        assert_eq!((&json["held"], &json["rows"]), (&false.into(), &9.into()));
        assert_eq!(json["results"][0]["laws"]["peek_update"], "failed");
        let failure = &json["failures"][0];
        assert_eq!((&failure["expected"], &failure["got"]), (&0.1.into(), &Value::Null));
        assert_eq!((&failure["law"], &failure["output"]), (&"peek_update".into(), &"own.fast".into()));
    }
}
