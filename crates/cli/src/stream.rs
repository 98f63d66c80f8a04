//! `barloom stream`: NDJSON in on stdin, NDJSON out on stdout, flushed after each line.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, sync_channel};

use barloom::config::{OnOutputError, SessionConfig};
use barloom::engine::OnInvalid;
use barloom_core::adjust::Adjuster;
use barloom_core::derive::{
    Clocks, ClosedBar, Deriver, FileError, FileFeed, Refusal, Revision, Sink, TradingHours, Warning,
};
use barloom_core::error::{WordError, word};
use barloom_core::plan::Plan;
use barloom_core::{Record, Symbol, SymbolId, Symbols, Timestamp};
use barloom_io::{Excerpt, Line, LineDecoder};
use clap::Args;

use crate::args::SharedArgs;
use crate::failure::{Failure, Kind, failed};
use crate::given_up::{self, GivenUp, Lines, Output};
use crate::pipe::{Message, READ_AHEAD, hand_over};
use crate::tables::Rejects;
use crate::told::Told;
use crate::{inputs, interrupt, tell};

/// Derive longer bars from a stream of base bars: one JSON object a line on stdin, one on stdout
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  echo '{\"bar\":{\"symbol\":\"AAA\",\"ts\":\"2024-11-26T14:30:00Z\",\"open\":1,\"high\":2,\"low\":1,\"close\":2}}' | barloom stream -i 1m --calendar XNYS"
)]
pub(crate) struct StreamArgs {
    #[command(flatten)]
    shared: SharedArgs,

    /// lines: the clock moves by {"clock":...} lines alone; bars: by the bars, as over files
    #[arg(long, default_value = "lines", value_name = "CLOCK", hide_default_value = true)]
    clock: ClockSource,

    /// stop [default], or continue: stdout or the rejects that can't be written are given up, and the stream goes on
    #[arg(long, default_value = "stop", value_name = "WHAT", hide_default_value = true)]
    on_output_error: OnOutputError,
}

/// What moves the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClockSource {
    Lines,
    Bars,
}

impl std::str::FromStr for ClockSource {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("clock", text, &[("lines", Self::Lines), ("bars", Self::Bars)])
    }
}

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// Runs the command.
pub(crate) fn stream(args: StreamArgs) -> Result<(), Failure> {
    let (wake, lines) = sync_channel(READ_AHEAD);
    let reader = wake.clone();
    // A full channel needs no waking: the loop looks at the flag after every block.
    interrupt::ask_first(move || drop(wake.try_send(Message::Wake)))?;
    let config = SessionConfig { on_output_error: args.on_output_error, ..args.shared.into_config() };
    if config.publisher.is_some() {
        let text = "--publisher chooses among those of a Databento file; the lines of a stream have none";
        return Err(Failure::new(Kind::Config, text));
    }
    let rules = inputs::rules(&config)?;
    let mut options = inputs::options(&config)?;
    // The contract of this input, unlike a file's, has a default.
    options.stamp.get_or_insert(barloom_core::Stamp::Open);
    let rejects = config.rejects.as_deref().map(Rejects::create).transpose().map_err(failed(Kind::Run))?;
    let out = Out {
        to: Notified {
            to: Some(Lines::to_stdout().map_err(|error| Failure::stdout(&error))?),
            told: 0,
            failed: None,
        },
        hours: rules.hours == TradingHours::Extended,
        plan: inputs::plan(&config, &rules)?,
    };
    let adjuster = inputs::adjuster(&config, &rules)?;
    let feed = (args.clock == ClockSource::Bars).then(|| FileFeed::new(Clocks::Shared, &rules));
    let symbols = Symbols::new();
    let decoder = LineDecoder::new(&options);
    let stop = config.on_invalid == OnInvalid::Stop;
    let mut stream = Stream {
        deriver: Deriver::new(rules),
        feed,
        symbols,
        decoder,
        adjuster,
        out,
        rejects,
        refused: 0,
        number: 0,
        stop,
        on_output_error: config.on_output_error,
        given_up: Vec::new(),
    };
    // Reading blocks, and a signal must still be heard, so it has a thread of its own. It ends with the process.
    std::thread::spawn(move || hand_over(io::stdin().lock(), &reader));
    let read = stream.read(&lines);
    let ended = stream.end(read.is_ok());
    let ended = read.and(ended).and_then(|()| interrupt::check("what was told stands"));
    given_up::ending(ended, &stream.given_up, None, &config)
}

/// Keeps what belongs to a line, but no more than is needed to know that it is too long.
fn keep(line: &mut Vec<u8>, more: &[u8]) {
    let room = (LONGEST_LINE + 1).saturating_sub(line.len());
    line.extend_from_slice(&more[..more.len().min(room)]);
}

