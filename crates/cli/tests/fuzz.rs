//! Any bytes at all: each parser reads them or refuses them, and never panics or hangs. The functions are those of the
//! fuzz folder; here a corpus, its beginnings and its mutations drive them on stable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

#[path = "../../../fuzz/targets.rs"]
mod targets;

use std::io::{Read as _, Write as _};
use std::sync::OnceLock;

use flate2::Compression;
use flate2::read::GzEncoder;
use proptest::prelude::*;

const CSV: &[&[u8]] = &[
    b"symbol,open_time,open,high,low,close,volume,vwap,trade_count\nAAA,2024-11-25T09:00:00Z,230,231,229,230,1461,,13\n",
    b"timestamp,open,high,low,close\n2013-02-01 00:00:00+00:00,91.715,91.715,91.653,91.653\n2013-02-01 00:01:00,1,1,1,1\n",
    b"\xef\xbb\xbft;o;h;l;c\r\n1732631400000;1,5;2;1;2\r\n\"17326\n31460000\";\"1\"\"\";2;1;2\r\n",
    b"open_time,open,high,low,close,volume,close_time,count\n1499040000000,0.0163,0.8,0.01,0.015,1e3,1499040059999,7.0",
    b"Date,Time,Open,High,Low,Close\n2024-11-26,09:30,1,2,1,2\n",
    b"ts,o,h,l,c\n2024-11-03 01:30:00,1,1,1,1\n-9223372036854775808,nan,inf,-inf,1e999\n20241126,,,,\n",
    b"\"",
    b"",
];

const VENDORS: &[&[u8]] = &[
    b"ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n1732631400000000000,33,2,1,100000000000,100060000000,99960000000,99960000000,9,A\n1732631400000000000,33,39,1,1.5,1,1,1,9,A\n",
    b"ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume\n2024-11-26T14:30:00Z,33,2,1,9223372036854775807,1,1,1,9\n2024-11-26T14:31:00Z,34,2,2,1,1,1,1,9\n",
    b"1732631400000,100.0,100.1,99.9,100.0,19.0,1732631459999,1932.3,23,0.0,0.0,0\n1732631460000000,1,1,1,1,1,1,1,1,1,1,1\n",
    b"11/26/2024,09:30,100.00,100.06,99.96,99.96,1932\n11/26/2024,9:31,1,1,1,1,1\n13/40/2024,09:31,1,1,1,1,1\n",
    b"20241126 093000;100.0;100.1;99.9;100.0;0\n20241126;1;1;1;1;0\n",
    b"Date,Time,Open,High,Low,Close\n2024-11-26,09:30,1,2,1,2\n20241126,093000.5,1,2,1,2\n,,1,1,1,1\n",
];

const PAGES: &[&[u8]] = &[
    br#"{"bars":[{"t":"2024-11-26T14:30:00Z","o":100,"h":102,"l":99,"c":101,"v":10,"n":7,"vw":100.5}],"symbol":"A","next_page_token":null}"#,
    br#"{"bars":{"A":[{"t":1732631400000,"o":"1","h":1e308,"l":-0.0,"c":null}],"B":null},"next_page_token":"x"} {"bars":null,"a":[[{"b\"":1}]]}"#,
    br#"{"message":"forbidden."}"#,
    b"{\"bars\":[{\"t\":{\"t\":[]}}]}",
];

const NDJSON: &[&[u8]] = &[
    br#"{"bar":{"symbol":"AAA","ts":"2024-11-26T14:30:00Z","open":100,"high":102,"low":99,"close":101,"volume":10}}"#,
    br#"{"bar":{"ts":1732631400000000000,"open":1e308,"high":-0.0,"low":18446744073709551616,"close":null}}"#,
    br#"{"clock":"2024-11-26T14:35:00-05:00"}"#,
    br#"{"clock":"2024-11-03 01:30:00"}"#,
    b"[[[[{\"bar\":{\"bar\":\"\\ud800\"}}]]]]",
    b" ",
];

const WORDS: &[&[u8]] =
    &[b"5m", b"90s", b"1M", b"24h", b"5min", b"2024-11-26T14:30:00.5-05:00", b"BRK.B", b""];

const OVERLAYS: &[&[u8]] = &[
    b"calendar = \"XNYS\"\nvalid_to = \"2028-12-31\"\n[[closed]]\ndate = \"2027-06-14\"\nreason = \"a storm\"\n",
    b"calendar = \"CME_EQ\"\n[[open]]\ndate = 2027-12-24\nopen = \"17:00-1d\"\nclose = \"12:15\"\n",
    b"[[open]]\ndate = \"0000-00-00\"",
];

