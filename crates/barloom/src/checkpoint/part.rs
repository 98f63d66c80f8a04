//! What was told between two checkpoints, in a file of its own: the rows of tables, warnings, refused rows.
//!
//! A part is written as a run goes and [sealed](PartWriter::seal) with its checkpoint. A run that goes on from there reads the parts again and so
//! has all that was told before it. Rows are in the order in which they were told; one that was revised comes again, with its revision.
//!
//! | Part | Bytes |
//! |---|---|
//! | file | magic `BLOOMPRT`, version u32 = 1, fingerprint u64, frames, of which the last one alone is the end |
//! | frame | length of the payload u32 (1 to 64 MiB), its CRC-32 (IEEE) u32, payload: records |
//! | bar | 0 u8; symbol u32; place of its interval, and above it the revision, 16 bits each; hours u8; session; close time; base bars u32, those expected u32; bar as in a snapshot; list of values f64 |
//! | warning | 1 u8; flag, symbol u32; place u32; interval text; kind u32; flag, time; flag, base bars u32, those expected u32 |
//! | refused row | 2 u8; source text; number u64; flag, symbol u32; flag, time; reason text |
//! | end | 3 u8; how many records lie before it u64 |

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use barloom_core::derive::{ClosedBar, DeriveRules, Warning};
use barloom_core::snapshot::{Bytes, Fingerprint, Read, SnapshotError, SnapshotPart, Tag};
use barloom_core::{SymbolId, Symbols};

use super::writer::in_place;
use super::{CheckpointError, CheckpointFault, name_of, numbered};
use crate::engine::Reject;

/// What a part begins with.
const MAGIC: [u8; 8] = *b"BLOOMPRT";
const VERSION: u32 = 1;
/// Bytes gathered before they become a frame.
const GATHER: usize = 1 << 18;
/// The longest payload of a frame in bytes.
const LONGEST: usize = 64 << 20;
const HEADER: usize = 8 + 4 + 8;

const BAR: u8 = 0;
const WARNING: u8 = 1;
const REFUSED: u8 = 2;
const END: u8 = 3;

/// Writes a part.
#[derive(Debug)]
pub struct PartWriter {
    dir: PathBuf,
    of: Fingerprint,
    number: u64,
    file: File,
    gathered: Bytes,
    records: u64,
}

fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(name_of("part", number, "told"))
}

fn temporary(dir: &Path) -> PathBuf {
    dir.join("part.tmp")
}

/// Removes the parts in the folder `dir` behind the one of number `last`; all where it is 0.
///
/// # Errors
/// [`CheckpointFault::Io`] when the folder can't be read or changed.
pub fn remove_parts(dir: &Path, last: u64) -> Result<(), CheckpointError> {
    let io = |file: &Path, action, error| CheckpointFault::io(action)(error).of(file);
    for entry in fs::read_dir(dir).map_err(|error| io(dir, "read", error))? {
        let name = entry.map_err(|error| io(dir, "read", error))?.file_name();
        let number = name.to_str().and_then(|name| numbered(name, "part", "told"));
        if let Some(number) = number.filter(|number| *number > last) {
            let file = path_of(dir, number);
            fs::remove_file(&file).map_err(|error| io(&file, "removed", error))?;
        }
    }
    Ok(())
}

impl PartWriter {
    /// Begins the part `number`, from 1, in the folder `dir`, of a run whose journal has the configuration that `of` stands for.
    ///
    /// # Errors
    /// [`CheckpointFault::Io`] when its file can't be written.
    pub fn begin(dir: &Path, number: u64, of: Fingerprint) -> Result<Self, CheckpointError> {
        let file = begun(dir, of)?;
        Ok(Self { dir: dir.to_owned(), of, number, file, gathered: Bytes::new(), records: 0 })
    }

    /// The number of the part that is being written.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Takes a bar with the values of its indicators.
    ///
    /// # Errors
    /// [`CheckpointFault::Io`] when the file can't be written.
    pub fn bar(&mut self, bar: &ClosedBar, values: &[f64]) -> Result<(), CheckpointError> {
        self.gathered.u8(BAR);
        bar.save(&mut self.gathered);
        self.gathered.count(values.len());
        self.gathered.f64s(values);
        self.took()
    }

    /// Takes a warning.
    ///
    /// # Errors
    /// As [`PartWriter::bar`].
    pub fn warning(&mut self, warning: &Warning) -> Result<(), CheckpointError> {
        self.gathered.u8(WARNING);
        warning.save(&mut self.gathered);
        self.took()
    }

