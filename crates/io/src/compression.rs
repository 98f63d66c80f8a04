//! What an input is packed in, recognised by its first bytes and never by its name.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Bytes asked of the system at once.
const CHUNK: usize = 1 << 16;

/// How an input is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// gzip, one or several members.
    Gzip,
    /// Zstandard, one or several frames.
    Zstandard,
}

/// Other formats by their first bytes: what they are and what to do.
const OTHERS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive or a spreadsheet; unpack it, or save it as CSV"),
    (b"\xfd7zXZ\0", "packed with xz; unpack it, or pack it with gzip or zstd"),
    (b"BZh", "packed with bzip2; unpack it, or pack it with gzip or zstd"),
    (b"\xff\xfe", "UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text; save it as UTF-8"),
];

/// The bytes of an input, unpacked as they are read.
pub(crate) enum Source {
    Plain(Box<dyn BufRead + Send>),
    Gzip(Box<MultiGzDecoder<Box<dyn BufRead + Send>>>),
    Zstandard(Box<Frames>),
}

/// The first bytes of `source`, eight where there are so many.
pub(crate) fn head(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(8);
    source.by_ref().take(8).read_to_end(&mut head)?;
    Ok(head)
}

impl Source {
    /// Of a source that begins with `head`, read already; the inner `Err` says which other format it is.
    pub(crate) fn open(
        head: Vec<u8>,
        source: impl Read + Send + 'static,
    ) -> io::Result<Result<Self, &'static str>> {
        if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Ok(Err(what));
        }
        let kind = match head.as_slice() {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstandard,
            _ => Compression::Plain,
        };
        let bytes = Box::new(BufReader::with_capacity(CHUNK, io::Cursor::new(head).chain(source)));
        Ok(Ok(match kind {
            Compression::Plain => Self::Plain(bytes),
            Compression::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(bytes))),
            Compression::Zstandard => Self::Zstandard(Box::new(Frames::new(bytes))),
        }))
    }

    pub(crate) fn kind(&self) -> Compression {
        match self {
            Self::Plain(_) => Compression::Plain,
            Self::Gzip(_) => Compression::Gzip,
            Self::Zstandard(_) => Compression::Zstandard,
        }
    }
}

impl Read for Source {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(bytes) => bytes.read(to),
            Self::Gzip(bytes) => bytes.read(to),
            Self::Zstandard(bytes) => bytes.read(to),
        }
    }
}

/// Zstandard frames, one after the other; frames marked as skippable are skipped.
pub(crate) struct Frames {
    bytes: Box<dyn BufRead + Send>,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl Frames {
    fn new(bytes: Box<dyn BufRead + Send>) -> Self {
        Self { bytes, decoder: FrameDecoder::new(), in_frame: false }
    }

    /// Begins the next frame; `false` at the end of the input.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.bytes.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.bytes) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped =
                        io::copy(&mut self.bytes.by_ref().take(u64::from(length)), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(false)
    }

    /// An error of the decoder: when no bytes are left, the input ended early.
    fn failed(&mut self, error: FrameDecoderError) -> io::Error {
        match self.bytes.fill_buf() {
            Ok([]) => ErrorKind::UnexpectedEof.into(),
            Ok(_) => io::Error::new(ErrorKind::InvalidData, error),
            Err(error) => error,
        }
    }

    fn check(&self) -> io::Result<()> {
        let stated = self.decoder.get_checksum_from_data();
        if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "the frame's checksum does not match its content",
            ));
        }
        Ok(())
    }
}

impl Read for Frames {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                self.in_frame = self.begin()?;
                if !self.in_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                if let Err(error) = self.decoder.decode_blocks(&mut self.bytes, blocks) {
                    return Err(self.failed(error));
                }
            }
            let read = self.decoder.read(to)?;
            if read > 0 || to.is_empty() {
                return Ok(read);
            }
            self.check()?;
            self.in_frame = false;
        }
    }
}