const ADJUSTMENTS: &[&[u8]] = &[
    b"symbol,session,price_factor,volume_factor\nAAA,2024-11-26,0.5,2\n\n\"A,\"\"B\",2024-06-10,1e-3,1\r\n",
    b"\xef\xbb\xbfSession,Volume Factor,note,symbol,price_factor\n2024-06-10,10,split,NVDA,0.1",
];

const CONFIGS: &[&[u8]] = &[
    b"inputs = ['a']\npolicy = ['strict@1h', 'coverage']\nmin_coverage = [0.5, '0.9@5m']\ngrace = '2s'\nderived_intervals = ['5m','1h']\n",
    b"calendar = 'FX'\nbase = '1d'\nlate = 'drop'\nflush_on_stop = true\non_invalid = 'stop'\nstamp = 'close'\ntz = 'UTC'\n",
    b"policy = [[[[]]]]",
];

/// A journal of a bar, a refused row, a clock and the end; then payloads of one input.
const JOURNALS: &[&[u8]] = &[
    b"BLOOMJNL\x01\0\0\0\x14\0\0\0\xce\xcd\xe6e\x01\x02{}\x01\x01o\x02\x05a.csv\x05b.csvB\0\0\0,\xba\
      \x15\xb6\x04\xf0\x01\x02\x01A\x01B\x0d\0w\0\0\0\0\0\0\xf0?\0\0\0\0\0\0\0@\0\0\0\0\0\0\xf0?\0\0\0\
      \0\0\0\xf8?\x05\0\0\0\0\0\0\xf4?\x03\x92\x81\xe0\xba\x84\xbf\x03\x01\xac\x02\x02no\x02\0\0\0(\
      \x13\xc5/\x01\x01\x01\0\0\0\xa1\x8e\x0c<\x02",
    b"\0x\x02\0w\0\0\0\0\0\0\xf0?\0\0\0\0\0\0\0@\0\0\0\0\0\0\xf0?\0\0\0\0\0\0\xf8?\0\0\0\0\0\0\xe0?\
      \x83\0w\0\x07\x04why.",
    b"\x05\x01\x02\x01B\x02\xc3\x84",
    b"\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01\x01 ",
];

const JSON_CONFIGS: &[&[u8]] = &[
    br#"{"inputs": ["a"], "policy": ["strict@1h", "coverage"], "min_coverage": [0.5, "0.9@5m"], "grace": "2s"}"#,
    b"{ \"calendar\": \"FX\",\n\t\"keep\" : 5, \"historical\": \"high_low@1w\", \"start\": \"2024-11-25\", \"tz\": null }",
    br#"{"k\u0065ep": "session", "\ud800": "\\", "keep": 1e3, "keep": -0.0, "policy": [[[[]]]]}"#,
    b"[[\"a\"]]",
];

/// Packed tables: gzip in two members, and zstd as frames of a block each.
fn packed() -> &'static [&'static [u8]] {
    static ALL: OnceLock<Vec<&[u8]>> = OnceLock::new();
    ALL.get_or_init(|| {
        let (head, rest) = CSV[0].split_at(70);
        let zipped = |bytes: &[u8]| {
            let mut packed = Vec::new();
            GzEncoder::new(bytes, Compression::best()).read_to_end(&mut packed).unwrap();
            packed
        };
        // A frame of one block as it is: a byte for the size of its content, and the block's header of three.
        let frame = |bytes: &[u8]| {
            let size = (bytes.len() as u32) << 3 | 1;
            [b"\x28\xb5\x2f\xfd\x20", &[bytes.len() as u8][..], &size.to_le_bytes()[..3], bytes].concat()
        };
        let all = [zipped, frame].map(|pack: fn(&[u8]) -> Vec<u8>| [pack(head), pack(rest)].concat());
        all.map(|packed| &*Vec::leak(packed)).to_vec()
    })
}

#[test]
fn packed_tables_are_read_while_they_are_sound() {
    let options = || barloom_io::Options { stamp: Some(barloom_core::Stamp::Open), ..Default::default() };
    let rows = |bytes: &[u8], name: &str| {
        let mut path = tempfile::NamedTempFile::new().unwrap();
        path.write_all(bytes).unwrap();
        let mut reader = barloom_io::RowReader::open(path.path(), options()).expect(name);
        std::iter::from_fn(|| reader.next_row().expect(name).map(drop)).count()
    };
    assert_eq!(packed().iter().map(|bytes| rows(bytes, "packed")).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(targets::tables().iter().map(|bytes| rows(bytes, "columns")).collect::<Vec<_>>(), [5, 5, 5]);
}

#[test]
fn what_is_kept_of_a_run_is_read_while_it_is_sound() {
    // Two symbols, four bars of 1m and one of 1d each, and a refused row.
    assert_eq!(targets::kept_is_read(), (11, true));
}

/// One of the corpus with some bytes replaced, put in or taken out.
fn mutated(corpus: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let likely = prop::sample::select(b",;\"\n\r\t 0123456789-+:.TZeE{}[]\\\x00\xff\xef\xbb\xbf".to_vec());
    let edit = (any::<prop::sample::Index>(), 0..3, prop_oneof![likely, any::<u8>()]);
    (prop::sample::select(corpus), prop::collection::vec(edit, 0..12)).prop_map(|(seed, edits)| {
        let mut bytes = seed.to_vec();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.extend_from_slice(seed),
            }
        }
        bytes
    })
}

