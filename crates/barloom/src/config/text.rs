//! From a file's values to types that are read from text: a value may be written as text or as a number.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value read from its text.
pub(super) fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
) -> Result<T, D::Error> {
    item(from)?.parse().map_err(D::Error::custom)
}

/// A value read from its text; JSON may say `null`.
pub(super) fn parsed_option<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let item = Option::<Item>::deserialize(from)?;
    item.map(|Item(text)| text.parse().map_err(D::Error::custom)).transpose()
}

/// One value or a list of them.
pub(super) fn one_or_many<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_any(Values(PhantomData))
}

/// The text a value would be written as.
pub(super) fn item<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Item::deserialize(from).map(|Item(text)| text)
}

struct Item(String);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text).map(Self)
    }
}

struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a number")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
    /// TOML's dates and times need no quotes.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<String, A::Error> {
        let time = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map));
        time.map(|time| time.to_string()).map_err(|_| A::Error::custom("expected text or a number"))
    }
}

struct Values<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Values<T> {
    fn one<E: Error>(text: &str) -> Result<Vec<T>, E> {
        Ok(vec![text.parse().map_err(E::custom)?])
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Visitor<'de> for Values<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, or a list of them")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        Self::one(text)
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Vec<T>, E> {
        Self::one(&number.to_string())
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Vec<T>, E> {
        Self::one(&number.to_string())
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<T>, E> {
        Self::one(&number.to_string())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(Item(text)) = seq.next_element()? {
            values.push(text.parse().map_err(A::Error::custom)?);
        }
        Ok(values)
    }
}
