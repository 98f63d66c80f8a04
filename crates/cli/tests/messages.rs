//! What people read when something is wrong: each kind of error as it stands on stderr, word for word.
//!
//! The texts lie in `snapshots/`, a page a theme. After a change on purpose, `INSTA_UPDATE=always cargo test --test messages` writes
//! them anew, and their diff is read.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use std::fmt::Write as _;

use common::{Desk, HEADER, barloom, repo, run_of, zipped};

/// Commands and what they say, in a folder of their own.
struct Page {
    desk: Desk,
    text: String,
}

impl Page {
    fn new() -> Self {
        Self { desk: Desk::new(), text: String::new() }
    }

    /// Runs `barloom` with `args`, parted at blanks, and notes what it says on stderr. It must fail.
    fn says(&mut self, args: &str) {
        self.says_to("", args);
    }

    /// The same with something on stdin.
    fn says_to(&mut self, stdin: &str, args: &str) {
        let mut command = barloom();
        command.current_dir(self.desk.path("")).args(args.split_whitespace()).write_stdin(stdin);
        let output = command.output().unwrap();
        let (code, said) = (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(code != 0 && !said.contains("panicked"), "{args}: {said}");
        write!(self.text, "$ barloom {args}\n{said}[{code}]\n\n").unwrap();
    }

    /// The same on a file of that text.
    fn says_of(&mut self, name: &str, text: impl AsRef<[u8]>, args: &str) {
        self.desk.put(name, text);
        self.says(args);
    }

    /// Compares with the page as it was.
    fn compare(self, name: &str) {
        assert!(!self.text.contains(&self.desk.path("").display().to_string()), "{}", self.text);
        insta::assert_snapshot!(name, self.text);
    }
}

const SOUND: &str = "symbol,ts,open,high,low,close,volume
AAA,2024-11-26T14:30:00Z,100,102,99,101,10
AAA,2024-11-26T14:31:00Z,101,102,99,101,10
";

const DERIVE: &str = "derive in.csv -i 5m --calendar XNYS --stamp open --out out";

#[test]
fn session_files() {
    let mut page = Page::new();
    page.desk.put("in.csv", SOUND);
    let sound =
        "inputs = [\"in.csv\"]\ncalendar = \"XNYS\"\nstamp = \"open\"\nderived_intervals = [\"5m\"]\n";
    let run = "run s.toml";
    page.says(run);
    page.says_of("s.toml", "inputs = [\"in.csv\"\n", run);
    page.says_of("s.toml", format!("{sound}polcy = \"strict\"\n"), run);
    page.says_of("s.toml", format!("{sound}policy = [\"coverage\", \"strct@1h\"]\n"), run);
    page.says_of("s.toml", format!("{sound}realtime_indicators = [\"rsi:14@5m\", \"rsj:14\"]\n"), run);
    page.says_of("s.toml", format!("{sound}realtime_indicators = [\"macd:26,12,9\"]\n"), run);
    page.says_of("s.toml", format!("{sound}workers = -1\n"), run);
    page.says_of("s.toml", sound.replace("5m", "25h"), run);
    page.says_of("s.toml", sound.replace("XNYS", "XNYC"), run);
    page.says_of("s.toml", sound.replace("in.csv", "im.csv"), run);
    page.says_of("s.toml", format!("{sound}start = \"2024-11-26T09:30:00\"\n"), run);
    page.says_of("s.json", "{\"inputs\": [\"in.csv\"], \"calender\": \"XNYS\"}", "run s.json");
    page.says_of("s.toml", format!("{sound}overlay = \"overlay.toml\"\n"), run);
    page.says_of("overlay.toml", "calendar = \"XNYS\"\n[[open]]\ndate = 2027-06-14\nopen = \"9:00\"\n", run);
    page.says_of("overlay.toml", "calendar = \"XNYS\"\n[[closed]]\ndate = 2027-06-14\nreson = \"x\"\n", run);
    page.says_of("overlay.toml", "calendar = \"XNYS\"\n[[closed]]\ndate = 2027-06-13\n", run);
    page.says_of("overlay.toml", "calendar = \"XLON\"\n", run);
    page.says_of("s.toml", format!("{sound}adjustments = \"splits.csv\"\n"), run);
    page.says_of("splits.csv", "symbol,date,price_factor,volume_factor\n", run);
    page.says_of("splits.csv", "symbol,session,price_factor,volume_factor\nAAA,2024-11-25,0,10\n", run);
    page.compare("session_files");
}

#[test]
fn words_of_the_command_line() {
    let mut page = Page::new();
    page.desk.put("in.csv", SOUND);
    page.says("");
    page.says("deriv in.csv");
    page.says("derive");
    page.says(&format!("{DERIVE} --calender XNYS"));
    page.says(&DERIVE.replace("5m", "5min"));
    page.says(&DERIVE.replace("5m", "25h"));
    page.says(&DERIVE.replace("XNYS", "NYSE2"));
    page.says(&format!("{DERIVE} --indicator rsi:0"));
    page.says(&format!("{DERIVE} --indicator rsi:14,lenght=3"));
    page.says(&format!("{DERIVE} --indicator emaa:14"));
    page.says(&format!("{DERIVE} --indicator rsi:14@90s"));
    page.says(&format!("{DERIVE} --tz America/NewYork"));
    page.says(&format!("{DERIVE} --policy strct@5m"));
    page.says(&format!("{DERIVE} --min-coverage 1.5"));
    page.says(&format!("{DERIVE} --late revize"));
    page.says("calendar XNYS 2024-13");
    page.says("calendar XNYS 1800");
    page.says("indicators rsj");
    page.says("synth --symbols 0 --from 2024-11-01 --to 2024-11-02 --out a.csv");
    page.says("synth --symbols 2 --from 2024-11-01 --to 2024-11-02 --out a.txt");
    page.compare("words_of_the_command_line");
}

#[test]
fn text_of_bars() {
    let mut page = Page::new();
    let stop = format!("{DERIVE} --on-invalid stop");
    page.says(DERIVE);
    page.says(&DERIVE.replace("in.csv", "bars/*.csv"));
    page.says_of("in.csv", "", DERIVE);
    page.says_of("in.csv", HEADER, DERIVE);
    page.says_of("in.csv", SOUND.replace("close", "clsoe"), DERIVE);
    page.says_of("in.csv", SOUND.replace("symbol,ts", "ticker,timestmp"), DERIVE);
    page.says_of("in.csv", SOUND.replace("volume", "v2").replace("close", "open"), DERIVE);
    page.says_of("in.csv", SOUND.replace("symbol", "instr"), DERIVE);
    page.says_of("in.csv", SOUND, &format!("{DERIVE} --symbol BBB"));
    page.says_of("in.csv", SOUND, &DERIVE.replace("--stamp open ", ""));
    page.says_of("in.csv", SOUND.replace(":00Z", ":00"), DERIVE);
    page.says_of(
        "in.csv",
        SOUND.replace(",volume", "").replace(",10\n", "\n"),
        &format!("{DERIVE} --indicator obv"),
    );
    page.says_of("in.csv", SOUND.replace("101,102", "x,102"), &stop);
    page.says_of("in.csv", SOUND.replace("101,102", ",102"), &stop);
    page.says_of("in.csv", SOUND.replace("101,102", "101,102,5,6"), &stop);
    page.says_of("in.csv", SOUND.replace("101,102", "101,98"), &stop);
    page.says_of("in.csv", SOUND.replace("14:31:00Z", "14:31:30Z"), &stop);
    page.says_of("in.csv", SOUND.replace("14:31:00Z", "yesterday"), &stop);
    page.says_of("in.csv", SOUND.replace("AAA,2024-11-26T14:31", "\u{7},2024-11-26T14:31"), &stop);
    page.says_of("in.csv", SOUND.replace("2024", "2124"), DERIVE);
    page.says_of("in.csv", format!("{HEADER}{}", run_of("AAA", 1_732_631_430, 150)), DERIVE);
    page.says_of("in.csv", format!("{SOUND}\"AAA,2024-11-26T14:32:00Z,1,2,1,2,10\n"), &stop);
    page.says_of("in.csv", "PK\u{3}\u{4}etc", DERIVE);
    let gz = zipped(&format!("{HEADER}{}", run_of("AAA", 1_732_631_400, 390)));
    page.says_of("in.csv.gz", &gz[..gz.len() / 2], &DERIVE.replace("in.csv", "in.csv.gz"));
    page.says_of("in.json", "{\"bars\":[{\"t\":1", &DERIVE.replace("in.csv", "in.json"));
    page.says_of("in.json", "{\"symbol\":\"A\"}", &DERIVE.replace("in.csv", "in.json"));
    page.says_of("in.csv", SOUND, &format!("{DERIVE} --publisher 2"));
    std::fs::copy(repo("testdata/layouts/databento_publishers.csv"), page.desk.path("db.csv")).unwrap();
    page.says(&DERIVE.replace("in.csv", "db.csv").replace("--stamp open ", ""));
    page.says_of(
        "s.toml",
        "inputs = [\"bad.csv\"]\nstamp = \"open\"\nderived_intervals = [\"5m\"]\non_invalid = \"stop\"\n",
        "check s.toml",
    );
    page.says_of("bad.csv", SOUND.replace("101,102", "x,102"), "run s.toml");
    page.says_of("bad.csv", SOUND.replace("close", "clsoe"), "run s.toml");
    page.says("check bad.csv");
    page.says("verify bad.csv -i 5m --stamp open");
    page.says("convert bad.csv --stamp open --out bad.parquet");
    page.compare("text_of_bars");
}

#[test]
fn columns_of_bars() {
    let mut page = Page::new();
    page.desk.put("in.csv", SOUND);
    let convert = |page: &Page, to: &str| {
        let mut command = barloom();
        command.current_dir(page.desk.path("")).args(["convert", "in.csv", "--stamp", "open", "--out", to]);
        assert!(command.output().unwrap().status.success());
        std::fs::read(page.desk.path(to)).unwrap()
    };
    for name in ["in.parquet", "in.arrow"] {
        let whole = convert(&page, name);
        let derive = DERIVE.replace("in.csv", name);
        page.says_of(name, &whole[..whole.len() / 2], &derive);
        page.says_of(name, &whole, &format!("{derive} --base 1s"));
        page.says_of(name, &whole, &format!("{derive} --symbol BBB"));
    }
    page.says_of(
        "in.csv",
        SOUND.replace("101,102", "101,98"),
        "convert in.csv --stamp open --out bad.parquet --to text",
    );
    convert(&page, "bad.parquet");
    page.says("derive bad.parquet -i 5m --calendar XNYS --out out --on-invalid stop");
    page.compare("columns_of_bars");
}

#[test]
fn outputs() {
    let mut page = Page::new();
    page.desk.put("in.csv", SOUND);
    page.desk.put("a_file", "");
    page.says(&DERIVE.replace("--out out", "--out a_file"));
    page.says(&DERIVE.replace("--out out", "--out a_file/out"));
    std::fs::create_dir(page.desk.path("old")).unwrap();
    page.desk.put("old/5m.csv", "");
    page.says(&DERIVE.replace("--out out", "--out old"));
    page.says(&format!("{DERIVE} --rejects in.csv"));
    page.says(&format!("{DERIVE} --to parkett"));
    page.says(&DERIVE.replace("--out out", "--out - --to csv"));
    page.says("convert in.csv --stamp open --out in.csv");
    page.says("convert in.csv --stamp open --out old/5m.csv");
    page.says("convert in.csv --stamp open --out new.txt");
    page.says("convert in.csv --stamp open --out old");
    page.says("replay old");
    page.compare("outputs");
}

#[test]
fn lines_of_a_stream() {
    let mut page = Page::new();
    let bar = |cells: &str| format!("{{\"bar\":{{{cells}}}}}\n");
    let sound =
        "\"symbol\":\"AAA\",\"ts\":\"2024-11-26T14:30:00Z\",\"open\":1,\"high\":2,\"low\":1,\"close\":2";
    let stream = "stream -i 5m --calendar XNYS --on-invalid stop";
    page.says_to("{\"bar\":\n", stream);
    page.says_to("[1]\n", stream);
    page.says_to("{\"bra\":1}\n", stream);
    page.says_to("{\"bar\":1,\"clock\":2}\n", stream);
    page.says_to(&format!("{}{}", bar(sound), bar(&sound.replace("high", "hihg"))), stream);
    page.says_to(&bar(&sound.replace("\"high\":2", "\"high\":\"2\"")), stream);
    page.says_to(&bar(&sound.replace("\"high\":2,", "")), stream);
    page.says_to(&bar(&sound.replace("2024-11-26T14:30:00Z", "noon")), stream);
    page.says_to(&bar(&sound.replace("\"high\":2", "\"high\":0")), stream);
    page.says_to(&bar(&sound.replace("14:30:00Z", "14:30:30Z")), stream);
    page.compare("lines_of_a_stream");
}
