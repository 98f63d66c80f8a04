use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn refused(text: &str) -> String {
    SessionConfig::from_toml(text).unwrap_err().to_string()
}

#[test]
fn an_unknown_field_names_the_place_and_the_nearest() {
    let message = refused("inputs = [\"a.csv\"]\ncalender = \"XNYS\"\n");
    assert!(message.starts_with("line 2, column 1: unknown field `calender`"), "{message}");
    assert!(message.ends_with("did you mean `calendar`?"), "{message}");
}

#[test]
fn a_wrong_word_names_what_is_allowed() {
    let message = refused("policy = \"strct\"");
    assert!(message.starts_with("line 1, column 10: policy `strct` is not allowed"), "{message}");
    assert!(message.contains("did you mean `strict`?"), "{message}");
    assert!(refused("derived_intervals = [\"5min\"]").contains("did you mean `5m`?"));
    assert!(refused("late = \"revize\"").contains("did you mean `revise`?"));
    assert!(refused("grace = \"-2s\"").contains("like 2s or 500ms"));
    assert!(refused("grace = \"25h\"").contains("from 0s to 24h"));
    assert!(refused("min_coverage = [\"x@5m\"]").contains("min_coverage `x` is not allowed"));
    assert!(refused("policy = [[\"strict\"]]").contains("text or a number"));
}

#[test]
fn an_interval_of_its_own_wins_over_all() {
    let config = SessionConfig::from_toml(
        "derived_intervals = [\"5m\", \"1h\"]\npolicy = [\"strict@1h\", \"coverage\"]\nmin_coverage = [0.5, \"0.9@1h\"]",
    );
    let rules = config.unwrap().rules(Calendar::named("24/7").unwrap()).unwrap();
    let of = |i: usize| (rules.intervals[i].policy, rules.intervals[i].min_coverage);
    assert_eq!([of(0), of(1)], [(Policy::Coverage, Some(0.5)), (Policy::Strict, Some(0.9))]);
}

#[test]
fn a_policy_for_an_interval_that_is_not_derived_is_an_error() {
    let config = SessionConfig::from_toml("derived_intervals = \"5m\"\npolicy = \"strict@1h\"").unwrap();
    let error = config.rules(Calendar::named("24/7").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "`@1h` names an interval that is not derived; derived are 5m");
}

#[test]
fn an_interval_that_a_subscriber_names_is_derived_or_refused() {
    let hours = Pattern::bars().on("1h".parse().unwrap());
    let derived = |config: &SessionConfig| {
        let rules = config.rules(calendar("24/7")).unwrap();
        rules.intervals.iter().map(|rule| rule.interval.to_string()).collect::<Vec<_>>()
    };
    let mut config = session("derived_intervals = '5m'\nrealtime_indicators = 'sma:2@15m'");
    for pattern in [&hours, &hours, &Pattern::all(), &Pattern::bars().on("15m".parse().unwrap())] {
        config.subscribe_to(pattern).unwrap();
    }
    assert_eq!(derived(&config), ["5m", "15m", "1h"]);

    let mut config = session("derived_intervals = '5m'\nauto_compute_derived = false");
    let error = config.subscribe_to(&hours).unwrap_err();
    assert_eq!(error.to_string(), "`@1h` names an interval that is not derived; derived are 5m");
    config.subscribe_to(&Pattern::bars().on("5m".parse().unwrap())).unwrap();
    assert_eq!(derived(&config), ["5m"]);
}

fn session(text: &str) -> SessionConfig {
    SessionConfig::from_toml(text).unwrap()
}

fn calendar(id: &str) -> Calendar {
    Calendar::named(id).unwrap()
}

#[test]
fn a_file_without_a_line_says_the_defaults() {
    let (toml, json) = (session(""), SessionConfig::from_json("{}").unwrap());
    assert_eq!(format!("{toml:?}"), format!("{:?}", SessionConfig::default()));
    assert_eq!(format!("{toml:?}"), format!("{json:?}"));
}

