//! `barloom indicators`: the catalogue, or one name of it.

use barloom_core::error::{WordError, did_you_mean, nearest, word};
use barloom_core::indicators::{CATALOGUE, Entry, Inputs, Spec, WarmUp};
use clap::Args;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::failure::{Failure, Kind};
use crate::run::print;

/// List the indicators, or show one: formula, conventions, parameters, an example
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  barloom indicators\n  barloom indicators rsi\n  barloom indicators --format json\n  barloom indicators --format markdown > docs/indicators.md"
)]
pub(crate) struct IndicatorsArgs {
    /// One of the names
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// table, json or markdown
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    format: Format,
}

/// How the catalogue is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Table,
    Json,
    Markdown,
}

impl std::str::FromStr for Format {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("format", text, &[("table", Self::Table), ("json", Self::Json), ("markdown", Self::Markdown)])
    }
}

/// Runs the command.
pub(crate) fn indicators(args: &IndicatorsArgs) -> Result<(), Failure> {
    let text = match (&args.name, args.format) {
        (None, Format::Table) => table(),
        (None, Format::Json) => {
            Value::Array(CATALOGUE.iter().map(|entry| json_of(entry)).collect()).to_string()
        }
        (None, Format::Markdown) => book(),
        (Some(name), format) => {
            let entry = CATALOGUE.iter().find(|entry| entry.name == name).ok_or_else(|| unknown(name))?;
            match format {
                Format::Table => page(entry),
                Format::Json => json_of(entry).to_string(),
                Format::Markdown => section(entry),
            }
        }
    };
    print(&text)
}

fn unknown(name: &str) -> Failure {
    let hint = did_you_mean(nearest(name, CATALOGUE.iter().map(|entry| entry.name)));
    Failure::new(Kind::Config, format!("`{name}` is not an indicator{hint}; `barloom indicators` lists them"))
}

/// The entry with its defaults.
fn defaults(entry: &Entry) -> Result<Spec, Failure> {
    entry.name.parse().map_err(|error| Failure::new(Kind::Run, format!("{error}")))
}

fn warm_up(entry: &Entry) -> Option<WarmUp> {
    defaults(entry).ok().map(|spec| spec.lane().warm_up())
}

/// What the entry reads, in the letters of a bar's columns.
fn inputs(entry: &Entry) -> &'static str {
    match entry.inputs {
        Inputs::Source => "source",
        Inputs::Columns(columns) => columns,
    }
}

fn outputs(entry: &Entry) -> Vec<&'static str> {
    entry.outputs.iter().map(|output| if output.is_empty() { entry.name } else { output }).collect()
}

fn params(entry: &Entry) -> String {
    let params: Vec<String> = entry.params.iter().map(|p| format!("{}={}", p.name, p.default)).collect();
    params.join(" ")
}

/// The row as text; `never` where there is none.
pub(crate) fn settled(warm_up: WarmUp) -> String {
    warm_up.settled.map_or_else(|| "never".to_owned(), |settled| settled.to_string())
}

fn table() -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["name", "inputs", "outputs", "defaults", "first", "settled"]);
    for entry in CATALOGUE {
        let (first, settled) = warm_up(entry)
            .map_or_else(Default::default, |warm_up| (warm_up.first.to_string(), settled(warm_up)));
        let cells =
            [entry.name.to_owned(), inputs(entry).to_owned(), outputs(entry).join(" "), params(entry)];
        table.add_row(cells.into_iter().chain([first, settled]));
    }
    format!(
        "{}\n\n{} indicators. first: the row, from 0, of the first value; settled: from there on the start is not felt,\n\
         never: it is felt for ever. `barloom indicators NAME` shows one.",
        table.trim_fmt(),
        CATALOGUE.len()
    )
}

fn page(entry: &Entry) -> String {
    let mut lines = vec![
        format!("{}: {}", entry.name, entry.title),
        String::new(),
        format!("formula      {}", entry.formula),
        format!("conventions  {}", entry.conventions),
        format!("source       {}", entry.reference),
        format!("peers        {}", peers(entry)),
        format!("inputs       {}", inputs(entry)),
        format!("outputs      {}", outputs(entry).join(", ")),
    ];
    if let Some(warm_up) = warm_up(entry) {
        lines.push(format!(
            "warm-up      first {}, settled {} (with the defaults)",
            warm_up.first,
            settled(warm_up)
        ));
    }
    for param in entry.params {
        lines.push(format!("{:<12} {} [default: {}]", param.name, param.allowed(), param.default));
    }
    if let Ok(spec) = defaults(entry) {
        lines.push(String::new());
        lines.push(format!("--indicator {}@5m  gives  {}", example(entry), spec.columns().join(", ")));
    }
    lines.join("\n")
}

