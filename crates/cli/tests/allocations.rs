//! From the second session on nothing is allocated per bar, on the path that the binary runs.
#![allow(clippy::unwrap_used, reason = "a test that can't prepare fails")]
#![allow(unsafe_code, reason = "a global allocator can't be written without it; it only counts and forwards")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use barloom_core::{Calendar, Timestamp};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is forwarded unchanged to the system's allocator, whose contract is the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

const SYMBOLS: [&str; 2] = ["AAA", "BBB"];

/// Writes every minute of `count` sessions, for each symbol, merged by time.
fn write_sessions(path: &Path, count: usize) -> u64 {
    let xnys = Calendar::named("XNYS").unwrap();
    let from: Timestamp = "2024-03-01T00:00:00Z".parse().unwrap();
    let (mut index, mut text, mut rows) = (xnys.at_or_after(from).unwrap(), String::new(), 0);
    text.push_str("symbol,open_time,open,high,low,close,volume,vwap,trade_count\n");
    for _ in 0..count {
        let session = xnys.session(index);
        for minute in 0..(session.close().since(session.open()) / 60_000_000_000) {
            let at = session.open().saturating_add(minute * 60_000_000_000);
            for symbol in SYMBOLS {
                writeln!(text, "{symbol},{at},100.25,101.5,99.75,100.5,{},100.3,7", 1000 + minute).unwrap();
                rows += 1;
            }
        }
        index = xnys.next(index).unwrap();
    }
    std::fs::write(path, text).unwrap();
    rows
}

/// Allocations of one command.
fn allocations(args: &[&str]) -> u64 {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let code = barloom_cli::command(args.iter().map(Into::into));
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn nothing_is_allocated_per_bar_from_the_second_session_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let sessions = [2, 42];
    let rows = sessions.map(|count| write_sessions(path(&format!("{count}.csv")).as_ref(), count));

    let derive = |count: usize| {
        let (input, out) = (path(&format!("{count}.csv")), path("out"));
        allocations(&[
            "barloom",
            "derive",
            &input,
            "-i",
            "1m,5m,15m,30m,1h,1d",
            "--calendar",
            "XNYS",
            "--out",
            &out,
            "--force",
        ])
    };
    let run_on = |count: usize, runtime: &str| {
        let (session, input, out) = (path("session.toml"), path(&format!("{count}.csv")), path("out"));
        let intervals = r#"["1m", "5m", "15m", "30m", "1h", "1d"]"#;
        let text = format!(
            "inputs = ['{input}']\ncalendar = 'XNYS'\nderived_intervals = {intervals}\nout = '{out}'\n\
             realtime_indicators = ['sma:20', 'rsi:14', 'macd:12,26,9', 'bbands:20,2']\n"
        );
        std::fs::write(&session, text).unwrap();
        allocations(
            &[
                &["barloom", "run", &session, "--no-progress", "--force"],
                &runtime.split(' ').collect::<Vec<_>>()[..],
            ]
            .concat(),
        )
    };
    let run = |count: usize| run_on(count, "--runtime inline");
    let threads = |count: usize| run_on(count, "--runtime threads --workers 2");
    // What a process does once is not the bars': zones, tables, the year's sessions.
    derive(2);
    // A new day's date is printed once a table. In `run` a session's rows come into memory of their own, with the list that readers
    // find it in: five a series, of which two symbols have ten within a session. 780 rows a session more would show.
    for (name, command, allowed) in [
        ("derive", &derive as &dyn Fn(usize) -> u64, 10),
        ("run", &run, 10 + 5 * 10),
        ("threads", &threads, 10 + 5 * 10),
    ] {
        let [few, many] = sessions.map(command);
        let (more_rows, more_sessions) = (rows[1] - rows[0], (sessions[1] - sessions[0]) as u64);
        let more = many.saturating_sub(few);
        println!("{name}: {more} allocations more for {more_rows} rows and {more_sessions} sessions more");
        assert!(more <= allowed * more_sessions, "{name}: {more} allocations for {more_rows} rows");
    }
}
