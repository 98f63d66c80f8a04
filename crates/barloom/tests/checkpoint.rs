//! A run that was stopped anywhere and goes on from its newest checkpoint tells, publishes and saves what one that never stopped does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use barloom::analysis::{Attendance, Pattern, Subscriber, SubscriberError};
use barloom::checkpoint::{self, Checkpoint, CheckpointFault, PartReader, PartWriter, Told as Record};
use barloom::config::{Historical, Origin};
use barloom::coordinator::{Inputs, SessionCoordinator};
use barloom::engine::{Engine, EngineConfig, Reject, RunSummary, Threads};
use barloom::journal::{ConfigKind, JournalConfig, JournalWriter, Recording, Resumed};
use barloom::source::Source as _;
use barloom_core::derive::{DeriveConfig, DeriveRules, Late, TradingHours};
use barloom_core::notice::Notice;
use barloom_core::plan::Plan;
use barloom_core::snapshot::SnapshotError;
use barloom_core::store::{Keep, View};
use barloom_core::{Calendar, Interval, Symbols, Timestamp};
use common::{File, INTERVALS, MINUTE, Rows, SPECS, market};
use proptest::prelude::*;

/// Writes down what is told and shown, and how much of it by each checkpoint.
#[derive(Default)]
struct Transcript {
    text: String,
    saved: BTreeMap<u64, usize>,
    notices: usize,
    /// It stops the run after so many.
    most: Option<usize>,
}

impl Transcript {
    fn look(&mut self, view: &View<'_>) {
        for &symbol in view.symbols().by_name() {
            for interval in INTERVALS.map(|text| text.parse().unwrap()) {
                let Some(series) = view.series(symbol, interval) else { continue };
                let rows: Vec<usize> = series.last(usize::MAX).map(|bars| bars.len()).collect();
                let values: Vec<_> = (0..9).map(|output| series.value(output, 0).map(f64::to_bits)).collect();
                let before: Vec<_> = (0..9).map(|output| series.value(output, 3).map(f64::to_bits)).collect();
                let newest =
                    series.newest().map(|bar| (bar.bar.open_time(), bar.bar.close().to_bits(), bar.n_base));
                let forming =
                    view.forming(symbol, interval).map(|bar| (bar.bar.high().to_bits(), bar.n_base));
                let historical = view.historical(symbol, "avg_range_2").map(f64::to_bits);
                let shown = (
                    series.is_ready(),
                    series.sessions(2).count(),
                    values,
                    before,
                    newest,
                    forming,
                    historical,
                );
                let _ = writeln!(self.text, "  {symbol:?} {interval} {rows:?} {shown:x?}");
            }
        }
    }
}

impl Subscriber for &mut Transcript {
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError> {
        let _ = writeln!(self.text, "{} {} {notice:?}", view.step(), view.now());
        self.notices += 1;
        if self.notices.is_multiple_of(97) {
            self.look(view);
        }
        Ok(())
    }

    fn refused(&mut self, reject: &Reject<'_>, _: &Symbols) {
        let _ = writeln!(self.text, "refused {} {:?} {}", reject.number, reject.symbol, reject.reason);
    }

    fn checkpoint(&mut self, number: u64) -> Result<(), SubscriberError> {
        self.saved.insert(number, self.text.len());
        // What is looked at depends on how much was told.
        self.notices = self.notices.next_multiple_of(97);
        Ok(())
    }