/// Which peers differ, in words.
fn peers(entry: &Entry) -> &'static str {
    if entry.peers.is_empty() { "none that was run differs" } else { entry.peers }
}

/// The catalogue as a document: a table, and a section a name.
fn book() -> String {
    let mut lines = vec![
        "# Indicators".to_owned(),
        String::new(),
        "<!-- Written by `barloom indicators --format markdown`. -->".to_owned(),
        String::new(),
        format!("{} indicators, each on any interval: `rsi:14@5m`. *first*: the row, from 0, of the first value; *settled*: from", CATALOGUE.len()),
        "there on the start is not felt, *never*: it is felt for ever; both with the defaults. *Peers* says which of TA-Lib 0.8".to_owned(),
        "(the crate `ta-lib`), `wickra-core` 2.1 and `quantedge-ta` 0.21 give other values, beyond rounding, on the fixtures of the".to_owned(),
        "tests, and what else is known; `cargo run --release --bin peers` in `benches/` measures it.".to_owned(),
        String::new(),
        "| name | | defaults | first | settled | outputs |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for entry in CATALOGUE {
        let (first, settled) = warm_up(entry)
            .map_or_else(Default::default, |warm_up| (warm_up.first.to_string(), settled(warm_up)));
        let (name, title, outputs) = (entry.name, entry.title, outputs(entry).join(", "));
        let defaults = entry.params.iter().map(|p| format!("{} {}", p.name, p.default));
        let defaults = defaults.collect::<Vec<_>>().join(", ");
        lines.push(format!("| [{name}](#{name}) | {title} | {defaults} | {first} | {settled} | {outputs} |"));
    }
    for entry in CATALOGUE {
        lines.push(String::new());
        lines.push(section(entry));
    }
    lines.join("\n")
}

/// One name of the document.
fn section(entry: &Entry) -> String {
    let mut lines = vec![
        format!("## {}", entry.name),
        String::new(),
        format!("{}.", capital(entry.title)),
        String::new(),
        format!("- **Formula:** {}", entry.formula),
        format!("- **Conventions:** {}", entry.conventions),
        format!("- **Source:** {}", entry.reference),
        format!("- **Inputs:** {}", inputs(entry)),
        format!("- **Outputs:** {}", outputs(entry).join(", ")),
    ];
    for param in entry.params {
        lines.push(format!("- **`{}`** {}: {}", param.name, param.default, param.allowed()));
    }
    if let Some(warm_up) = warm_up(entry) {
        lines.push(format!("- **Warm-up:** first {}, settled {}", warm_up.first, settled(warm_up)));
    }
    lines.push(format!("- **Peers:** {}", peers(entry)));
    lines.push(format!("- **Spec:** `{}@5m`", example(entry)));
    lines.join("\n")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Spec text with the parameters that stand by their place.
fn example(entry: &Entry) -> String {
    let values: Vec<String> =
        entry.params.iter().filter(|p| p.is_positional()).map(|p| p.default.to_string()).collect();
    if values.is_empty() { entry.name.to_owned() } else { format!("{}:{}", entry.name, values.join(",")) }
}

fn json_of(entry: &Entry) -> Value {
    let params: Vec<Value> = entry
        .params
        .iter()
        .map(|p| json!({ "name": p.name, "default": p.default.to_string(), "allowed": p.allowed() }))
        .collect();
    let warm_up = warm_up(entry);
    json!({
        "name": entry.name,
        "title": entry.title,
        "inputs": inputs(entry),
        "outputs": outputs(entry),
        "params": params,
        "formula": entry.formula,
        "conventions": entry.conventions,
        "source": entry.reference,
        "peers": entry.peers,
        "first": warm_up.map(|warm_up| warm_up.first),
        "settled": warm_up.and_then(|warm_up| warm_up.settled),
        "example": format!("{}@5m", example(entry)),
    })
}
