//! A walk through pages of JSON for the bars in them, in pieces of any size.
//!
//! The walk knows at each byte what may come and which level it lies in, and holds no more than one string, number or bar.

use serde::de::IgnoredAny;

use crate::fault::shown;

/// What a walk through pages of bars came by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Met {
    /// A field of the page.
    Name(String),
    /// The page's bars begin, or are null.
    Bars,
    /// The page's symbol.
    Symbol(String),
    /// The page's token of the next one, or none.
    Next {
        /// Whether there is one.
        is_named: bool,
    },
    /// A bar, whole, with the symbol whose list it is in.
    Bar {
        /// The symbol.
        of: Option<String>,
        /// The object's text.
        text: Vec<u8>,
    },
    /// A page ended.
    End,
}

/// Why text is no pages of bars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonFault {
    /// Something else stands where `wanted` would have to.
    #[error("expected {wanted}, and there is `{found}`")]
    Unexpected { wanted: &'static str, found: String },
    /// A value that is none.
    #[error("`{text}` is no value")]
    NoValue { text: String },
    /// A bar that can't be parsed.
    #[error("a bar can't be read: {reason}")]
    Bar { reason: String },
    /// A list of bars has something else.
    #[error("a list of bars has something else")]
    NoBar,
    /// A field that is there twice.
    #[error("`{name}` is there twice")]
    Twice { name: &'static str },
    /// A string, number or bar that never ends, or lists within lists.
    #[error("a value is longer than {longest} bytes, or lies deeper than {DEEPEST} levels")]
    TooLong { longest: usize },
}

/// How deep values may lie in one another.
const DEEPEST: usize = 64;

/// Walks through pages byte by byte: what may come next, and where that would be.
#[derive(Debug, Default)]
pub(crate) struct Walker {
    levels: Vec<Level>,
    expected: Expected,
    token: Token,
    /// The string or number that is being read, with its quotes.
    text: Vec<u8>,
    /// The bar that is being read.
    bar: Vec<u8>,
    name: PageName,
    symbol: Option<String>,
    lines: u64,
}

/// What an open object or list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Page,
    /// The object of lists by symbol.
    Symbols,
    /// A list of bars.
    Bars,
    Bar,
    OtherObject,
    OtherList,
}