    fn step_done(&mut self, _: &View<'_>) -> ControlFlow<()> {
        if self.most.is_some_and(|most| self.notices >= most) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// How a run is set up.
#[derive(Debug, Clone, Copy)]
struct How {
    calendar: &'static str,
    workers: Option<usize>,
    origin: Origin,
    late: Late,
    hours: TradingHours,
    keep: Keep,
    grace: i64,
    start: Option<&'static str>,
}

impl How {
    fn config(self) -> EngineConfig {
        let intervals = INTERVALS.map(|text| text.parse::<Interval>().unwrap());
        let config = DeriveConfig::new(Calendar::named(self.calendar).unwrap(), &intervals);
        let Self { late, hours, .. } = self;
        let rules =
            DeriveRules::new(DeriveConfig { grace: self.grace * MINUTE, late, hours, ..config }).unwrap();
        let plan = Plan::new(&SPECS.map(|text| text.parse().unwrap()), &intervals).unwrap();
        let historical = vec![Historical { spec: "avg_range:2".parse().unwrap(), interval: Interval::DAY }];
        let threads = self.workers.map(|workers| Threads { workers, lag: 3, ..Threads::default() });
        let (origin, keep) = (self.origin, self.keep);
        let start = self.start.map(|start| start.parse().unwrap());
        EngineConfig { origin, keep, historical, threads, start, ..EngineConfig::new(rules, plan) }
    }
}

fn own_config() -> JournalConfig {
    JournalConfig {
        kind: ConfigKind::Toml,
        text: "calendar = 'XNYS'".to_owned(),
        overlay: None,
        sources: vec!["rows".to_owned(); 5],
    }
}

fn coordinator(rules: &DeriveRules, files: &[Rows]) -> SessionCoordinator<File> {
    SessionCoordinator::new(rules, files.iter().cloned().map(File::new).collect())
}

fn finish<I: Inputs<Error: Send + std::fmt::Debug> + Send>(
    mut engine: Engine<'_, I>,
    dir: &Path,
    journal: JournalWriter,
) -> RunSummary {
    engine.keep_journal(journal);
    engine.keep_checkpoints(dir, checkpoint::fingerprint(&own_config())).unwrap();
    engine.run().unwrap().summary
}

/// Runs all, or until so many notices.
fn run(how: How, files: &[Rows], dir: &Path, most: Option<usize>) -> (Transcript, RunSummary) {
    let (config, mut transcript) = (how.config(), Transcript { most, ..Transcript::default() });
    let inputs = coordinator(&config.rules, files);
    let mut engine = Engine::new(config, inputs);
    engine.subscribe_apart("test", Pattern::all(), Attendance::Follow, &mut transcript);
    let summary = finish(engine, dir, JournalWriter::create(dir, &own_config()).unwrap());
    (transcript, summary)
}

/// Pipes that are gone on with: they have the rows that were not taken.
fn pipes(rules: &DeriveRules, files: &[Rows], inputs: u64) -> SessionCoordinator<File> {
    let (mut all, mut taken) = (coordinator(rules, files), vec![0; files.len()]);
    for _ in 0..inputs {
        all.advance().unwrap();
        for row in 0..all.rows().len() {
            let (source, number) = all.origin(row);
            taken[source] = number;
        }
    }
    let mut sources: Vec<File> = files.iter().cloned().map(File::new).collect();
    for (source, taken) in sources.iter_mut().zip(taken) {
        (0..taken).for_each(|_| drop(source.next_row(&mut Symbols::new())));
    }
    SessionCoordinator::new(rules, sources)
}

/// Goes on from the newest checkpoint, with files that are read again, or with pipes that have the rest.
fn go_on(how: How, files: &[Rows], dir: &Path, is_pipe: bool) -> Option<(u64, Transcript, RunSummary)> {
    let newest = *checkpoint::numbers(dir).unwrap().first()?;
    let from = Checkpoint::open(dir, newest, checkpoint::fingerprint(&own_config())).unwrap();
    let (config, mut transcript) = (how.config().from_checkpoint(&from), Transcript::default());
    let at = (from.mark(), from.symbols());
    let (inputs, journal) = if is_pipe {
        let (journal, _, found) = JournalWriter::resume_from(dir, Some(at)).unwrap();
        let live = pipes(&config.rules, files, found.inputs);
        (Resumed::going_on(live, Recording::open_from(dir, at.0, at.1).unwrap(), &found, |_| {}), journal)
    } else {
        let (journal, _, found) = JournalWriter::resume(dir).unwrap();
        let live = coordinator(&config.rules, files);
        (Resumed::again(live, Recording::open(dir).unwrap().0, &found), journal)
    };
    let mut engine = Engine::new(config, inputs.from_mark(from.mark()));
    engine.restore(&from).unwrap();
    engine.subscribe_apart("test", Pattern::all(), Attendance::Follow, &mut transcript);
    let summary = finish(engine, dir, journal);
    Some((newest, transcript, summary))
}

/// Every file of the folder.
fn files_in(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

const SYMBOLS: [&str; 5] = ["M", "C", "A", "Z", "K"];

fn files(calendar: &str, days: usize, seed: u64) -> Vec<Rows> {
    market(&Calendar::named(calendar).unwrap(), "2024-11-22T12:00:00Z", days, &SYMBOLS, seed)
}

prop_compose! {
    fn hows()(
        calendar in prop::sample::select(vec!["XNYS", "XHKG", "FX"]),
        workers in prop::option::of(1..4_usize),
        origin in prop::sample::select(vec![Origin::Run, Origin::Run, Origin::Sessions(2)]),
        late in prop::sample::select(vec![Late::Drop, Late::Revise]),
        hours in prop::sample::select(vec![TradingHours::Regular, TradingHours::Extended]),
        keep in prop::sample::select(vec![Keep::Session, Keep::Last(4)]),
        grace in 0..3_i64,
        start in prop::option::of(Just("2024-11-26T18:00:00Z")),
    ) -> How {
        How { calendar, workers, origin, late, hours, keep, grace, start }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_follows_a_checkpoint_is_what_would_have_followed(
        how in hows(),
        seed in 0..1000_u64,
        at in 0.05..1.0_f64,
        is_pipe in any::<bool>(),
    ) {
        let days = if how.calendar == "FX" { 4 } else { 6 };
        let files = files(how.calendar, days, seed);
        let (whole, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (expected, expected_summary) = run(how, &files, whole.path(), None);
        prop_assert!(!expected.saved.is_empty(), "{:?}", expected.saved);
        let most = (expected.notices as f64 * at) as usize;
        run(how, &files, cut.path(), Some(most));
        if let Some((newest, told, summary)) = go_on(how, &files, cut.path(), is_pipe) {
            let follows = &expected.text[expected.saved[&newest]..];
            let differ = told.text.lines().zip(follows.lines()).find(|(own, whole)| own != whole);
            prop_assert!(told.text == follows, "from {newest}: {differ:#?}");
            // Rows that were read before say nothing of hours without trades.
            let closed_stretch = summary.closed_stretch;
            prop_assert_eq!(&RunSummary { closed_stretch, ..expected_summary }, &summary);
            prop_assert!(files_in(whole.path()) == files_in(cut.path()), "the same journal and checkpoints");
        }
    }
}

fn plain(calendar: &'static str) -> How {
    let (origin, late, hours) = (Origin::Run, Late::Drop, TradingHours::Regular);
    How { calendar, workers: None, origin, late, hours, keep: Keep::Session, grace: 0, start: None }
}

#[test]
fn a_checkpoint_lies_between_two_sessions_and_two_stay() {
    let (dir, how) = (tempfile::tempdir().unwrap(), plain("XNYS"));
    let (told, _) = run(how, &files("XNYS", 6, 1), dir.path(), None);
    assert_eq!(told.saved.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(checkpoint::numbers(dir.path()).unwrap(), [5, 4]);
    let newest = Checkpoint::open(dir.path(), 5, checkpoint::fingerprint(&own_config())).unwrap();
    // The day after Thanksgiving is a short one; the sixth session is the Monday after it.
    assert_eq!(newest.at(), "2024-11-29T18:00:00Z".parse::<Timestamp>().unwrap());
    assert_eq!((newest.number(), newest.shards(), newest.symbols().len()), (5, 1, 5));
    // A journal that begins leaves none of another one, though nothing else is kept with it.
    std::fs::remove_file(dir.path().join("journal.bin")).unwrap();
    std::fs::write(dir.path().join("part-000003.told"), "told").unwrap();
    std::fs::write(dir.path().join("part-3.told"), "mine").unwrap();
    JournalWriter::create(dir.path(), &own_config()).unwrap().finish().unwrap();
    assert_eq!(files_in(dir.path()).keys().collect::<Vec<_>>(), ["journal.bin", "part-3.told"]);
    assert!(checkpoint::numbers(dir.path()).unwrap().is_empty());
}

#[test]
fn what_can_not_be_gone_on_from_says_why() {
    let (dir, how) = (tempfile::tempdir().unwrap(), How { workers: Some(2), ..plain("XNYS") });
    let rows = files("XNYS", 3, 1);
    run(how, &rows, dir.path(), None);
    let of = checkpoint::fingerprint(&own_config());
    let path = dir.path().join("checkpoint-000002.snapshot");
    let bytes = std::fs::read(&path).unwrap();
    let open = |bytes: Vec<u8>| Checkpoint::of_bytes(path.clone(), bytes, of).map_err(|error| error.fault);
    let other =
        checkpoint::fingerprint(&JournalConfig { text: "calendar = 'XHKG'".to_owned(), ..own_config() });
    let other = Checkpoint::open(dir.path(), 2, other).unwrap_err();
    assert!(
        matches!(other.fault, CheckpointFault::Snapshot(SnapshotError::OtherConfiguration { .. })),
        "{other}"
    );
    assert!(matches!(
        Checkpoint::open(dir.path(), 9, of).unwrap_err().fault,
        CheckpointFault::Io { action: "read", .. }
    ));
    let mut newer = bytes.clone();
    newer[8] = 99;
    assert!(matches!(open(newer), Err(CheckpointFault::Snapshot(SnapshotError::Version { found: 99 }))));
    for cut in (0..bytes.len()).step_by(bytes.len() / 50) {
        assert!(matches!(open(bytes[..cut].to_vec()), Err(CheckpointFault::Snapshot(_))), "cut at {cut}");
    }
    for at in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(open(damaged).is_err(), "damaged at {at}");
    }
    // A run that is laid out otherwise.
    let from = open(bytes).unwrap();
    let resume = |config: EngineConfig, from_mark: bool| {
        let (_, _, found) = JournalWriter::resume(dir.path()).unwrap();
        let inputs =
            Resumed::again(coordinator(&config.rules, &rows), Recording::open(dir.path()).unwrap().0, &found);
        let inputs = if from_mark { inputs.from_mark(from.mark()) } else { inputs };
        Engine::new(config, inputs).restore(&from).unwrap_err()
    };
    let unfit = resume(how.config().from_checkpoint(&from), false);
    assert!(
        matches!(unfit.fault, CheckpointFault::Unfit { what: "inputs before it", own: 0, .. }),
        "{unfit}"
    );
    let unfit = resume(How { workers: Some(3), ..how }.config(), true);
    assert!(matches!(unfit.fault, CheckpointFault::Unfit { what: "shards", saved: 2, own: 3 }), "{unfit}");
    let unfit = resume(How { keep: Keep::Last(2), ..how }.config().from_checkpoint(&from), true);
    assert!(matches!(unfit.fault, CheckpointFault::Snapshot(SnapshotError::In { .. })), "{unfit}");
    // A journal that ends before it.
    let journal = std::fs::OpenOptions::new().write(true).open(dir.path().join("journal.bin")).unwrap();
    journal.set_len(1000).unwrap();
    let short = JournalWriter::resume_from(dir.path(), Some((from.mark(), from.symbols()))).unwrap_err();
    assert!(short.to_string().contains("at which a checkpoint was taken"), "{short}");
}

/// A run of a version that was released is gone on from: its journal, its second checkpoint and what was told by then.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/checkpoints/v1");

fn kept_how() -> How {
    How { origin: Origin::Sessions(1), late: Late::Revise, ..plain("XNYS") }
}

#[test]
#[ignore = "writes what the next version is held to"]
fn write_the_kept_one() {
    let few = |rows: Rows| -> Rows { rows.into_iter().step_by(29).collect() };
    let rows: Vec<Rows> = files("XNYS", 3, 1).into_iter().take(2).map(few).collect();
    let dir = Path::new(KEPT);
    std::fs::create_dir_all(dir).unwrap();
    let config = kept_how().config();
    let (rules, of) = (config.rules.clone(), checkpoint::fingerprint(&own_config()));
    let mut keeper = Keeper(PartWriter::begin(dir, 1, of).unwrap());
    let mut engine = Engine::new(config, coordinator(&rules, &rows));
    engine.subscribe("keeper", Pattern::rows(), &mut keeper);
    finish(engine, dir, JournalWriter::create(dir, &own_config()).unwrap());
}

/// Keeps what it is told in parts.
struct Keeper(PartWriter);

impl Subscriber for &mut Keeper {
    fn notice(&mut self, notice: &Notice<'_>, _: &View<'_>) -> Result<(), SubscriberError> {
        match notice {
            Notice::Bar(bar, values) => self.0.bar(bar, values)?,
            Notice::Warning(warning) => self.0.warning(warning)?,
            Notice::Indicator(..) => {}
        }
        Ok(())
    }

    fn refused(&mut self, reject: &Reject<'_>, _: &Symbols) {
        self.0.refused(reject).unwrap();
    }

    fn checkpoint(&mut self, _: u64) -> Result<(), SubscriberError> {
        Ok(self.0.seal()?)
    }
}

/// The rows that are told, as text.
#[derive(Default)]
struct Told(Vec<String>);

impl Subscriber for &mut Told {
    fn notice(&mut self, notice: &Notice<'_>, _: &View<'_>) -> Result<(), SubscriberError> {
        self.0.push(format!("{notice:?}"));
        Ok(())
    }

    fn refused(&mut self, reject: &Reject<'_>, _: &Symbols) {
        self.0.push(format!("{} {:?} {:?} {}", reject.number, reject.symbol, reject.time, reject.reason));
    }
}

#[test]
fn a_run_that_version_1_kept_is_gone_on_from() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files_in(Path::new(KEPT)) {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    let (dir, of) = (dir.path(), checkpoint::fingerprint(&own_config()));
    // All of it, from the journal.
    let mut whole = Told::default();
    let mut engine = Engine::new(kept_how().config(), Recording::open(dir).unwrap().0);
    engine.subscribe("told", Pattern::rows(), &mut whole);
    let expected = engine.run().unwrap().summary;
    // What the parts have, and what follows them.
    let from = Checkpoint::open(dir, 2, of).unwrap();
    let mut told = Told::default();
    let rules = kept_how().config().rules.with_base();
    for number in 1..=2 {
        let mut part = PartReader::open(dir, number, of).unwrap();
        while let Some(record) = part.next(&rules, from.symbols()).unwrap() {
            match record {
                Record::Bar(bar, values) => {
                    told.0.push(format!("{:?}", Notice::Bar(&bar, values)));
                }
                Record::Warning(warning) => {
                    told.0.push(format!("{:?}", Notice::Warning(&warning)));
                }
                Record::Refused(reject) => {
                    (&mut told).refused(&reject, from.symbols());
                }
            }
        }
    }
    let before = told.0.len();
    let (_, _, found) = JournalWriter::resume_from(dir, Some((from.mark(), from.symbols()))).unwrap();
    let config = kept_how().config().from_checkpoint(&from);
    let recording = Recording::open_from(dir, from.mark(), from.symbols()).unwrap();
    let live = coordinator(&config.rules, &[]);
    let inputs = Resumed::going_on(live, recording, &found, |_| {}).from_mark(from.mark());
    let mut engine = Engine::new(config, inputs);
    engine.restore(&from).unwrap();
    engine.subscribe("told", Pattern::rows(), &mut told);
    let summary = engine.run().unwrap().summary;
    assert_eq!(told.0, whole.0);
    assert!(before > 100 && whole.0.len() > before + 50, "{before} of {}", whole.0.len());
    assert_eq!((summary.counts, summary.intervals), (expected.counts, expected.intervals));
}
