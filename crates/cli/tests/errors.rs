//! What a new user meets: every error says what was got, what is allowed and how to go on, and leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use std::io::Write;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::Duration;

use common::{Desk, Done, HEADER, minutes, process, row, run, run_of, run_with, synth, zipped};

const XNYS: &str = "-i 5m --calendar XNYS --stamp open";

/// `derive` on `csv` is refused and leaves no file, final or temporary.
fn refused(csv: impl AsRef<[u8]>, flags: &str, code: i32, words: &[&str]) -> Done {
    let desk = Desk::new();
    let done = desk.derive_text(csv, flags).refused(code, words);
    assert!(desk.outputs().is_empty(), "{:?}", desk.outputs());
    assert!(done.stdout.is_empty());
    done
}

fn sound() -> String {
    minutes(&["A 14:30", "A 14:31", "A 14:34"])
}

#[test]
fn a_file_that_does_not_say_its_stamp_asks_for_it() {
    refused(sound(), "-i 5m --calendar XNYS", 3, &["in.csv", "`ts`", "--stamp open", "--stamp close"]);
}

#[test]
fn a_time_without_offset_asks_for_its_zone() {
    let csv = sound().replace(":00Z", ":00");
    refused(csv, XNYS, 3, &["2024-11-26T14:30:00", "--tz America/New_York"]);
}

#[test]
fn a_misspelt_column_names_what_is_there() {
    let csv = sound().replace("close", "clsoe");
    refused(
        csv,
        XNYS,
        4,
        &["no column for close", "`clsoe` perhaps means `close`", "`symbol`, `ts`, `open`"],
    );
}

/// Rows are numbered as a text editor does, the header first. A row with the prices `ohlc` among two sound ones: counted, told, listed; the others become a bar.
fn rejected(ts: &str, ohlc: &str, reason: &str) {
    let desk = Desk::new();
    let csv = format!(
        "{HEADER}{}A,{ts},{ohlc},10\n{}",
        row("A", "2024-11-26T14:30:00Z", 100),
        row("A", "2024-11-26T14:34:00Z", 101)
    );
    let rejects = desk.path("rejects.csv").display().to_string();
    let done = desk.derive_text(csv, &format!("{XNYS} --rejects {rejects}")).ok();
    assert!(done.stderr.contains("line 3: rejected"), "{}", done.stderr);
    assert!(done.stderr.contains(reason), "{}", done.stderr);
    assert_eq!((done.told_count("invalid"), done.told_count("accepted")), (1, 2));
    let listed = desk.text("rejects.csv");
    let mut lines = listed.lines();
    assert_eq!(lines.next(), Some("file,row,symbol,time,reason"));
    let line = lines.next().unwrap();
    assert!(line.contains("in.csv,3,") && line.contains(reason), "{line}");
    assert_eq!(lines.next(), None);
    assert_eq!(desk.table("5m.csv").cut("n_base"), ["2"]);
    assert_eq!(desk.table("warnings.csv").cut("interval kind"), ["1m invalid_bar"]);
}

#[test]
fn a_price_that_is_no_number_is_rejected() {
    rejected("2024-11-26T14:31:00Z", "NaN,2,1,2", "NaN");
    rejected("2024-11-26T14:31:00Z", "1,inf,1,2", "inf");
    rejected("2024-11-26T14:31:00Z", "1,2,one,2", "not_a_number: low is `one`");
    rejected("2024-11-26T14:31:00Z", "1,2,,2", "missing_value: low is empty");
}

#[test]
fn swapped_high_and_low_are_rejected() {
    rejected("2024-11-26T14:31:00Z", "100,99,101,100", "high");
}

#[test]
fn a_row_off_the_grid_is_rejected() {
    rejected("2024-11-26T14:31:30Z", "1,1,1,1", "off_grid_timestamp");
}

#[test]
fn a_row_of_other_width_is_rejected() {
    rejected("2024-11-26T14:31:00Z", "1,1,1,1,1", "wrong_field_count: 8 fields where the header has 7");
}