#[test]
fn the_fields_of_a_run_are_read() {
    let config = session(
        "start = '2024-11-25'\nend = '2024-11-29T13:00:00-05:00'\norigin = 'sessions:5'\nkeep = 500\n\
         retain_sessions = 3\nhistorical = ['avg_volume:20', 'high_low:20@1w']\non_subscriber_error = 'remove'\n\
         journal = 'j'\non_output_error = 'continue'\nmemory_limit = '1.5GB'\nspeed = 0\nruntime = 'inline'\nworkers = 1\non_overrun = 'warn'\n",
    );
    assert_eq!(config.start, Some(When::Date(jiff::civil::date(2024, 11, 25))));
    assert_eq!(config.end, Some(When::Time("2024-11-29T18:00:00Z".parse().unwrap())));
    assert_eq!((config.origin, config.keep), (Origin::Sessions(5), Keep::Last(500)));
    assert_eq!((config.retain_sessions, config.on_subscriber_error), (3, OnSubscriberError::Remove));
    assert_eq!(config.on_output_error, OnOutputError::Continue);
    let names: Vec<String> = config.historical.iter().map(Historical::to_string).collect();
    assert_eq!(names, ["avg_volume_20@1d", "high_low_20@1w"]);
    assert_eq!(config.journal, Some(PathBuf::from("j")));
    assert_eq!(config.memory_limit, Some(MemoryLimit(1_500_000_000)));
    assert_eq!(session("memory_limit = '512 MiB'").memory_limit, Some(MemoryLimit(512 << 20)));
    assert_eq!((session("keep = 'session'").keep, session("keep = 0").keep), (Keep::Session, Keep::Last(0)));
    assert_eq!(session("origin = 'run'").origin, Origin::Run);
}

#[test]
fn toml_dates_need_no_quotes() {
    let config = session("start = 2024-11-25\nend = 2024-11-29T13:00:00-05:00");
    assert_eq!(config.start.unwrap().to_string(), "2024-11-25");
    assert_eq!(config.end.unwrap().to_string(), "2024-11-29T18:00:00Z");
    assert!(refused("start = 2024-11-25T09:30:00").contains("neither a time with its offset"));
}

#[test]
fn a_value_that_is_none_says_what_is_one() {
    for (text, words) in [
        ("start = 'monday'", "`monday` is neither a time with its offset"),
        ("start = '2024-13-01'", "nor a session's date"),
        ("start = '2024-11-25T09:30:00'", "neither a time with its offset"),
        ("origin = 'session:5'", "write run, or sessions:N"),
        ("origin = 'sessions:0'", "N from 1 to 1000"),
        ("keep = -1", "keep `-1` is not allowed"),
        ("keep = 'all'", "write session, or how many values"),
        ("retain_sessions = 0", "from 1 to 1000"),
        ("retain_sessions = 1001", "from 1 to 1000"),
        ("historical = ['rsi:14']", "allowed are avg_volume, avg_range"),
        ("historical = ['avg_volumes:20']", "did you mean `avg_volume`?"),
        ("historical = ['avg_volume:20@5m']", "on 1d or 1w, not on 5m"),
        ("historical = ['avg_volume:0']", "period `0` is not allowed"),
        ("on_subscriber_error = 'ignore'", "allowed are stop, remove"),
        ("memory_limit = 2000", "a size with its unit"),
        ("memory_limit = 'infGB'", "a size with its unit"),
        ("memory_limit = '0GB'", "a size with its unit"),
        ("speed = -1", "speed `-1` is not allowed"),
        ("speed = 1e9", "a number from 0.01 to 100000000"),
        ("speed = 0.001", "speed `0.001` is not allowed"),
        ("workers = 0", "a whole number from 1 to 64"),
        ("workers = 65", "a whole number from 1 to 64"),
        ("runtime = 'thread'", "did you mean `threads`?"),
        ("on_output_error = 'go on'", "allowed are stop, continue"),
        ("on_overrun = 'warning'", "allowed are warn, error"),
        ("indicators = ['rsi']", "did you mean `realtime_indicators`?"),
        ("intervals = '5m'", "did you mean `derived_intervals`?"),
    ] {
        let message = refused(text);
        assert!(message.contains(words), "{text}: {message}");
        assert!(message.starts_with("line 1, "), "{text}: {message}");
    }
}

#[test]
fn auto_takes_threads_where_one_is_not_enough() {
    let threads = |text: &str| session(text).threads();
    assert_eq!((threads(""), threads("runtime = 'inline'")), (None, None));
    let one = Threads { lag: LAG, ..Threads::default() };
    assert_eq!(threads("runtime = 'threads'"), Some(one));
    assert_eq!(threads("workers = 4").map(|threads| threads.workers), Some(4));
    let paced = threads("speed = 0.5\non_overrun = 'error'").unwrap();
    assert_eq!((paced.speed, paced.on_overrun, paced.workers), (0.5, OnOverrun::Error, 1));
    for text in ["workers = 2", "speed = 60"] {
        let error = session(&format!("{text}\nruntime = 'inline'\nderived_intervals = ['5m']"));
        let message = error.rules(calendar("XNYS")).unwrap_err().to_string();
        assert!(message.contains("runtime `inline` is one thread"), "{message}");
    }
}

