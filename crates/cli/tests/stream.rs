//! `stream`: a conversation by lines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use std::io::{BufRead, BufReader, Write};

use common::{Desk, bar_line, process, run_with, unzipped};
use serde_json::{Value, json};

const XNYS: [&str; 5] = ["stream", "-i", "5m", "--calendar", "XNYS"];

fn clock_line(to: &str) -> String {
    format!("{}\n", json!({ "clock": to }))
}

fn summary(objects: &[Value]) -> &Value {
    objects.last().filter(|last| last["type"] == "summary").unwrap()
}

#[test]
fn a_clock_that_would_go_back_is_ignored_and_counted() {
    let lines = [
        clock_line("2024-11-26T14:40:00Z"),
        clock_line("2024-11-26T14:31:00Z"),
        bar_line("A", "2024-11-26T14:31:00Z", 100),
    ];
    let done = run_with(&XNYS, lines.concat()).ok();
    let objects = done.objects();
    assert_eq!(summary(&objects)["clocks_ignored"], 1);
    assert_eq!(summary(&objects)["late"], 1);
    assert_eq!(objects[0]["kind"], "late_bar");
    assert_eq!(objects[0]["line"], 3);
}

#[test]
fn a_line_that_can_not_be_read_is_told_and_counted_and_the_stream_goes_on() {
    let lines = [
        bar_line("A", "2024-11-26T14:30:00Z", 100),
        "{\"bar\":\n".to_owned(),
        "\n".to_owned(),
        bar_line("A", "2024-11-26T14:30:30Z", 100),
        bar_line("A", "2024-11-26T14:34:00Z", 101),
        clock_line("2024-11-26T14:35:00Z"),
    ];
    let done = run_with(&XNYS, lines.concat()).ok();
    assert!(done.stderr.contains("line 2: refused: not_json"), "{}", done.stderr);
    assert!(done.stderr.contains("line 4: refused: off_grid_timestamp"), "{}", done.stderr);
    let bars = done.of_type("bar");
    assert_eq!(bars.len(), 1);
    assert_eq!((&bars[0]["line"], &bars[0]["n_base"]), (&json!(6), &json!(2)));
    let objects = done.objects();
    assert_eq!((&summary(&objects)["invalid"], &summary(&objects)["rows"]), (&json!(2), &json!(4)));
}

#[test]
fn an_unknown_field_names_the_nearest() {
    let done = run_with(&XNYS, "{\"bar\":{\"symbl\":\"A\"}}\n").ok();
    assert!(done.stderr.contains("did you mean `symbol`?"), "{}", done.stderr);
    let done = run_with(&XNYS, "{\"clok\":1}\n").ok();
    assert!(done.stderr.contains("did you mean `clock`?"), "{}", done.stderr);
}

#[test]
fn on_invalid_stop_ends_the_stream() {
    let lines = ["nonsense\n".to_owned(), bar_line("A", "2024-11-26T14:30:00Z", 100)];
    let args = [&XNYS[..], &["--on-invalid", "stop"]].concat();
    let done = run_with(&args, lines.concat()).refused(4, &["line 1"]);
    assert!(done.of_type("bar").is_empty());
    assert_eq!(summary(&done.objects())["invalid"], 1);
}

#[test]
fn what_is_open_at_the_end_is_unfinished_unless_it_is_flushed() {
    let line = bar_line("A", "2024-11-26T14:34:00Z", 100);
    let done = run_with(&XNYS, line.as_str()).ok();
    let warning = &done.of_type("warning")[0];
    assert_eq!(warning["kind"], "unfinished_bar");
    assert_eq!((&warning["n_base"], &warning["n_expected"]), (&json!(1), &json!(5)));
    assert_eq!(summary(&done.objects())["unfinished"], 1);
    let flushed = run_with(&[&XNYS[..], &["--flush-on-stop"]].concat(), line).ok();
    assert_eq!(flushed.of_type("bar")[0]["n_base"], 1);
    assert!(flushed.of_type("warning").is_empty());
}

#[test]
fn bars_of_the_same_line_come_with_intervals_ascending() {
    let lines = [bar_line("A", "2024-11-26T14:44:00Z", 100), clock_line("2024-11-26T14:45:00Z")];
    let done = run_with(&["stream", "-i", "15m,5m,1m", "--calendar", "XNYS"], lines.concat()).ok();
    let told: Vec<_> =
        done.of_type("bar").iter().map(|bar| (bar["interval"].clone(), bar["line"].clone())).collect();
    assert_eq!(told, [(json!("1m"), json!(1)), (json!("5m"), json!(2)), (json!("15m"), json!(2))]);
}