#[test]
fn a_file_off_the_grid_is_given_up_with_the_likely_cause() {
    let off: String = (0..150).map(|i| row("A", &(1_732_631_430 + 60 * i).to_string(), 100)).collect();
    refused(format!("{HEADER}{off}"), XNYS, 4, &["100", "1m grid", "14:30:30Z", "nothing was written"]);
}

#[test]
fn on_invalid_stop_ends_at_the_first() {
    let csv = format!("{}A,2024-11-26T14:32:00Z,x,1,1,1,1\n", sound());
    refused(csv, &format!("{XNYS} --on-invalid stop"), 4, &["line 5", "not_a_number", "nothing was written"]);
}

#[test]
fn a_truncated_gzip_file_says_so() {
    let desk = Desk::new();
    let bytes = zipped(&(HEADER.to_owned() + &run_of("A", 1_732_631_400, 390)));
    let input = desk.put("in.csv.gz", &bytes[..bytes.len() / 2]);
    desk.derive(&[&input], XNYS).refused(4, &["in.csv.gz", "ends early", "is the copy complete?"]);
    assert!(desk.outputs().is_empty());
}

#[test]
fn a_damaged_gzip_file_says_so() {
    let desk = Desk::new();
    let mut bytes = zipped(&(HEADER.to_owned() + &run_of("A", 1_732_631_400, 390)));
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0xff);
    let input = desk.put("in.csv.gz", bytes);
    desk.derive(&[&input], XNYS).refused(4, &["in.csv.gz", "nothing was written"]);
    assert!(desk.outputs().is_empty());
}

#[test]
fn a_file_without_rows_says_so() {
    refused("", XNYS, 4, &["in.csv", "empty"]);
    refused(HEADER, XNYS, 4, &["no rows"]);
}

#[test]
fn what_is_no_file_is_named() {
    let desk = Desk::new();
    desk.derive(&["no-such-file.csv"], XNYS).refused(4, &["no-such-file.csv", "can't be read"]);
    assert!(desk.outputs().is_empty());
    let folder = desk.path("").display().to_string();
    desk.derive(&[&folder], XNYS).refused(4, &["no file in it ends in .csv"]);
    assert!(desk.outputs().is_empty());
}

#[test]
fn what_is_no_text_is_named() {
    let noise: Vec<u8> = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80).collect();
    refused(noise, XNYS, 4, &["in.csv"]);
    let parquet = [&b"PAR1"[..], &[0x15, 0x04, 0x15, 0x10], &[0; 64], &b"PAR1"[..]].concat();
    refused(parquet, XNYS, 4, &["in.csv", "Parquet"]);
}

#[test]
fn unknown_words_name_the_nearest() {
    refused(sound(), "-i 5m --calendar XNYSE --stamp open", 3, &["XNYSE", "did you mean `XNYS`?"]);
    refused(sound(), "-i 5min --calendar XNYS --stamp open", 2, &["5min", "did you mean `5m`?"]);
    refused(sound(), "-i 0m --calendar XNYS --stamp open", 2, &["`0m` is not an interval", "1s to 24h"]);
    refused(sound(), &format!("{XNYS} --policy strct"), 2, &["strct", "coverage", "did you mean `strict`?"]);
    refused(sound(), &format!("{XNYS} --policy strict@7m"), 3, &["`@7m`", "not derived", "5m"]);
    refused(sound(), &format!("{XNYS} --tz New_York"), 3, &["New_York", "America/New_York"]);
    refused(sound(), &format!("{XNYS} --min-coverage 90"), 2, &["90", "above 0 and up to 1"]);
    refused(sound(), &format!("{XNYS} --grace soon"), 2, &["soon", "2s"]);
    refused(sound(), "-i 90s --calendar XNYS --stamp open", 3, &["90s can't be derived from 1m"]);
    refused(sound(), "-i 5m,300s --calendar XNYS --stamp open", 3, &["5m is asked for twice"]);
    refused(sound(), &format!("{XNYS} --symbol A"), 3, &["`symbol`", "--symbol A", "leave out one"]);
}

