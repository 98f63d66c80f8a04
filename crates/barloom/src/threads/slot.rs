//! What a step's slot holds: the input, and what each shard tells of it.

use std::sync::{Arc, Mutex};

use barloom_core::input::{Input, InputRow};
use barloom_core::notice::Notices;
use barloom_core::snapshot::{Fingerprint, SnapshotError, SnapshotWriter};
use barloom_core::{CalendarError, SymbolId, Symbols, Timestamp};

use crate::checkpoint::Due;
use crate::clock::Stopwatch;
use crate::coordinator::{Inputs, Next};
use crate::engine::{Intake, Reject};
use crate::overrun::OverrunError;
use crate::sync::Reading;

/// An input with its rows by shard, and what is told besides.
#[derive(Debug)]
pub(super) struct StepInput {
    kind: Kind,
    pub(super) at: Timestamp,
    shards: Vec<ShardRows>,
    /// By row of the input, its source's place and its number there.
    origins: Vec<(usize, u64)>,
    /// Those met so far, divided into the shards.
    pub(super) symbols: Arc<Symbols>,
    pub(super) rejects: Vec<OwnReject>,
    pub(super) overruns: Vec<OverrunError>,
    /// The number of the input, from 1.
    pub(super) number: u32,
    /// The checkpoint that is taken behind it.
    pub(super) saved: Option<Saved>,
    /// Since it was opened, where that is timed.
    pub(super) opened: Option<Stopwatch>,
}

/// A checkpoint that is due.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) number: u64,
    pub(super) of: Fingerprint,
    /// For the one who keeps the books.
    pub(super) due: Mutex<Option<Due>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bars,
    Clock,
    End,
    /// Nothing is taken; there is something to say.
    Nothing,
}

#[derive(Debug, Default)]
struct ShardRows {
    rows: Vec<InputRow>,
    /// The place of each in the input.
    places: Vec<u32>,
}

/// A rejected row that outlives its input.
#[derive(Debug)]
pub(super) struct OwnReject {
    source: String,
    unit: &'static str,
    number: u64,
    symbol: Option<SymbolId>,
    time: Option<Timestamp>,
    reason: String,
}

impl Default for StepInput {
    fn default() -> Self {
        Self {
            kind: Kind::Nothing,
            at: Timestamp::MAX,
            shards: Vec::new(),
            origins: Vec::new(),
            symbols: Arc::default(),
            rejects: Vec::new(),
            overruns: Vec::new(),
            number: 0,
            saved: None,
            opened: None,
        }
    }
}

impl StepInput {
    /// Takes over the input `next` of `intake`; `symbols` are those met, divided into `shards`.
    pub(super) fn fill<I: Inputs>(
        &mut self,
        next: Next,
        intake: &Intake<I>,
        symbols: &Arc<Symbols>,
        shards: usize,
    ) {
        let inputs = &intake.inputs;
        self.kind = match next {
            Next::Bars(_) => Kind::Bars,
            Next::Clock(_) => Kind::Clock,
            Next::End => Kind::End,
            Next::Stop => Kind::Nothing,
        };
        (self.at, self.opened, self.saved) = (next.at(), None, None);
        self.symbols.clone_from(symbols);
        self.overruns.clear();
        self.rejects.clear();
        self.rejects.extend(intake.rejects().map(|reject| OwnReject::new(reject, symbols)));
        self.origins.clear();
        self.shards.resize_with(shards, ShardRows::default);
        for shard in &mut self.shards {
            shard.rows.clear();
            shard.places.clear();
        }
        for (place, row) in inputs.rows().iter().enumerate() {
            self.origins.push(inputs.origin(place));
            let (shard, row) = match *row {
                InputRow::Bar { symbol, bar } => {
                    let symbol = symbols.same(symbol);
                    (symbol.shard(), InputRow::Bar { symbol, bar })
                }
                InputRow::Refused { symbol, time } => {
                    let symbol = symbol.map(|symbol| symbols.same(symbol));
                    // One that names no symbol is told before all others, as the first shard is.
                    (symbol.map_or(0, SymbolId::shard), InputRow::Refused { symbol, time })
                }
            };
            self.shards[shard].rows.push(row);
            self.shards[shard].places.push(place as u32);
        }
    }

    /// Takes nothing of the input: its rejects are told alone.
    pub(super) fn take_nothing(&mut self) {
        self.kind = Kind::Nothing;
    }

    /// The input as a shard takes it; `None` where nothing is taken.
    pub(super) fn input(&self, shard: usize) -> Option<Input<'_>> {
        match self.kind {
            Kind::Bars => Some(Input::Bars { at: self.at, rows: &self.shards[shard].rows }),
            Kind::Clock => Some(Input::Clock(self.at)),
            Kind::End => Some(Input::End),
            Kind::Nothing => None,
        }
    }

    /// The place in the input of a shard's row.
    pub(super) fn place(&self, shard: usize, row: usize) -> usize {
        self.shards[shard].places.get(row).map_or(0, |&place| place as usize)
    }

    /// Where the row at a place of the input comes from.
    pub(super) fn origin(&self, place: usize) -> (usize, u64) {
        self.origins.get(place).copied().unwrap_or_default()
    }

    /// The symbol that its first entry is of, in the order of names.
    pub(super) fn first_symbol(&self) -> Option<SymbolId> {
        let of = |row: &InputRow| if let InputRow::Bar { symbol, .. } = row { Some(*symbol) } else { None };
        // Shards are in the order of names.
        let mut shards = self.shards.iter().filter_map(|shard| {
            shard.rows.iter().filter_map(of).min_by_key(|&symbol| self.symbols.name(symbol))
        });
        shards.next()
    }
}

impl OwnReject {
    fn new(reject: Reject<'_>, symbols: &Symbols) -> Self {
        let Reject { source, unit, number, symbol, time, reason } = reject;
        let symbol = symbol.map(|symbol| symbols.same(symbol));
        Self { source: source.to_owned(), unit, number, symbol, time, reason: reason.to_owned() }
    }

    pub(super) fn lend(&self) -> Reject<'_> {
        let Self { source, unit, number, symbol, time, reason } = self;
        Reject { source, unit, number: *number, symbol: *symbol, time: *time, reason }
    }
}

/// What a shard tells of an input.
#[derive(Debug, Default)]
pub(super) struct ShardTold {
    pub(super) notices: Notices,
    /// The row, by its place in the input, whose date the calendar does not know; nothing of the input is told then.
    pub(super) fault: Option<(usize, CalendarError)>,
    /// Since it was finished, where that is timed.
    pub(super) finished: Option<Stopwatch>,
    /// The shard's state behind the input, where a checkpoint is due; for the one who keeps the books.
    pub(super) saved: Mutex<Option<Result<SnapshotWriter, SnapshotError>>>,
}

impl AsRef<Notices> for Reading<'_, ShardTold> {
    fn as_ref(&self) -> &Notices {
        &self.notices
    }
}