/// One stream on its way.
struct Stream {
    deriver: Deriver,
    /// Moves the clock by the bars, if asked for.
    feed: Option<FileFeed>,
    symbols: Symbols,
    decoder: LineDecoder,
    /// What rows are adjusted by.
    adjuster: Option<Adjuster>,
    out: Out,
    rejects: Option<Rejects>,
    /// How many lines were refused.
    refused: u64,
    /// The input line at hand, from 1.
    number: u64,
    stop: bool,
    on_output_error: OnOutputError,
    given_up: Vec<GivenUp>,
}

/// What is told, and where it goes.
struct Out {
    to: Notified,
    plan: Plan,
    hours: bool,
}

/// Stdout, until it is given up.
struct Notified {
    to: Option<Lines>,
    told: u64,
    failed: Option<io::Error>,
}

impl Stream {
    fn read(&mut self, from: &Receiver<Message>) -> Result<(), Failure> {
        let mut line = Vec::new();
        while !interrupt::asked() {
            let block = match from.recv() {
                Ok(Message::Block(block)) => block,
                Ok(Message::Wake) => continue,
                // The reading thread is gone, which it is only after it said so.
                Err(_) => return Ok(()),
            };
            let block =
                block.map_err(|error| Failure::new(Kind::Run, format!("stdin: can't be read: {error}")))?;
            if block.is_empty() {
                return if line.is_empty() { Ok(()) } else { self.take_line(&line) };
            }
            let mut rest = block.as_slice();
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n').filter(|_| !interrupt::asked())
            {
                let (head, tail) = rest.split_at(end + 1);
                rest = tail;
                if line.is_empty() {
                    self.take_line(head)?;
                } else {
                    keep(&mut line, head);
                    self.take_line(&line)?;
                    line.clear();
                }
            }
            keep(&mut line, rest);
        }
        Ok(())
    }

