//! `barloom replay`: a run again, from its input journal, byte for byte.

use std::path::PathBuf;

use barloom::config::{SessionConfig, Speed};
use barloom::journal::{ConfigKind, Recording};
use barloom_io::TableFormat;
use clap::Args;

use crate::failure::{Failure, Kind, failed};
use crate::progress::Extent;
use crate::run::{Shown, run_inputs};
use crate::tables::Order;
use crate::{inputs, interrupt, outputs};

/// Run a journal again: the same inputs, so the same outputs and notifications, byte for byte
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  barloom run session.toml --journal journal --format ndjson > a\n  barloom replay journal --format ndjson > b"
)]
pub(crate) struct ReplayArgs {
    /// The folder that `run --journal` wrote
    #[arg(value_name = "DIR")]
    journal: PathBuf,

    /// The folder for tables; none are written without it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// The file for rejected rows; none is written without it
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Write over what an earlier run left in the folder
    #[arg(long)]
    force: bool,

    /// Format of the tables: csv, parquet or arrow
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    to: TableFormat,

    #[command(flatten)]
    shown: Shown,
}

impl Extent for Recording {
    fn size(&self) -> Option<u64> {
        self.size()
    }

    fn position(&self) -> u64 {
        self.position()
    }
}

/// Runs the command.
pub(crate) fn replay(args: &ReplayArgs) -> Result<(), Failure> {
    interrupt::ask_first(|| {})?;
    let (recording, recorded) = Recording::open(&args.journal).map_err(failed(Kind::Data))?;
    let config = match recorded.kind {
        ConfigKind::Toml => SessionConfig::from_toml(&recorded.text),
        ConfigKind::Json => SessionConfig::from_json(&recorded.text),
    };
    let mut config = config.map_err(|error| Failure::in_config(&args.journal, &recorded.text, &error))?;
    // Where the run put its outputs is its own, and what it waited for is in the journal.
    (config.out, config.rejects) = (args.out.clone(), args.rejects.clone());
    config.speed = Speed::default();
    // Its rows are those of the journal, whatever the files hold by now.
    config.inputs.clear();
    let rules = inputs::rules_with(&config, recorded.overlay.as_deref())?;
    let plan = inputs::plan(&config, &rules)?;
    outputs::refuse_outputs(config.out.as_deref(), args.force)?;
    inputs::refuse_overlaps(&config, &rules, args.to)?;
    let written = inputs::written(&config, &rules, args.to, Order::Visible);
    outputs::or_no_folder(config.out.as_deref(), || {
        // Its rows are adjusted already.
        run_inputs(&config, rules, plan, recording, None, (&written, args.shown), None)
    })
}
