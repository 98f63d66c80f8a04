//! `barloom completions` and `barloom man`: they know every command.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{Desk, run};

const COMMANDS: [&str; 14] = [
    "run",
    "replay",
    "derive",
    "stream",
    "check",
    "verify",
    "calendar",
    "indicators",
    "synth",
    "convert",
    "bench",
    "schema",
    "completions",
    "man",
];

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = run(&["completions", shell]).ok().stdout;
        for command in COMMANDS {
            assert!(text.contains(command), "{shell}: {command}");
        }
        assert!(text.contains("min-coverage"), "{shell}");
    }
    run(&["completions", "csh"]).refused(2, &["bash"]);
}

#[test]
fn the_manual_has_a_page_a_command() {
    let text = run(&["man"]).ok().stdout;
    assert!(text.contains(".TH barloom 1") && COMMANDS.iter().all(|command| text.contains(command)));
    let desk = Desk::new();
    let out = desk.path("out").display().to_string();
    run(&["man", "--out", &out]).ok();
    let mut pages: Vec<String> = COMMANDS.iter().map(|command| format!("barloom-{command}.1")).collect();
    pages.push("barloom.1".to_owned());
    pages.sort();
    assert_eq!(desk.outputs(), pages);
    assert!(desk.text("out/barloom-derive.1").contains("min\\-coverage"));
}
