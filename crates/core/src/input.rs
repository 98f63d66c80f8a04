//! What the core sees of the world: rows in the order of arrival, and the clock. Written down, it is the journal.

use crate::bar::Bar;
use crate::symbol::SymbolId;
use crate::time::Timestamp;

/// One input of a run. Everything that can change a number is in it.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Rows that came at one instant, in the order of arrival; then the clock moves to it.
    Bars {
        /// The instant.
        at: Timestamp,
        /// The rows.
        rows: &'a [InputRow],
    },
    /// The clock moves to an instant at which no row came.
    Clock(Timestamp),
    /// There is nothing more.
    End,
}

/// A row of an input. One whose bar closes before the input's instant came late or amends one that came before.
#[derive(Debug, Clone, Copy)]
pub enum InputRow {
    /// A sound base bar.
    Bar {
        /// Its symbol.
        symbol: SymbolId,
        /// The bar.
        bar: Bar,
    },
    /// A row that was refused (P13), with what is known of it.
    Refused {
        /// Its symbol.
        symbol: Option<SymbolId>,
        /// Its open time.
        time: Option<Timestamp>,
    },
}
