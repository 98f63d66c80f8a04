//! Text on its way through the decoder that its first bytes ask for.

use std::io::{self, ErrorKind, Read};

use crate::alpaca::{AlpacaDecoder, AlpacaError};
use crate::compression::{Compression, Source};
use crate::csv::{CsvDecoder, CsvError};
use crate::excerpt::Excerpt;
use crate::file::ReadError;
use crate::options::Options;
use crate::resolved::Resolved;
use crate::row::Decoded;

/// Bytes given to the decoder at once; with the longest row the only memory that reading takes.
const CHUNK: usize = 1 << 16;

/// Text, compressed or not, on its way through the decoder.
pub(crate) struct Text {
    source: Source,
    decoder: TextDecoder,
    chunk: Box<[u8]>,
    /// The part of the chunk that was not decoded yet.
    rest: std::ops::Range<usize>,
    at_end: bool,
}

/// What the text is, which its first bytes show.
enum TextDecoder {
    Unknown(Options),
    Csv(Box<CsvDecoder>),
    Alpaca(Box<AlpacaDecoder>),
}

impl Text {
    pub(crate) fn new(source: Source, options: Options) -> Self {
        let (chunk, decoder) = (vec![0; CHUNK].into_boxed_slice(), TextDecoder::Unknown(options));
        Self { source, decoder, chunk, rest: 0..0, at_end: false }
    }

    /// How the text is compressed.
    pub(crate) fn compression(&self) -> Compression {
        self.source.kind()
    }

    /// What a row's number counts.
    pub(crate) fn unit(&self) -> &'static str {
        if matches!(self.decoder, TextDecoder::Alpaca(_)) { "bar" } else { "line" }
    }

    /// The row that was stopped at; `None` before the first.
    pub(crate) fn current(&self) -> Option<Decoded<'_>> {
        match &self.decoder {
            TextDecoder::Unknown(_) => None,
            TextDecoder::Csv(decoder) => Some(decoder.current()),
            TextDecoder::Alpaca(decoder) => Some(decoder.current()),
        }
    }

    /// What the first rows said.
    pub(crate) fn resolved(&self) -> Option<Resolved<'_>> {
        match &self.decoder {
            TextDecoder::Unknown(_) => None,
            TextDecoder::Csv(decoder) => decoder.resolved(),
            TextDecoder::Alpaca(decoder) => Some(decoder.resolved()),
        }
    }

    /// The row that was stopped at, as text; `None` where it is not a line.
    pub(crate) fn excerpt(&self) -> Option<Excerpt> {
        match &self.decoder {
            TextDecoder::Csv(decoder) => decoder.excerpt(None),
            TextDecoder::Unknown(_) | TextDecoder::Alpaca(_) => None,
        }
    }

    /// Reads on to the next row or reject; `false` at the end.
    pub(crate) fn advance(&mut self, name: &str, rows: u64) -> Result<bool, ReadError> {
        while !self.at_end {
            let mut input = &self.chunk[self.rest.clone()];
            let found = self.decoder.advance(&mut input, name);
            self.rest.start = self.rest.end - input.len();
            if found? {
                return Ok(true);
            }
            let read = self.fill().map_err(|error| self.failed(name, rows, error))?;
            (self.rest, self.at_end) = (0..read, read == 0);
        }
        self.decoder.advance_to_end(name)
    }

    fn fill(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    #[cold]
    fn failed(&self, name: &str, rows: u64, source: io::Error) -> ReadError {
        let file = name.to_owned();
        match (self.source.kind(), source.kind()) {
            (Compression::Plain, _) => ReadError::Io { file, source },
            (_, ErrorKind::UnexpectedEof) => ReadError::EndsEarly { file, rows },
            (_, ErrorKind::InvalidData | ErrorKind::InvalidInput) => {
                ReadError::Damaged { file, rows, source }
            }
            _ => ReadError::Io { file, source },
        }
    }
}

impl TextDecoder {
    fn advance(&mut self, input: &mut &[u8], name: &str) -> Result<bool, ReadError> {
        if let Self::Unknown(options) = self
            && !input.is_empty()
        {
            // A pipe whose first bytes are blanks is taken for CSV.
            let plain = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input).trim_ascii_start();
            *self = if plain.starts_with(b"{") {
                *input = plain;
                Self::Alpaca(Box::new(AlpacaDecoder::new(options.clone()).map_err(of_json(name))?))
            } else {
                Self::Csv(Box::new(CsvDecoder::new(options.clone())))
            };
        }
        match self {
            Self::Unknown(_) => Ok(false),
            Self::Csv(decoder) => {
                let found = decoder.advance(input);
                found.map_err(|error| of_csv(name, error, Some(decoder)))
            }
            Self::Alpaca(decoder) => decoder.advance(input).map_err(of_json(name)),
        }
    }

    fn advance_to_end(&mut self, name: &str) -> Result<bool, ReadError> {
        match self {
            Self::Unknown(_) => Err(of_csv(name, CsvError::Empty, None)),
            Self::Csv(decoder) => {
                let found = decoder.advance_to_end();
                found.map_err(|error| of_csv(name, error, Some(decoder)))
            }
            Self::Alpaca(decoder) => decoder.advance_to_end().map_err(of_json(name)),
        }
    }
}

#[cold]
fn of_csv(name: &str, error: CsvError, decoder: Option<&CsvDecoder>) -> ReadError {
    let excerpt = decoder.and_then(|decoder| decoder.excerpt(Some(&error))).map(Box::new);
    ReadError::Csv { file: name.to_owned(), error, excerpt }
}

fn of_json(name: &str) -> impl Fn(AlpacaError) -> ReadError {
    move |error| ReadError::Json { file: name.to_owned(), error }
}