    /// Takes a refused row.
    ///
    /// # Errors
    /// As [`PartWriter::bar`].
    pub fn refused(&mut self, reject: &Reject<'_>) -> Result<(), CheckpointError> {
        let Reject { source, number, symbol, time, reason, .. } = *reject;
        let to = &mut self.gathered;
        to.u8(REFUSED);
        to.text(source);
        to.u64(number);
        to.flag(symbol.is_some());
        symbol.iter().for_each(|symbol| to.u32(symbol.index() as u32));
        to.flag(time.is_some());
        time.iter().for_each(|&time| to.time(time));
        to.text(reason);
        self.took()
    }

    fn took(&mut self) -> Result<(), CheckpointError> {
        self.records += 1;
        if self.gathered.as_slice().len() < GATHER { Ok(()) } else { self.hand_over() }
    }

    /// Has what was gathered written as a frame.
    fn hand_over(&mut self) -> Result<(), CheckpointError> {
        let payload = self.gathered.as_slice();
        let written = self.file.write_all(&(payload.len() as u32).to_le_bytes()).and_then(|()| {
            self.file.write_all(&crc32fast::hash(payload).to_le_bytes())?;
            self.file.write_all(payload)
        });
        self.gathered.clear();
        written.map_err(|error| CheckpointFault::io("written")(error).of(&temporary(&self.dir)))
    }

    /// Seals it, on disk and under its name, and begins the next one.
    ///
    /// # Errors
    /// As [`PartWriter::bar`].
    pub fn seal(&mut self) -> Result<(), CheckpointError> {
        if !self.gathered.as_slice().is_empty() {
            self.hand_over()?;
        }
        self.gathered.u8(END);
        self.gathered.u64(self.records);
        self.hand_over()?;
        let path = temporary(&self.dir);
        self.file.sync_all().map_err(|error| CheckpointFault::io("written")(error).of(&path))?;
        in_place(&path, &path_of(&self.dir, self.number))?;
        self.file = begun(&self.dir, self.of)?;
        (self.number, self.records) = (self.number + 1, 0);
        Ok(())
    }
}

/// The file of a part that is being written, with what it begins with.
fn begun(dir: &Path, of: Fingerprint) -> Result<File, CheckpointError> {
    let path = temporary(dir);
    let begun = File::create(&path).and_then(|mut file| {
        file.write_all(&MAGIC)?;
        file.write_all(&VERSION.to_le_bytes())?;
        file.write_all(&of.0.to_le_bytes())?;
        Ok(file)
    });
    begun.map_err(|error| CheckpointFault::io("written")(error).of(&path))
}

impl Drop for PartWriter {
    fn drop(&mut self) {
        // What was not sealed is in the journal.
        let _ = fs::remove_file(temporary(&self.dir));
    }
}