#[test]
fn the_corpora_and_their_beginnings_are_read_or_refused() {
    type Target = fn(&[u8]);
    let all: [(&[&[u8]], Target); 16] = [
        (CSV, targets::csv),
        (VENDORS, targets::csv),
        (PAGES, targets::alpaca),
        (NDJSON, targets::ndjson),
        (WORDS, targets::words),
        (OVERLAYS, targets::overlay),
        (ADJUSTMENTS, targets::adjustments),
        (CONFIGS, targets::config),
        (JOURNALS, targets::journal),
        (JSON_CONFIGS, targets::config_json),
        (targets::snapshots(), targets::snapshot),
        (targets::checkpoints(), targets::checkpoint),
        (targets::parts(), targets::part),
        (targets::tables(), targets::columns),
        (packed(), targets::csv),
        (packed(), targets::columns),
    ];
    for (corpus, target) in all {
        for bytes in corpus {
            (0..=bytes.len()).for_each(|end| target(&bytes[..end]));
        }
    }
}

proptest! {
    #[test]
    fn mutated_csv_is_read_or_refused(bytes in mutated(CSV)) {
        targets::csv(&bytes);
    }

    #[test]
    fn mutated_vendors_layouts_are_read_or_refused(bytes in mutated(VENDORS)) {
        targets::csv(&bytes);
    }

    #[test]
    fn mutated_pages_are_read_or_refused(bytes in mutated(PAGES)) {
        targets::alpaca(&bytes);
    }

    #[test]
    fn mutated_lines_are_read_or_refused(bytes in mutated(NDJSON)) {
        targets::ndjson(&bytes);
    }

    #[test]
    fn mutated_words_are_read_or_refused(bytes in mutated(WORDS)) {
        targets::words(&bytes);
    }

    #[test]
    fn mutated_overlays_are_read_or_refused(bytes in mutated(OVERLAYS)) {
        targets::overlay(&bytes);
    }

    #[test]
    fn mutated_adjustments_are_read_or_refused(bytes in mutated(ADJUSTMENTS)) {
        targets::adjustments(&bytes);
    }

    #[test]
    fn mutated_session_files_are_read_or_refused(bytes in mutated(CONFIGS)) {
        targets::config(&bytes);
    }

    #[test]
    fn mutated_journals_are_read_or_refused(bytes in mutated(JOURNALS)) {
        targets::journal(&bytes);
    }

    #[test]
    fn mutated_snapshots_are_read_or_refused(bytes in mutated(targets::snapshots())) {
        targets::snapshot(&bytes);
    }

    #[test]
    fn mutated_checkpoints_are_read_or_refused(bytes in mutated(targets::checkpoints())) {
        targets::checkpoint(&bytes);
    }

    #[test]
    fn mutated_parts_are_read_or_refused(bytes in mutated(targets::parts())) {
        targets::part(&bytes);
    }

    #[test]
    fn mutated_columns_are_read_or_refused(bytes in mutated(targets::tables())) {
        targets::columns(&bytes);
    }

    #[test]
    fn mutated_packed_tables_are_read_or_refused(bytes in mutated(packed())) {
        targets::csv(&bytes);
    }

    #[test]
    fn mutated_session_files_in_json_are_read_or_refused(bytes in mutated(JSON_CONFIGS)) {
        targets::config_json(&bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        targets::csv(&bytes);
        targets::alpaca(&bytes);
        targets::ndjson(&bytes);
        targets::words(&bytes);
        targets::overlay(&bytes);
        targets::adjustments(&bytes);
        targets::config(&bytes);
        targets::journal(&bytes);
        targets::config_json(&bytes);
        targets::snapshot(&bytes);
        targets::checkpoint(&bytes);
        targets::part(&bytes);
        targets::columns(&bytes);
    }

    #[test]
    fn packed_bytes_that_are_damaged_are_read_or_refused(
        magic in prop::sample::select(vec![&b"\x1f\x8b\x08\x00"[..], b"\x28\xb5\x2f\xfd\x04", b"\x50\x2a\x4d\x18"]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        targets::csv(&[magic, &bytes].concat());
    }
}