impl Level {
    fn is_list(self) -> bool {
        matches!(self, Self::Bars | Self::OtherList)
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Expected {
    #[default]
    Page,
    NameOrEnd,
    Name,
    Colon,
    Value,
    ValueOrEnd,
    CommaOrEnd,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Token {
    #[default]
    None,
    Text,
    /// The next byte is escaped.
    Escape,
    /// A number or word.
    Plain,
}

/// The field of a page whose value comes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum PageName {
    Bars,
    Symbol,
    Next,
    #[default]
    Other,
}

impl Walker {
    /// The line that was reached, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.lines + 1
    }

    /// Whether no page is open.
    pub(crate) fn is_between(&self) -> bool {
        self.levels.is_empty() && self.token == Token::None
    }

    /// Walks on to what is met next; `None` when more bytes are needed.
    pub(crate) fn walk(&mut self, input: &mut &[u8], longest: usize) -> Result<Option<Met>, JsonFault> {
        while let Some((&byte, rest)) = input.split_first() {
            // A number ends with the byte after it, which is looked at again.
            let met = if self.token == Token::Plain && is_end_of_plain(byte) {
                self.token = Token::None;
                self.plain()?
            } else {
                *input = rest;
                self.lines += u64::from(byte == b'\n');
                if self.levels.contains(&Level::Bar) {
                    self.bar.push(byte);
                }
                self.step(byte)?
            };
            if self.text.len() > longest || self.bar.len() > longest || self.levels.len() > DEEPEST {
                return Err(JsonFault::TooLong { longest });
            }
            if met.is_some() {
                return Ok(met);
            }
        }
        Ok(None)
    }

    fn step(&mut self, byte: u8) -> Result<Option<Met>, JsonFault> {
        match self.token {
            Token::Text | Token::Escape => {
                self.text.push(byte);
                self.token = match (self.token, byte) {
                    (Token::Text, b'"') => Token::None,
                    (Token::Text, b'\\') => Token::Escape,
                    _ => Token::Text,
                };
                return if self.token == Token::None { self.string() } else { Ok(None) };
            }
            Token::Plain => {
                self.text.push(byte);
                return Ok(None);
            }
            Token::None => {}
        }
        use Expected::{Colon, CommaOrEnd, Name, NameOrEnd, Value, ValueOrEnd};
        match (byte, self.expected) {
            (b' ' | b'\t' | b'\n' | b'\r', _) => {}
            (b'{' | b'[', Expected::Page | Value | ValueOrEnd) => return self.open(byte == b'['),
            (b'}', NameOrEnd) | (b'}' | b']', CommaOrEnd) | (b']', ValueOrEnd) => {
                return self.close(byte == b']');
            }
            (b'"', Name | NameOrEnd | Value | ValueOrEnd) => self.begin(Token::Text, byte),
            (b':', Colon) => self.expected = Value,
            (b',', CommaOrEnd) => {
                let in_list = self.levels.last().is_some_and(|level| level.is_list());
                self.expected = if in_list { Value } else { Name };
            }
            (b'-' | b'0'..=b'9' | b'a'..=b'z', Value | ValueOrEnd) => self.begin(Token::Plain, byte),
            _ => return Err(self.unexpected(byte)),
        }
        Ok(None)
    }

    fn begin(&mut self, token: Token, byte: u8) {
        self.text.clear();
        self.text.push(byte);
        self.token = token;
    }

    #[cold]
    fn unexpected(&self, byte: u8) -> JsonFault {
        let wanted = match self.expected {
            Expected::Page => "an object with bars",
            Expected::NameOrEnd | Expected::Name => "a name in quotes",
            Expected::Colon => "a colon",
            Expected::Value | Expected::ValueOrEnd => "a value",
            Expected::CommaOrEnd => "a comma or an end",
        };
        JsonFault::Unexpected { wanted, found: shown(&[byte]) }
    }

    /// An object or list begins.
    fn open(&mut self, is_list: bool) -> Result<Option<Met>, JsonFault> {
        let (level, met) = match (self.levels.last(), is_list) {
            (None, true) => return Err(self.unexpected(b'[')),
            (None, false) => {
                self.name = PageName::Other;
                (Level::Page, None)
            }
            (Some(Level::Page), _) if self.name == PageName::Bars => {
                self.symbol = None;
                (if is_list { Level::Bars } else { Level::Symbols }, Some(Met::Bars))
            }
            (Some(Level::Symbols), true) => (Level::Bars, None),
            (Some(Level::Bars), false) => {
                self.bar.clear();
                self.bar.push(b'{');
                (Level::Bar, None)
            }
            (Some(Level::Symbols | Level::Bars), _) => return Err(JsonFault::NoBar),
            (_, true) => (Level::OtherList, None),
            (_, false) => (Level::OtherObject, None),
        };
        self.levels.push(level);
        self.expected = if is_list { Expected::ValueOrEnd } else { Expected::NameOrEnd };
        Ok(met)
    }

    /// An object or list ends.
    fn close(&mut self, is_list: bool) -> Result<Option<Met>, JsonFault> {
        let Some(level) = self.levels.pop_if(|level| level.is_list() == is_list) else {
            return Err(self.unexpected(if is_list { b']' } else { b'}' }));
        };
        self.expected = if self.levels.is_empty() { Expected::Page } else { Expected::CommaOrEnd };
        Ok(match level {
            Level::Bar => Some(Met::Bar { of: self.symbol.clone(), text: std::mem::take(&mut self.bar) }),
            Level::Page => Some(Met::End),
            _ => None,
        })
    }

    /// A string ended: a name or a value.
    fn string(&mut self) -> Result<Option<Met>, JsonFault> {
        let is_name = matches!(self.expected, Expected::Name | Expected::NameOrEnd);
        let level = self.levels.last().copied();
        self.expected = if is_name { Expected::Colon } else { Expected::CommaOrEnd };
        let told = matches!(level, Some(Level::Page | Level::Symbols | Level::Bars));
        if !told {
            return Ok(None);
        }
        let no_value = |_| JsonFault::NoValue { text: shown(&self.text) };
        let text: String = serde_json::from_slice(&self.text).map_err(no_value)?;
        match (level, is_name) {
            (Some(Level::Page), true) => {
                self.name = match text.as_str() {
                    "bars" => PageName::Bars,
                    "symbol" => PageName::Symbol,
                    "next_page_token" => PageName::Next,
                    _ => PageName::Other,
                };
                Ok(Some(Met::Name(text)))
            }
            (Some(Level::Symbols), true) => {
                self.symbol = Some(text);
                Ok(None)
            }
            (Some(Level::Page), false) => match self.name {
                PageName::Symbol => Ok(Some(Met::Symbol(text))),
                PageName::Next => Ok(Some(Met::Next { is_named: true })),
                PageName::Bars => Err(JsonFault::NoBar),
                PageName::Other => Ok(None),
            },
            _ => Err(JsonFault::NoBar),
        }
    }

    /// A number or word ended.
    fn plain(&mut self) -> Result<Option<Met>, JsonFault> {
        self.expected = Expected::CommaOrEnd;
        if serde_json::from_slice::<IgnoredAny>(&self.text).is_err() {
            return Err(JsonFault::NoValue { text: shown(&self.text) });
        }
        let is_null = self.text == b"null";
        match (self.levels.last(), self.name) {
            (Some(Level::Page), PageName::Bars) if is_null => Ok(Some(Met::Bars)),
            (Some(Level::Symbols), _) if is_null => Ok(None),
            (Some(Level::Page), PageName::Bars) | (Some(Level::Symbols | Level::Bars), _) => {
                Err(JsonFault::NoBar)
            }
            (Some(Level::Page), PageName::Symbol) if !is_null => {
                Err(JsonFault::NoValue { text: shown(&self.text) })
            }
            (Some(Level::Page), PageName::Next) => Ok(Some(Met::Next { is_named: !is_null })),
            _ => Ok(None),
        }
    }
}

fn is_end_of_plain(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'}' | b']' | b'{' | b'[' | b'"' | b':')
}