#[test]
fn what_is_not_built_yet_is_refused_by_name() {
    let message = refused("to = 'parquet'");
    assert!(message.contains("not built yet") && message.contains("to"), "{message}");
    assert!(!message.contains("unknown"), "{message}");
}

#[test]
fn a_date_is_its_session() {
    let window = |text: &str, id| {
        let window = session(text).window(&calendar(id)).map_err(|error| error.to_string())?;
        Ok([window.start, window.end].map(|at| at.map(|at| at.to_string()).unwrap_or_default()))
    };
    let days = "start = '2024-11-27'\nend = '2024-11-29'";
    // The pre-market of the one, the post-market of the other, which closes early.
    let expected = ["2024-11-27T09:00:00Z", "2024-11-29T22:00:00Z"].map(str::to_owned);
    assert_eq!(window(days, "XNYS"), Ok(expected));
    let expected = ["2024-11-27T00:00:00Z", "2024-11-30T00:00:00Z"].map(str::to_owned);
    assert_eq!(window(days, "24/7"), Ok(expected));
    // Thanksgiving, and a Sunday: the sessions between them.
    let expected = ["2024-11-29T09:00:00Z", "2024-11-29T22:00:00Z"].map(str::to_owned);
    assert_eq!(window("start = '2024-11-28'\nend = '2024-12-01'", "XNYS"), Ok(expected));
    assert_eq!(window("", "XNYS"), Ok(Default::default()));
    let refused: Result<[String; 2], String> = window("start = '2024-11-30'\nend = '2024-12-01'", "XNYS");
    assert!(refused.unwrap_err().contains("leave no time between"));
    assert!(window("end = '2190-01-01'", "XNYS").unwrap_err().contains("XNYS"));
}

#[test]
fn rules_refuse_a_window_without_time_and_a_historical_indicator_twice() {
    let refused = |text: &str| {
        let config = session(&format!("derived_intervals = '5m'\n{text}"));
        config.rules(calendar("XNYS")).unwrap_err().to_string()
    };
    let message = refused("start = '2024-11-29'\nend = '2024-11-29T09:00:00Z'");
    assert_eq!(message, "`start` 2024-11-29 and `end` 2024-11-29T09:00:00Z leave no time between them");
    assert_eq!(
        refused("historical = ['high_low', 'high_low:20@1d']"),
        "historical: high_low_20@1d is asked for twice"
    );
}

#[test]
fn paths_are_relative_to_the_file() {
    let mut config =
        session("inputs = ['a.csv', '/b.csv']\nout = 'out'\njournal = 'j'\nrejects = 'r'\noverlay = 'o'");
    config.relate_to("/home".as_ref());
    assert_eq!(config.inputs, [PathBuf::from("/home/a.csv"), PathBuf::from("/b.csv")]);
    let paths = [config.out, config.journal, config.rejects, config.overlay].map(Option::unwrap);
    assert_eq!(paths, ["out", "j", "r", "o"].map(|name| Path::new("/home").join(name)));
}

/// The place and the text that the caret stands under, and the message.
fn refused_json(text: &str) -> (usize, usize, String, String) {
    let error = SessionConfig::from_json(text).unwrap_err();
    (error.line, error.column, text[error.span].to_owned(), error.message)
}

#[test]
fn json_says_the_same_as_toml_and_where() {
    let text = "{\n  \"inputs\": \"a.csv\",\n  \"calender\" : \"XNYS\"\n}";
    let (line, column, at, message) = refused_json(text);
    assert_eq!((line, column, at.as_str()), (3, 3, "\"calender\""));
    assert!(
        message.ends_with("did you mean `calendar`?") && message.starts_with("unknown field"),
        "{message}"
    );
    let toml = SessionConfig::from_toml("inputs = 'a.csv'\ncalender = 'XNYS'").unwrap_err();
    assert_eq!(toml.message, message);

    let (line, column, at, message) =
        refused_json("{\"base\": \"1m\",\n\"derived_intervals\": [\"5m\", \"1h\", \"5min\", 7]}");
    assert_eq!((line, column, at.as_str()), (2, 35, "\"5min\""));
    assert!(message.contains("did you mean `5m`?"), "{message}");

    let (line, column, at, message) = refused_json("{\"policy\" : \"strct\" , \"keep\": -1}");
    assert_eq!((line, column, at.as_str()), (1, 13, "\"strct\""));
    assert!(message.contains("did you mean `strict`?") && !message.contains("column"), "{message}");

    let (_, column, at, message) = refused_json("{\"keep\": 1, \"keep\": 2}");
    assert_eq!((column, at.as_str(), message.as_str()), (13, "\"keep\"", "duplicate field `keep`"));
}

