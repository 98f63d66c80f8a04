//! What indicators are made of. Each part carries an accuracy promise and its own laws.

mod average;
mod delayed;
mod endless;
mod filter;
mod joint;
mod lag;
mod last;
mod latest;
mod merged;
mod of_bar;
mod once;
mod order;
mod path;
mod repeated;
mod running;
mod variance;
mod weighted;
mod window;

pub use average::Average;
pub use delayed::Delayed;
pub use endless::Endless;
pub use filter::{Close, Filter, Given, OfSource, Price, lane_of};
pub use joint::Joint;
pub use lag::Lag;
pub use last::Last;
pub use latest::Latest;
pub use merged::{Aggregate, Merged};
pub use of_bar::{BarFilter, OfBar, OfRange};
pub use once::rounded_once;
pub use order::{Peeked, Ranks};
pub use path::{Path, Running};
pub use repeated::Repeated;
pub use running::RunningMean;
pub use variance::{Moments, Spread};
pub use weighted::Weighted;
pub use window::{Combine, Max, Min, Sum, Window};
