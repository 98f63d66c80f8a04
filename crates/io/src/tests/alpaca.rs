//! Pages of bars, whole and damaged.

use super::*;
use crate::row::shown_row;
use barloom_core::Symbol;
use proptest::prelude::*;

const BAR: &str = r#"{"t":"2024-11-26T14:30:00Z","o":100,"h":102.5,"l":99,"c":101,"v":10,"n":7,"vw":100.5}"#;

fn stated(symbol: &str) -> Options {
    Options { symbol: Symbol::new(symbol).ok(), ..Options::default() }
}

/// What an input gives, as text, fed in pieces that end at `cuts`.
fn read_cut(input: &str, options: &Options, cuts: &[usize]) -> Vec<String> {
    let (input, mut seen) = (input.as_bytes(), Vec::new());
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
    cuts.extend([0, input.len()]);
    cuts.sort_unstable();
    let mut read = || {
        let mut decoder = AlpacaDecoder::new(options.clone())?;
        for cut in cuts.windows(2) {
            let mut piece = &input[cut[0]..cut[1]];
            while let Some(decoded) = decoder.decode(&mut piece)? {
                seen.push(shown_row(&decoded));
            }
            assert!(piece.is_empty());
        }
        while let Some(decoded) = decoder.finish()? {
            seen.push(shown_row(&decoded));
        }
        Ok::<_, AlpacaError>(())
    };
    let result = read();
    seen.extend(result.err().map(|error| format!("error: {error}")));
    seen
}

fn rows(input: &str) -> Vec<String> {
    read_cut(input, &Options::default(), &[])
}

#[test]
fn bars_are_of_their_page_or_their_list() {
    let one = "1 A Open(2024-11-26T14:30:00Z) 100 102.5 99 101 Some(10.0) Some(100.5) Some(7)";
    assert_eq!(rows(&format!(r#"{{"symbol":"A","bars":[{BAR}]}}"#)), [one]);
    assert_eq!(rows(&format!(r#"{{"bars":[{BAR}],"next_page_token":null,"symbol":"A"}}"#)), [one]);
    let lists = format!(r#"{{"bars":{{"A":[{BAR}],"C":null,"B":[{BAR},{BAR}]}},"next_page_token":"x"}}"#);
    assert_eq!(rows(&lists).iter().map(|row| &row[..3]).collect::<Vec<_>>(), ["1 A", "2 B", "3 B"]);
    assert_eq!(read_cut(&format!(r#"{{"bars":[{BAR}]}}"#), &stated("A"), &[]), [one]);
}

#[test]
fn pages_follow_one_another() {
    let page = |symbol: &str| format!("{{\"bars\":[{BAR}],\"symbol\":\"{symbol}\"}}\n");
    let seen = rows(&(page("A") + &page("B") + "{\"bars\":null}"));
    assert_eq!(seen.iter().map(|row| &row[..3]).collect::<Vec<_>>(), ["1 A", "2 B"]);
}

#[test]
fn a_bar_that_can_not_be_read_is_a_reject() {
    let page = |bar: &str| rows(&format!(r#"{{"symbol":"A","bars":[{bar}]}}"#)).remove(0);
    let minute = "1 Some(\"A\") Some(2024-11-26T14:30:00Z)";
    assert_eq!(
        page(&BAR.replace("100,", "\"x\",")),
        format!("{minute}: not_a_number: open is `the text \"x\"`; write it like 46319.5")
    );
    assert_eq!(page(&BAR.replace("\"o\":100,", "")), format!("{minute}: missing_value: open is empty"));
    assert_eq!(
        page(&BAR.replace("\"o\":100,", "\"o\":1,\"o\":2,")),
        format!("{minute}: duplicate_field: open is there twice")
    );
    assert!(page(&BAR.replace("7,", "7.5,")).starts_with(&format!("{minute}: not_a_count")));
    assert!(page("{}").starts_with("1 Some(\"A\") None: missing_value: the time is empty"));
}

#[test]
fn what_is_no_pages_of_bars_is_an_error() {
    let error = |text: &str| rows(text).pop().unwrap();
    assert_eq!(
        error(r#"{"message":"forbidden."}"#),
        "error: line 1: no bars: expected Alpaca's {\"bars\": …}, and the object has `message`"
    );
    assert_eq!(error("{\"bars\":[\n1]}"), "error: line 2: not_json: a list of bars has something else");
    assert_eq!(error("{\"bars\" []}"), "error: line 1: not_json: expected a colon, and there is `[`");
    assert!(error("{\"bars\":[],\"a\":nul}").ends_with("`nul` is no value"));
    assert!(error("{\"bars\":[}").ends_with("expected a value, and there is `}`"));
    assert!(error("{\"bars\":[],\"bars\":[]}").ends_with("`bars` is there twice"));
    assert_eq!(
        error(&format!("{{\"symbol\":\"A\",\"bars\":[{BAR}")),
        "error: the JSON ends early, after 1 whole bars; is the copy complete?"
    );
    assert!(error(&format!("{{\"bars\":[{BAR}]}}")).ends_with("name it: `--symbol NAME`"));
    assert!(error(&"{\"a\":[".repeat(40)).contains("deeper than 64 levels"));
    let other = read_cut(&format!("{{\"symbol\":\"A\",\"bars\":[{BAR}]}}"), &stated("B"), &[]).pop().unwrap();
    assert!(other.ends_with("so does `--symbol B`; leave out one of them"), "{other}");
}

proptest! {
    #[test]
    fn what_comes_out_does_not_depend_on_where_the_input_was_cut(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{\"bars\":[", BAR, ",", "]}", "{\"bars\":{\"A\":[", "]}}", "],\"symbol\":\"A\"}", " ", "\"\\\"", "null", "\n", "{}",
        ]), 0..12),
        cuts in prop::collection::vec(0_usize..2000, 0..40),
    ) {
        let input = pieces.concat();
        prop_assert_eq!(read_cut(&input, &stated("A"), &cuts), read_cut(&input, &stated("A"), &[]));
    }
}