    /// One line of the input, and what it causes, out at once.
    fn take_line(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.number += 1;
        if line.len() > LONGEST_LINE {
            self.refuse(None, None, &format!("line_too_long: longer than {LONGEST_LINE} bytes"), true)?;
        } else {
            self.line(line)?;
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.out.to.flush().or_else(|error| self.without(Output::Stdout, Failure::stdout(&error)))
    }

    /// An output failed: the stream ends by it, or goes on without.
    #[cold]
    fn without(&mut self, output: Output, failure: Failure) -> Result<(), Failure> {
        if self.on_output_error == OnOutputError::Stop {
            return Err(failure);
        }
        given_up::tell("stream", output, failure.message());
        // Until the end it is what of an output stays.
        let lost = match output {
            Output::Stdout => self.out.to.to.take().map_or(0, Lines::give_up),
            _ => {
                self.rejects = None;
                0
            }
        };
        let (reason, at) = (failure.message().to_owned(), Some(format!("line {}", self.number)));
        self.given_up.push(GivenUp { output, reason, at, lost });
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        match self.decoder.decode(line) {
            Ok(Line::Blank) => Ok(()),
            Ok(Line::Clock(to)) => {
                let (deriver, symbols) = (&mut self.deriver, &self.symbols);
                deriver.advance_all(to, symbols.by_name(), &mut self.out.telling(self.number, symbols));
                Ok(())
            }
            Ok(Line::Bar { symbol, record }) => self.bar(&symbol, &record).map_err(|failure| {
                let whole = Excerpt::of_line(&String::from_utf8_lossy(line), 1, "").filter(|_| self.stop);
                let excerpt = whole.map(|whole| Excerpt { line: self.number, ..whole });
                failure.showing(excerpt.as_ref().map(|excerpt| ("stdin", excerpt)))
            }),
            Err(error) => self.refuse(None, None, &error.to_string(), true).map_err(|failure| {
                let excerpt = error.excerpt(self.number, line).filter(|_| self.stop);
                failure.showing(excerpt.as_ref().map(|excerpt| ("stdin", excerpt)))
            }),
        }
    }

    fn bar(&mut self, symbol: &Symbol, record: &Record) -> Result<(), Failure> {
        let symbol = self.symbols.intern(symbol.as_str()).map_err(failed(Kind::Data))?;
        let Self { deriver, feed, symbols, adjuster, out, number, .. } = self;
        let adjusted = adjuster.as_mut().map(|adjuster| adjuster.adjusted(symbol, symbols, record));
        let record = adjusted.as_ref().unwrap_or(record);
        let sink = &mut out.telling(*number, symbols);
        let time = deriver.open_time(record.label);
        let refused = match feed {
            // Invalid rows are counted by the feed; only a date that the calendar does not know is not.
            Some(feed) => match feed.row(deriver, symbol, symbols.by_name(), record, sink) {
                Ok(taken) => taken.err().map(|reason| (reason.to_string(), false)),
                Err(error @ FileError::Calendar(_)) => Some((error.to_string(), true)),
                Err(error) => Some((error.to_string(), false)),
            },
            None => match deriver.check(record) {
                Ok(minute) => {
                    deriver.take(symbol, &minute.bar, sink).err().map(|error| (error.to_string(), true))
                }
                Err(Refusal::Calendar(error)) => Some((error.to_string(), true)),
                Err(Refusal::Invalid(reason)) => Some((reason.to_string(), true)),
            },
        };
        match refused {
            Some((reason, uncounted)) => self.refuse(Some(symbol), time, &reason, uncounted),
            None => Ok(()),
        }
    }

    /// Tells of a line that was refused, and counts it where nobody has.
    fn refuse(
        &mut self,
        symbol: Option<SymbolId>,
        time: Option<Timestamp>,
        reason: &str,
        uncounted: bool,
    ) -> Result<(), Failure> {
        let Self { deriver, symbols, out, rejects, refused, number, .. } = self;
        if uncounted {
            deriver.refuse(symbol, time, &mut out.telling(*number, symbols));
        }
        *refused += 1;
        let write = |to: &mut Rejects| to.write("stdin", *number, symbol, time, &reason, symbols);
        let written = rejects.as_mut().map_or(Ok(()), write);
        let number = *number;
        written.or_else(|error| self.without(Output::Rejects, Failure::new(Kind::Run, error)))?;
        let message = format!("line {number}: refused: {reason}");
        if self.stop {
            return Err(Failure::new(Kind::Data, message));
        }
        tell::line(&message);
        Ok(())
    }

    /// The input ended, or the stream did.
    fn end(&mut self, at_end: bool) -> Result<(), Failure> {
        let Self { deriver, feed, symbols, adjuster, out, number, .. } = self;
        if at_end {
            inputs::tell_unknown(adjuster.as_ref().map(Adjuster::adjustments), symbols);
            let sink = &mut out.telling(*number, symbols);
            match feed {
                // A stream in which nothing was accepted is no failure.
                Some(feed) => drop(feed.finish(deriver, symbols.by_name(), sink)),
                None => deriver.finish(symbols.by_name(), sink),
            }
        }
        let summary = Told::summary(deriver.counts(), deriver.unfinished(), deriver.clocks_ignored());
        out.to.tell(&summary);
        self.flush()?;
        let committed = self.rejects.take().map_or(Ok(()), Rejects::commit);
        committed.or_else(|error| self.without(Output::Rejects, Failure::new(Kind::Run, error)))?;
        for GivenUp { output, lost, .. } in &mut self.given_up {
            *lost = if *output == Output::Stdout { self.out.to.told - *lost } else { self.refused };
        }
        Ok(())
    }
}

impl Out {
    fn telling<'a>(&'a mut self, line: u64, symbols: &'a Symbols) -> Telling<'a> {
        Telling { out: self, line, symbols }
    }
}

impl Notified {
    fn tell(&mut self, told: &Told<'_>) {
        self.told += 1;
        if let (Some(to), None) = (&mut self.to, &self.failed) {
            self.failed = told.write(to).err();
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let flush = || self.to.as_mut().map_or(Ok(()), Write::flush);
        self.failed.take().map_or_else(flush, Err)
    }
}

/// The sink of one line, with the names at hand.
struct Telling<'a> {
    out: &'a mut Out,
    line: u64,
    symbols: &'a Symbols,
}

impl Sink for Telling<'_> {
    fn bar(&mut self, bar: &ClosedBar) {
        let Self { out: Out { to, plan, hours }, line, symbols } = self;
        plan.update(bar);
        to.tell(&Told::bar(Some(*line), bar, symbols, *hours));
        for reading in plan.readings(bar.interval, bar.symbol.slot()) {
            to.tell(&Told::indicator(Some(*line), bar, reading, symbols));
        }
    }

    fn revised(&mut self, revision: Revision) {
        let Self { out, line, symbols } = self;
        let (revised, line, hours) = (out.plan.revise(&revision), Some(*line), out.hours);
        for row in revised.rows() {
            let Out { to, plan, .. } = &mut **out;
            to.tell(&Told::bar(line, row.bar, symbols, hours));
            for reading in row.readings(plan) {
                to.tell(&Told::indicator(line, row.bar, reading, symbols));
            }
        }
    }

    fn warning(&mut self, warning: &Warning) {
        self.out.to.tell(&Told::warning(Some(self.line), warning, self.symbols));
    }
}
