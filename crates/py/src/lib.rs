//! Barloom in Python: tables in and out by the Arrow interface, the engine under Python's callables. No rule about bars is made here.

mod catalogue;
mod collect;
mod derive;
mod engine;
mod errors;
mod event;
mod gather;
mod indicator;
mod lend;
mod output;
mod saved;
mod session;
mod settings;
mod source;
mod table;

use pyo3::prelude::*;

/// The compiled part of the package `barloom`.
#[pymodule]
mod _barloom {
    #[pymodule_export]
    use super::derive::derive;
    #[pymodule_export]
    use super::engine::{Engine, View};
    #[pymodule_export]
    use super::event::{BarEvent, Events, IndicatorEvent, WarningEvent};
    #[pymodule_export]
    use super::indicator::Bar;
    #[pymodule_export]
    use super::output::Output;
    #[pymodule_export]
    use super::saved::saved_session;
    #[pymodule_export]
    use super::session::{Replay, SeriesBars, Session};
    #[pymodule_export]
    use super::table::{Indicator, Table};

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("OverrunError", module.py().get_type::<super::errors::OverrunError>())?;
        module.add("DataError", module.py().get_type::<super::errors::DataError>())
    }
}