/// What was told.
#[derive(Debug)]
pub enum Told<'a> {
    /// A bar with the values of its indicators.
    Bar(ClosedBar, &'a [f64]),
    /// A warning.
    Warning(Warning),
    /// A refused row.
    Refused(Reject<'a>),
}

/// Reads a part.
#[derive(Debug)]
pub struct PartReader<R = BufReader<File>> {
    path: PathBuf,
    from: R,
    payload: Vec<u8>,
    /// Where the next record begins in it.
    at: usize,
    values: Vec<f64>,
    /// Frames and records that were read.
    frames: u32,
    records: u64,
    has_ended: bool,
}

impl PartReader {
    /// Whether the part `number` of the folder `dir` is there.
    pub fn is_there(dir: &Path, number: u64) -> bool {
        path_of(dir, number).is_file()
    }

    /// Opens the part `number` of the folder `dir`, of a run whose journal has the configuration that `of` stands for.
    ///
    /// # Errors
    /// [`CheckpointError`] when it can't be read, is no part, newer, or of another configuration.
    pub fn open(dir: &Path, number: u64, of: Fingerprint) -> Result<Self, CheckpointError> {
        let path = path_of(dir, number);
        let file = File::open(&path).map_err(|error| CheckpointFault::io("read")(error).of(&path))?;
        Self::new(path, BufReader::with_capacity(GATHER, file), of)
    }
}

impl<R: io::Read> PartReader<R> {
    /// Reads the part that `from` gives; `path` is its name in errors.
    ///
    /// # Errors
    /// As [`PartReader::open`].
    pub fn new(path: PathBuf, from: R, of: Fingerprint) -> Result<Self, CheckpointError> {
        let (payload, values) = (Vec::new(), Vec::new());
        let mut own = Self { path, from, payload, at: 0, values, frames: 0, records: 0, has_ended: false };
        own.begin(of).map_err(|fault| fault.of(&own.path))?;
        Ok(own)
    }

    fn begin(&mut self, of: Fingerprint) -> Result<(), CheckpointFault> {
        self.fill(HEADER)?;
        let mut head = Read::new(&self.payload);
        let mut magic = [0; 8];
        for byte in &mut magic {
            *byte = head.u8()?;
        }
        let (version, found) = (head.u32()?, head.u64()?);
        if magic != MAGIC {
            return Err(SnapshotError::value(
                "the beginning of a part",
                u64::from_le_bytes(magic),
                "BLOOMPRT",
            )
            .into());
        }
        if version != VERSION {
            return Err(SnapshotError::value("a part of version", version, format!("1 to {VERSION}")).into());
        }
        if found != of.0 {
            return Err(SnapshotError::OtherConfiguration { found, expected: of.0 }.into());
        }
        self.at = self.payload.len();
        Ok(())
    }

    /// Reads so many bytes into the payload. Room is made as they come: a damaged length asks for none.
    fn fill(&mut self, length: usize) -> Result<(), CheckpointFault> {
        self.payload.clear();
        let read = (&mut self.from).take(length as u64).read_to_end(&mut self.payload);
        let left = read.map_err(CheckpointFault::io("read"))?;
        if left < length { Err(SnapshotError::Short { wanted: length, left }.into()) } else { Ok(()) }
    }

    /// Reads the next frame.
    fn frame(&mut self) -> Result<(), CheckpointFault> {
        self.fill(8)?;
        let mut header = Read::new(&self.payload);
        let length = header.at_most("the length of a frame", LONGEST)?;
        let stored = header.u32()?;
        self.fill(length)?;
        let found = crc32fast::hash(&self.payload);
        if stored != found {
            let part = SnapshotPart::Section { tag: Tag(*b"part"), number: self.frames };
            return Err(SnapshotError::Checksum { part, stored, found }.into());
        }
        (self.at, self.frames) = (0, self.frames + 1);
        Ok(())
    }

    /// The next thing that was told under `rules`, of one of `symbols`; `None` at the end.
    ///
    /// # Errors
    /// [`CheckpointError`] when the part is damaged or cut.
    pub fn next(
        &mut self,
        rules: &DeriveRules,
        symbols: &Symbols,
    ) -> Result<Option<Told<'_>>, CheckpointError> {
        if self.has_ended {
            return Ok(None);
        }
        while self.at == self.payload.len() {
            self.frame().map_err(|fault| fault.of(&self.path))?;
        }
        let Self { path, from: file, payload, at, values, records, has_ended, .. } = self;
        let mut from = Read::new(payload.get(*at..).unwrap_or_default());
        let wrong = |error: SnapshotError| CheckpointFault::Snapshot(error).of(path);
        let told = read(&mut from, rules, symbols, values, *records).map_err(wrong)?;
        *at = payload.len() - from.left();
        *records += 1;
        if told.is_none() {
            *has_ended = true;
            from.end().map_err(wrong)?;
            let more = io::Read::bytes(file).next().transpose();
            let more = more.map_err(|error| CheckpointFault::io("read")(error).of(path))?;
            return more.map_or(Ok(None), |_| Err(wrong(SnapshotError::Long { left: 1 })));
        }
        Ok(told)
    }
}

/// Reads a record, behind `records` others; `None` is the end.
fn read<'a>(
    from: &mut Read<'a>,
    rules: &DeriveRules,
    symbols: &Symbols,
    values: &'a mut Vec<f64>,
    records: u64,
) -> Result<Option<Told<'a>>, SnapshotError> {
    Ok(Some(match from.u8()? {
        BAR => {
            let bar = ClosedBar::restore(rules, symbols, from)?;
            values.clear();
            values.resize(from.count("values of a bar", 8)?, 0.0);
            from.f64s(values)?;
            Told::Bar(bar, values)
        }
        WARNING => Told::Warning(Warning::restore(rules, symbols, from)?),
        REFUSED => {
            let (source, number) = (from.text("the name of a source")?, from.u64()?);
            let has_symbol = from.flag("whether a row has a symbol")?;
            let symbol = has_symbol.then(|| read_symbol(symbols, from)).transpose()?;
            let time = from.flag("whether a row has a time")?.then(|| from.time()).transpose()?;
            let reason = from.text("the reason of a refusal")?;
            Told::Refused(Reject { source, unit: "row", number, symbol, time, reason })
        }
        END => {
            let told = from.u64()?;
            if told != records {
                return Err(SnapshotError::value("a count of records", told, records.to_string()));
            }
            return Ok(None);
        }
        kind => return Err(SnapshotError::value("the kind of a record", kind, "0 to 3")),
    }))
}

fn read_symbol(symbols: &Symbols, from: &mut Read<'_>) -> Result<SymbolId, SnapshotError> {
    let number = from.u32()?;
    let unknown = || SnapshotError::value("a symbol's number", number, format!("below {}", symbols.len()));
    symbols.nth(number as usize).ok_or_else(unknown)
}