#[test]
fn each_line_is_answered_before_the_next_is_there() {
    let mut child = process(&["stream", "-i", "1m", "--calendar", "XNYS"]);
    let (mut to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut from = BufReader::new(from).lines();
    for minute in ["2024-11-26T14:30:00Z", "2024-11-26T14:31:00Z"] {
        to.write_all(bar_line("A", minute, 100).as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&from.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["open_time"], minute);
    }
    drop(to);
    assert!(from.next().unwrap().unwrap().contains("\"summary\""));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_that_goes_away_ends_the_stream_without_a_panic() {
    let mut child = process(&["stream", "-i", "1m", "--calendar", "24/7"]);
    drop(child.stdout.take());
    let mut to = child.stdin.take().unwrap();
    // The pipe may break while we write: that is what is tested.
    let _ = to.write_all(bar_line("A", "2024-11-26T14:30:00Z", 100).as_bytes());
    drop(to);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!told.contains("panicked"), "{told}");
    assert_eq!(output.status.code(), Some(1), "{told}");
}

#[test]
fn a_clock_moved_by_bars_gives_the_bars_of_derive() {
    let text = unzipped("testdata/us_equity_synth.csv.gz");
    let rows: Vec<&str> = text.lines().skip(1).filter(|row| row.starts_with("AAA,")).collect();
    let line = |row: &&str| {
        let cells: Vec<&str> = row.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().ok();
        let bar = json!({
            "symbol": cells[0], "ts": cells[1], "open": number(2), "high": number(3), "low": number(4),
            "close": number(5), "volume": number(6), "vwap": number(7), "trade_count": cells[8].parse::<i64>().ok()
        });
        format!("{}\n", json!({ "bar": bar }))
    };
    let lines: String = rows.iter().map(line).collect();
    let args = ["stream", "-i", "5m,1h,1d", "--calendar", "XNYS", "--clock", "bars"];
    let streamed = run_with(&args, lines).ok();

    let desk = Desk::new();
    let csv = format!("{}\n{}\n", text.lines().next().unwrap(), rows.join("\n"));
    let derived = desk.derive_text(csv, "-i 5m,1h,1d --calendar XNYS --stamp open").ok();
    for interval in ["5m", "1h", "1d"] {
        let table = desk.table(&format!("{interval}.csv"));
        let bars: Vec<_> =
            streamed.of_type("bar").into_iter().filter(|bar| bar["interval"] == interval).collect();
        assert_eq!(bars.len(), table.rows.len(), "{interval}");
        for (bar, row) in bars.iter().zip(&table.rows) {
            for (name, cell) in table.header.split(',').zip(row) {
                let same = match &bar[name] {
                    Value::String(text) => text == cell,
                    Value::Null => cell.is_empty(),
                    number => number.as_f64() == cell.parse().ok(),
                };
                assert!(same, "{name} is {} in the stream, {cell} in the table", bar[name]);
            }
        }
    }
    let objects = streamed.objects();
    for name in ["rows", "accepted", "duplicate", "corrected", "late", "invalid", "out_of_session"] {
        assert_eq!(summary(&objects)[name], derived.told_count(name), "{name}");
    }
}

#[test]
fn the_last_instant_is_a_clock_like_any_other() {
    let lines = [
        bar_line("A", "2024-11-26T14:30:00Z", 100),
        format!("{}\n", json!({ "clock": i64::MAX })),
        format!("{}\n", json!({ "clock": i64::MIN })),
    ];
    let output = common::barloom()
        .timeout(std::time::Duration::from_secs(5))
        .args(XNYS)
        .write_stdin(lines.concat())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"n_base\":1"));
}

#[test]
fn a_refused_bar_does_not_move_the_clock() {
    let bars = |minutes: &[&str]| {
        let lines: String = minutes.iter().map(|minute| bar_line("A", minute, 100)).collect();
        let done = run_with(&[&XNYS[..], &["--clock", "bars"]].concat(), lines).ok();
        done.of_type("bar").iter().map(|bar| bar["open_time"].to_string()).collect::<Vec<_>>()
    };
    let (first, far) = ("2024-11-26T14:30:00Z", "2099-11-26T14:30:00Z");
    let rest = ["2024-11-26T14:36:00Z", "2024-11-26T14:37:00Z"];
    assert_eq!(bars(&[first, far, rest[0], rest[1]]), bars(&[first, rest[0], rest[1]]));
}

#[cfg(unix)]
#[test]
fn a_stream_that_waits_for_a_line_can_be_interrupted() {
    let mut child = process(&XNYS);
    let (mut to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    to.write_all(b"{\"clok\":1}\n{\"bar\":{}}\n").unwrap();
    let mut told = BufReader::new(from).lines();
    assert!(told.next().unwrap().unwrap().contains("invalid_bar"));
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    // The summary comes while stdin is still open; a second signal ends a program that ignored the first.
    let (tell, ended) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let rest: Vec<String> = told.map_while(Result::ok).collect();
        let _ = tell.send(());
        rest
    });
    let in_time = ended.recv_timeout(std::time::Duration::from_secs(5)).is_ok();
    let _ = child.kill();
    let code = child.wait().unwrap().code();
    drop(to);
    let rest = reader.join().unwrap();
    assert!(in_time, "still waiting");
    assert_eq!(code, Some(130));
    assert!(rest.iter().any(|line| line.contains("\"summary\"")), "{rest:?}");
}