#[test]
fn what_comes_late_is_dropped_or_revised() {
    refused(sound(), &format!("{XNYS} --late revize"), 2, &["revize", "did you mean `revise`?"]);
}

#[test]
fn a_format_that_is_none_and_one_that_a_stream_is_not_are_named() {
    refused(sound(), &format!("{XNYS} --to parqet"), 2, &["parqet", "did you mean `parquet`?"]);
    let desk = Desk::new();
    let input = desk.put("in.csv", sound());
    let stream = ["derive", &input, "-i", "5m", "--stamp", "open", "--out", "-"];
    run(&[&stream[..], &["--to", "csv"]].concat())
        .refused(3, &["--out - writes one Arrow stream", "leave out --to"]);
    run(&[&stream[..], &["--sort"]].concat()).refused(3, &["--out -", "leave out --sort"]);
}

#[test]
fn a_date_that_the_calendar_does_not_know_ends_the_run() {
    let csv = format!("{}{}", sound(), row("A", "2099-01-05T15:00:00Z", 100));
    refused(csv, XNYS, 4, &["in.csv, line 5", "XNYS is known to", "valid_to", "nothing was written"]);
}

#[test]
fn a_file_that_is_out_of_session_names_the_likely_cause() {
    let csv = minutes(&["A 02:00", "A 03:00"]);
    refused(csv, XNYS, 4, &["none of 2 rows", "2 out of session", "calendar", "zone"]);
}

#[test]
fn an_output_that_can_not_be_made_is_named() {
    let desk = Desk::new();
    let (input, out) = (desk.put("in.csv", sound()), desk.put("taken", "mine"));
    let args = ["derive", &input, "-i", "5m", "--calendar", "XNYS", "--stamp", "open", "--out", &out];
    run(&args).refused(1, &["taken", "can't be created"]);
    assert_eq!(desk.text("taken"), "mine");
}

#[test]
fn a_failed_run_leaves_the_tables_of_the_last_one() {
    let desk = Desk::new();
    desk.derive_text(sound(), XNYS).ok();
    let before = (desk.outputs(), desk.text("out/5m.csv"));
    desk.derive_text(format!("{}A,x,1,1,1,1,1\n", sound()), &format!("{XNYS} --on-invalid stop --force"))
        .refused(4, &[]);
    assert_eq!((desk.outputs(), desk.text("out/5m.csv")), before);
}

/// `run` on a session file of `text` beside sound rows in `in.csv` is refused and leaves nothing.
fn session_refused(text: &str, code: i32, words: &[&str]) {
    let desk = Desk::new();
    desk.put("in.csv", sound());
    let (file, out) = (desk.put("session.toml", text), desk.path("out").display().to_string());
    let done = run(&["run", &file, "--out", &out]).refused(code, words);
    assert!(done.stdout.is_empty() && desk.outputs().is_empty(), "{} {:?}", done.stdout, desk.outputs());
}

#[test]
fn a_session_file_is_told_by_line_with_the_nearest_word() {
    session_refused(
        "inputs = [\"in.csv\"]\ncalender = \"XNYS\"\n",
        3,
        &["line 2", "`calender`", "did you mean `calendar`?"],
    );
    session_refused("inputs = [\"in.csv\"]\n\nflush_on_stop = \"yes\"\n", 3, &["line 3", "yes", "bool"]);
    session_refused(
        "inputs = [\"in.csv\"]\npolicy = \"strct\"\n",
        3,
        &["line 2", "strct", "did you mean `strict`?"],
    );
    session_refused(
        "inputs = [\"in.csv\"]\nderived_intervals = [\"5m\", \"1hr\"]\n",
        3,
        &["line 2", "1hr", "did you mean `1h`?"],
    );
    session_refused("inputs = [\"in.csv\"\n", 3, &["line", "session.toml"]);
    session_refused("derived_intervals = \"5m\"\n", 3, &["session.toml", "`inputs`"]);
    session_refused("inputs = [\"in.csv\"]\nstamp = \"open\"\ncalendar = \"XNYS\"\n", 3, &["interval"]);
    session_refused(
        "inputs = [\"gone.csv\"]\nstamp = \"open\"\nderived_intervals = \"5m\"\n",
        4,
        &["gone.csv"],
    );
}

