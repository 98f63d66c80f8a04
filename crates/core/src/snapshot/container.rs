//! A snapshot as a whole: sections behind a header, each with its checksum; nothing is given out before all of them are right.

use std::collections::BTreeMap;
use std::fmt;

use super::{Bytes, MAGIC, Read, SnapshotError, SnapshotPart, VERSION};

/// What a section holds: four letters or digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub [u8; 4]);

impl Tag {
    /// The symbols, in the order of their numbers.
    pub const SYMBOLS: Self = Self(*b"symb");
    /// Derivation: a shard's deriver.
    pub const DERIVER: Self = Self(*b"deri");
    /// Indicators: a shard's plan.
    pub const PLAN: Self = Self(*b"plan");
    /// What a shard has published.
    pub const STORE: Self = Self(*b"stor");
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.escape_ascii(), f)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// A number that stands for a configuration: state is restored into a run of the same one only.
///
/// It is the same on every machine: FNV-1a of 64 bits (Fowler, Noll and Vo) over the parts, each behind its length.
///
/// ```
/// use barloom_core::snapshot::Fingerprint;
/// let of = |parts: &[&[u8]]| Fingerprint::of(parts.iter().copied());
/// assert_eq!(of(&[b"calendar = 'XNYS'"]), of(&[b"calendar = 'XNYS'"]));
/// assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a configuration's parts: its text, that of its overlay, whatever else decides a number.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for part in parts {
            let length = (part.len() as u64).to_le_bytes();
            for &byte in length.iter().chain(part) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Self(hash)
    }
}

/// Bytes before the count of sections: magic, version, fingerprint.
const COUNT_AT: usize = 8 + 4 + 8;
/// Bytes before the header's checksum.
const HEADER: usize = COUNT_AT + 4;
/// Bytes of a section before its payload: tag, number, length, checksum.
const SECTION_HEADER: usize = 4 + 4 + 8 + 4;

/// Gathers the sections of a snapshot.
#[derive(Debug)]
pub struct SnapshotWriter {
    bytes: Vec<u8>,
    sections: Vec<SnapshotPart>,
}

impl SnapshotWriter {
    /// A snapshot without sections, of a run that was configured as `of` says.
    pub fn new(of: Fingerprint) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&of.0.to_le_bytes());
        // The count and the checksum, once they are known.
        bytes.resize(HEADER + 4, 0);
        Self { bytes, sections: Vec::new() }
    }

    /// Whether there is such a section.
    pub fn has(&self, tag: Tag, number: u32) -> bool {
        self.sections.contains(&SnapshotPart::Section { tag, number })
    }

    /// Writes a section: what `tag` holds, and whose it is of several. After an error it is as if it had not been begun.
    ///
    /// # Errors
    /// [`SnapshotError::Twice`] where there is such a section; those of `write`.
    pub fn section(
        &mut self,
        tag: Tag,
        number: u32,
        write: impl FnOnce(&mut Bytes) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let part = SnapshotPart::Section { tag, number };
        if self.has(tag, number) {
            return Err(SnapshotError::Twice(part));
        }
        let start = self.bytes.len();
        let mut bytes = Bytes::over(std::mem::take(&mut self.bytes));
        bytes.raw(&tag.0);
        bytes.u32(number);
        // The length and the checksum, once they are known.
        bytes.raw(&[0; 12]);
        let written = write(&mut bytes);
        self.bytes = bytes.into_vec();
        if let Err(error) = written {
            self.bytes.truncate(start);
            return Err(SnapshotError::In { part, error: Box::new(error) });
        }
        let length = (self.bytes.len() - start - SECTION_HEADER) as u64;
        self.bytes[start + 8..start + 16].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum(&self.bytes[start..start + 16], &self.bytes[start + SECTION_HEADER..]);
        self.bytes[start + 16..start + SECTION_HEADER].copy_from_slice(&checksum.to_le_bytes());
        self.sections.push(part);
        Ok(())
    }

    /// The snapshot.
    pub fn finish(mut self) -> Vec<u8> {
        self.close(self.sections.len());
        self.bytes
    }

    /// The snapshot of its sections and those of `others`, which were written elsewhere, as pieces that follow one another.
    ///
    /// # Errors
    /// [`SnapshotError::Twice`] where two have the same section.
    pub fn pieces<'a>(&'a mut self, others: &'a [Self]) -> Result<Vec<&'a [u8]>, SnapshotError> {
        let mut parts = self.sections.clone();
        parts.extend(others.iter().flat_map(|other| &other.sections));
        parts.sort_unstable();
        if let Some(twice) = parts.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SnapshotError::Twice(twice[0]));
        }
        self.close(parts.len());
        // Invariant: each begins with room for a header.
        let others = others.iter().map(|other| &other.bytes[HEADER + 4..]);
        Ok(std::iter::once(self.bytes.as_slice()).chain(others).collect())
    }

    /// Fills in the header of a snapshot of `count` sections.
    fn close(&mut self, count: usize) {
        self.bytes[COUNT_AT..HEADER].copy_from_slice(&(count as u32).to_le_bytes());
        let checksum = checksum(&self.bytes[..HEADER], &[]);
        self.bytes[HEADER..HEADER + 4].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// A snapshot that was read and found whole.
#[derive(Debug, Clone)]
pub struct Snapshot<'a> {
    version: u32,
    sections: BTreeMap<SnapshotPart, Read<'a>>,
}