#[test]
fn what_is_no_json_object_is_refused_with_the_place() {
    let (line, column, at, message) = refused_json("{\"inputs\": \"a\"\n  \"base\": \"1m\"}");
    assert_eq!((line, column, at.as_str()), (2, 3, "\""));
    assert!(message.contains("expected `,` or `}`"), "{message}");
    let (line, _, at, message) = refused_json("{\"inputs\": [\"é\",");
    assert_eq!((line, at.as_str()), (1, ","));
    assert!(message.starts_with("EOF"), "{message}");
    assert!(refused_json("[[\"a.csv\"]]").3.contains("expected an object"));
    assert!(refused_json("").3.starts_with("EOF"));
    let deep = format!("{{\"policy\": {}{}}}", "[".repeat(200), "]".repeat(200));
    assert_eq!(refused_json(&deep).0, 1);
}

#[test]
fn a_session_is_read_by_its_name_or_its_first_brace() {
    let read = |path: &str, text| SessionConfig::read(path.as_ref(), text).map(|config| config.keep);
    assert_eq!(read("a.json", "{\"keep\": 2}"), Ok(Keep::Last(2)));
    assert_eq!(read("a.JSON", "{\"keep\": 2}"), Ok(Keep::Last(2)));
    assert_eq!(read("a", " {\"keep\": 2}"), Ok(Keep::Last(2)));
    assert_eq!(read("a", "keep = 2"), Ok(Keep::Last(2)));
    assert!(read("a.toml", "{\"keep\": 2}").is_err() && read("a.json", "keep = 2").is_err());
}

fn fields() -> serde_json::Map<String, Value> {
    SessionConfig::schema()["properties"].as_object().unwrap().clone()
}

#[test]
fn the_schema_has_every_field_with_a_description() {
    // serde lists what it knows.
    let message = refused("nothing_like_it = 1");
    let known: BTreeSet<&str> = message.split('`').skip(3).step_by(2).collect();
    let fields = fields();
    assert_eq!(fields.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    assert!(known.len() > 30 && known.contains("memory_limit"), "{known:?}");
    for (name, field) in &fields {
        assert!(field["description"].as_str().is_some_and(|text| text.len() > 10), "{name}: {field}");
    }
    assert_eq!(SessionConfig::schema()["additionalProperties"], false);
}

#[test]
fn the_schema_shows_what_is_read() {
    let nothing = format!("{:?}", SessionConfig::default());
    for (name, field) in fields() {
        let of = |value: &Value| {
            let text = json!({ name.as_str(): value }).to_string();
            SessionConfig::from_json(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
        };
        for list in ["enum", "examples"] {
            field[list].as_array().into_iter().flatten().for_each(|value| drop(of(value)));
        }
        if let Some(default) = field.get("default").filter(|_| name != "policy") {
            assert_eq!(format!("{:?}", of(default)), nothing, "{name}");
        }
        if field["type"] != "boolean" {
            let told = ["enum", "examples", "default"].iter().any(|key| field.get(key).is_some());
            assert!(told, "{name} shows no value");
        }
    }
}

/// Reads `bytes` as TOML and as JSON; a fault has a place within them.
fn config_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for read in [SessionConfig::from_toml, SessionConfig::from_json] {
        if let Err(error) = read(&text) {
            assert!(text.get(error.span.clone()).is_some(), "{error:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_panic(bytes: Vec<u8>) {
        config_text(&bytes);
    }

    #[test]
    fn any_damage_to_a_sound_file_is_read_or_refused(at in 0_usize..160, byte: u8, is_json: bool) {
        let toml = "inputs = ['a']\npolicy = ['strict@1h', 'coverage']\nmin_coverage = 0.5\ngrace = '2s'\nderived_intervals = ['5m','1h']\nstart = 2024-11-25\nkeep = 5\n";
        let json = r#"{"inputs": ["a"], "policy": ["strict@1h", "coverage"], "min_coverage": 0.5, "grace": "2s", "start": "2024-11-25", "keep": 5}"#;
        let mut text = if is_json { json } else { toml }.as_bytes().to_vec();
        let at = at % text.len();
        text[at] = byte;
        config_text(&text);
    }
}