#[test]
fn a_missing_session_file_is_named() {
    run(&["run", "no-such.toml"]).refused(3, &["no-such.toml", "can't be read"]);
}

#[test]
fn run_refuses_a_file_grouped_by_symbol() {
    let desk = Desk::new();
    let days = |symbol| run_of(symbol, 1_732_631_400, 390) + &run_of(symbol, 1_732_717_800, 390);
    desk.put("in.csv", HEADER.to_owned() + &days("A") + &days("B"));
    let text = "inputs = [\"in.csv\"]\nstamp = \"open\"\ncalendar = \"XNYS\"\nderived_intervals = \"5m\"\n";
    let (file, out) = (desk.put("session.toml", text), desk.path("out").display().to_string());
    run(&["run", &file, "--out", &out])
        .refused(4, &["grouped by symbol", "B begins at", "`derive` takes grouped"]);
    assert!(desk.outputs().is_empty(), "{:?}", desk.outputs());
    // A single day, the usual export, is found out too.
    let day = |symbol| run_of(symbol, 1_732_631_400, 30);
    desk.put("in.csv", HEADER.to_owned() + &day("A") + &day("B"));
    run(&["run", &file, "--out", &out]).refused(4, &["grouped by symbol", "B begins at"]);
}

#[test]
fn no_command_and_no_interval_are_usage_errors() {
    run(&[]).refused(2, &["Usage"]);
    run(&["derive", &synth(), "--out", "out"]).refused(2, &["--interval"]);
    run(&["derve"]).refused(2, &["derive"]);
}

#[test]
fn stream_says_what_is_wrong_with_its_flags() {
    run_with(&["stream", "-i", "5m", "--calendar", "nope"], "").refused(3, &["nope"]);
    run_with(&["stream", "-i", "5m", "--clock", "bar"], "").refused(2, &["bar", "did you mean `bars`?"]);
}

/// Sends SIGINT, then waits for the end; a process that does not end is killed and fails the test.
#[cfg(unix)]
fn interrupted(mut child: Child) -> (Option<i32>, String) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let (tell, told) = mpsc::channel();
    let stderr = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let text = std::io::read_to_string(stderr).unwrap_or_default();
        let _ = tell.send(());
        text
    });
    if told.recv_timeout(Duration::from_secs(20)).is_err() {
        child.kill().unwrap();
    }
    (child.wait().unwrap().code(), reader.join().unwrap())
}

#[cfg(unix)]
#[test]
fn an_interrupted_derive_leaves_nothing() {
    let desk = Desk::new();
    let fifo = desk.path("rows.csv").display().to_string();
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let out = desk.path("out").display().to_string();
    let args = ["derive", &fifo, "-i", "5m", "--calendar", "24/7", "--stamp", "open", "--out", &out];
    let child = process(&args);
    // Opening waits for the reader, so the program has its handler when rows flow. They flow until it goes away.
    let (tell, told) = mpsc::channel();
    let feeding = std::thread::spawn(move || {
        let mut to = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
        let mut sent = to.write_all(HEADER.as_bytes());
        for i in 0.. {
            if sent.is_err() {
                return;
            }
            sent = to.write_all(run_of("A", 1_732_631_400 + 60_000 * i, 1000).as_bytes());
            let _ = tell.send(());
        }
    });
    // The pipe holds far less than four writes: some rows were read by then.
    (0..4).for_each(|_| told.recv_timeout(Duration::from_secs(20)).unwrap());
    let (code, stderr) = interrupted(child);
    feeding.join().unwrap();
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("interrupted; nothing was written"), "{stderr}");
    assert!(desk.outputs().is_empty(), "{:?}", desk.outputs());
}

