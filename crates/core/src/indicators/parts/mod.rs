//! What indicators are made of. Each part carries an accuracy promise and its own laws.

mod average;
mod endless;
mod filter;
mod lag;
mod of_bar;
mod variance;
mod weighted;
mod window;

pub use average::{Average, Ema, Exponential, Recurrence, Wilder, Wilders};
pub use endless::Endless;
pub use filter::{Filter, OfSource};
pub use lag::Lag;
pub use of_bar::{BarFilter, OfBar, OfRange};
pub use variance::{Moments, Spread};
pub use weighted::Weighted;
pub use window::{Combine, Max, Min, Sum, Window};