impl<'a> Snapshot<'a> {
    /// Reads a snapshot of a run that is configured as `of` says, and checks every checksum.
    ///
    /// # Errors
    /// [`SnapshotError`] says whether the bytes are no snapshot, one of a version that is not known, cut short, damaged, or of
    /// another configuration.
    pub fn read(bytes: &'a [u8], of: Fingerprint) -> Result<Self, SnapshotError> {
        let mut from = Read::new(bytes);
        // The beginning of a snapshot that was cut within its magic is still the beginning of one.
        if !bytes.iter().zip(&MAGIC).all(|(byte, magic)| byte == magic) {
            let mut found = [0; 8];
            found.iter_mut().zip(bytes).for_each(|(found, &byte)| *found = byte);
            return Err(SnapshotError::NotASnapshot { found });
        }
        from.raw::<8>()?;
        // Before the checksum: another version may have another header.
        let version = from.u32()?;
        if !(1..=VERSION).contains(&version) {
            return Err(SnapshotError::Version { found: version });
        }
        let fingerprint = from.u64()?;
        let count = from.u32()?;
        let (stored, found) = (from.u32()?, checksum(&bytes[..HEADER], &[]));
        if stored != found {
            return Err(SnapshotError::Checksum { part: SnapshotPart::Header, stored, found });
        }
        if fingerprint != of.0 {
            return Err(SnapshotError::OtherConfiguration { found: fingerprint, expected: of.0 });
        }
        let mut from = Read::of_version(from.rest(), version);
        let mut sections = BTreeMap::new();
        for _ in 0..count {
            let header = from.rest();
            let part = SnapshotPart::Section { tag: Tag(from.raw()?), number: from.u32()? };
            let (length, stored) = (from.u64()?, from.u32()?);
            let payload = from.part(length)?;
            // Invariant: 20 bytes of it were read.
            let found = checksum(&header[..16], payload.rest());
            if stored != found {
                return Err(SnapshotError::Checksum { part, stored, found });
            }
            if sections.insert(part, payload).is_some() {
                return Err(SnapshotError::Twice(part));
            }
        }
        from.end().map(|()| Self { version, sections })
    }

    /// The version of the format that wrote it.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether there is such a section.
    pub fn has(&self, tag: Tag, number: u32) -> bool {
        self.sections.contains_key(&SnapshotPart::Section { tag, number })
    }

    /// Has `read` read all of a section.
    ///
    /// # Errors
    /// [`SnapshotError::Missing`] where there is none; [`SnapshotError::In`] with that of `read`, or when it leaves bytes.
    pub fn section<T>(
        &self,
        tag: Tag,
        number: u32,
        read: impl FnOnce(&mut Read<'a>) -> Result<T, SnapshotError>,
    ) -> Result<T, SnapshotError> {
        let part = SnapshotPart::Section { tag, number };
        let mut own = self.sections.get(&part).ok_or(SnapshotError::Missing(part))?.clone();
        let value = read(&mut own).and_then(|value| own.end().map(|()| value));
        value.map_err(|error| SnapshotError::In { part, error: Box::new(error) })
    }
}

fn checksum(header: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(payload);
    hasher.finalize()
}