#[cfg(unix)]
#[test]
fn a_derive_that_waits_for_rows_can_be_interrupted() {
    let desk = Desk::new();
    let fifo = desk.path("rows.csv").display().to_string();
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let out = desk.path("out").display().to_string();
    let args = ["derive", &fifo, "-i", "5m", "--calendar", "24/7", "--stamp", "open", "--out", &out];
    let child = process(&args);
    let mut to = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    to.write_all(HEADER.as_bytes()).unwrap();
    let (code, stderr) = interrupted(child);
    drop(to);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(desk.outputs().is_empty(), "{:?}", desk.outputs());
}

#[test]
fn a_failed_command_leaves_no_folder_that_it_made() {
    let desk = Desk::new();
    desk.derive_text(sound(), "-i 5m --calendar XNYS").refused(3, &["--stamp"]);
    assert!(!desk.path("out").exists());
    std::fs::create_dir(desk.path("out")).unwrap();
    desk.derive_text(sound(), "-i 5m --calendar XNYS").refused(3, &["--stamp"]);
    assert!(desk.path("out").exists(), "it was there before");
}

#[test]
fn an_output_never_replaces_an_input() {
    let desk = Desk::new();
    let input = desk.put("in.csv", sound());
    desk.derive(&[&input], &format!("{XNYS} --rejects {input}")).refused(3, &["in.csv"]);
    assert_eq!(desk.text("in.csv"), sound());
    std::fs::create_dir(desk.path("out")).unwrap();
    let input = desk.put("out/5m.csv", sound());
    desk.derive(&[&input], XNYS).refused(3, &["5m.csv"]);
    assert_eq!(desk.text("out/5m.csv"), sound());
}

#[test]
fn the_rejects_never_replace_a_table() {
    let desk = Desk::new();
    let rejects = desk.path("out/5m.csv").display().to_string();
    desk.derive_text(sound(), &format!("{XNYS} --rejects {rejects}")).refused(3, &["5m.csv"]);
    assert!(desk.outputs().is_empty(), "{:?}", desk.outputs());
}

/// A disk that takes no more is told with the file, and nothing of it is left; what stood there before stays.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_takes_no_more_leaves_the_old_outputs() {
    let desk = Desk::new();
    let input = desk.put("in.csv", HEADER.to_owned() + &run_of("A", 1_732_631_400, 390));
    let bin = assert_cmd::cargo::cargo_bin!("barloom").display().to_string();
    // Files may hold 1 KiB, and a write beyond that is an error like that of a full disk.
    let limited = |args: &str| {
        let line = format!("trap '' XFSZ; ulimit -f 1; exec {bin} {args}");
        let output = Command::new("bash").args(["-c", &line]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let at = |name: &str| desk.path(name).display().to_string();
    for format in ["csv", "parquet", "arrow"] {
        let out = at(&format!("out_{format}"));
        let derive = format!("derive {input} {XNYS} -i 1m --to {format} --out {out}");
        let (code, said) = limited(&derive);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("{out}/1m.{format}: can't be written: ")), "{said}");
        assert!(!desk.path(&format!("out_{format}")).exists(), "{said}");

        std::fs::create_dir(&out).unwrap();
        desk.put(&format!("out_{format}/1m.{format}"), "old");
        let (code, said) = limited(&format!("{derive} --force"));
        assert_eq!(code, Some(1), "{said}");
        assert_eq!(desk.text(&format!("out_{format}/1m.{format}")), "old");
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);

        let made = at(&format!("made.{format}"));
        for command in [
            format!("convert {input} --stamp open --out {made}"),
            format!("synth --symbols 9 --from 2024-11-01 --to 2024-11-30 --calendar XNYS --out {made}"),
        ] {
            let (code, said) = limited(&command);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains(&format!("{made}: can't be written: ")), "{said}");
            assert!(!desk.path(&format!("made.{format}")).exists());
        }
    }
}
