//! The peers' indicators by Barloom's names, with the same parameters: one table a crate.
//!
//! A name that a table does not know is a panic, so that a new name of the catalogue is looked up in every crate.

mod quantedge;
mod ta_lib;
mod wickra;

use std::ops::Range;

use crate::bars::Bars;

/// The crates, in the order of [`peers`].
pub const CRATES: [&str; 3] = ["ta-lib", "wickra-core", "quantedge-ta"];

/// How far a peer's values are Barloom's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agrees {
    /// Once both have settled the values are equal.
    Values,
    /// The steps are equal, not the start: sums without end.
    Steps,
    /// It is something else, of the same work.
    Not(&'static str),
}

/// A peer's indicator, as it runs.
pub trait Stream {
    /// Takes the bars of these rows and writes the outputs side by side.
    fn run(&mut self, bars: &Bars, rows: Range<usize>, out: &mut [f64]);
}

type Open = dyn Fn(&Bars, usize) -> Option<Box<dyn Stream>>;

/// A peer's indicator with Barloom's default parameters.
pub struct Peer {
    /// Which of Barloom's outputs it gives, in its order.
    pub outputs: Vec<usize>,
    /// How far the values are Barloom's.
    pub agrees: Agrees,
    open: Box<Open>,
}

impl Peer {
    /// Which `open`s on the bars before a row, where there are enough, and `update`s with the bar of a row.
    fn new<S: 'static, const N: usize>(
        outputs: [usize; N],
        open: impl Fn(&Bars, usize) -> Option<S> + 'static,
        update: impl Fn(&mut S, &Bars, usize) -> [f64; N] + Copy + 'static,
    ) -> Self {
        let open = move |bars: &Bars, row| -> Option<Box<dyn Stream>> {
            Some(Box::new(Each { state: Some(open(bars, row)?), update }))
        };
        Self { outputs: outputs.to_vec(), agrees: Agrees::Values, open: Box::new(open) }
    }

    fn by_steps(self) -> Self {
        Self { agrees: Agrees::Steps, ..self }
    }

    fn not(self, why: &'static str) -> Self {
        Self { agrees: Agrees::Not(why), ..self }
    }

    /// As it is before the bar of that row; `None` where its crate wants more bars before the first value.
    pub fn open(&self, bars: &Bars, row: usize) -> Option<Box<dyn Stream>> {
        (self.open)(bars, row)
    }
}

struct Each<S, U> {
    state: Option<S>,
    update: U,
}

impl<S, U: Fn(&mut S, &Bars, usize) -> [f64; N], const N: usize> Stream for Each<S, U> {
    fn run(&mut self, bars: &Bars, rows: Range<usize>, out: &mut [f64]) {
        // By value, as a lane does it.
        let mut state = self.state.take().expect("left there by the run before");
        for (i, out) in rows.zip(out.as_chunks_mut().0) {
            *out = (self.update)(&mut state, bars, i);
        }
        self.state = Some(state);
    }
}

/// Of each crate what it has of that name and those parameters: the first one is timed, the others give outputs that the
/// first has not.
///
/// # Panics
/// When a crate's table does not know the name.
pub fn peers(spec: &str) -> [Vec<Peer>; CRATES.len()] {
    [ta_lib::peers(spec), wickra::peers(spec), quantedge::peers(spec)]
}
