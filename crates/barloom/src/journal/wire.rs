//! Numbers, times and texts as a payload has them; every read is checked.

use barloom_core::Timestamp;
use barloom_core::time::NANOS_PER_SECOND;

use super::error::FrameFault;

/// The longest varint in bytes.
const LONGEST_VARINT: usize = 10;

#[inline]
pub(super) fn put_varint(into: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        return into.push(value as u8);
    }
    let (mut bytes, mut rest, mut length) = ([0; LONGEST_VARINT], value, 0);
    while rest >= 0x80 {
        bytes[length] = rest as u8 | 0x80;
        rest >>= 7;
        length += 1;
    }
    bytes[length] = rest as u8;
    into.extend_from_slice(&bytes[..=length]);
}

pub(super) fn put_text(into: &mut Vec<u8>, text: &str) {
    put_varint(into, text.len() as u64);
    into.extend_from_slice(text.as_bytes());
}

#[inline]
pub(super) fn put_f64(into: &mut Vec<u8>, value: f64) {
    into.extend_from_slice(&value.to_bits().to_le_bytes());
}

/// Writes the four prices of a bar at once.
#[inline]
pub(super) fn put_prices(into: &mut Vec<u8>, prices: [f64; 4]) {
    into.extend_from_slice(prices.map(|price| price.to_bits().to_le_bytes()).as_flattened());
}

/// Writes `time` as its distance from `from`, and says whether that is in nanoseconds. It wraps, so that no two instants
/// are too far apart.
#[inline]
pub(super) fn put_time(into: &mut Vec<u8>, time: Timestamp, from: Timestamp) -> bool {
    let nanos = time.as_nanos().wrapping_sub(from.as_nanos());
    let in_nanos = nanos % NANOS_PER_SECOND != 0;
    let span = if in_nanos { nanos } else { nanos / NANOS_PER_SECOND };
    put_varint(into, ((span << 1) ^ (span >> 63)) as u64);
    in_nanos
}

/// What is left to read of a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payload<'a>(pub(super) &'a [u8]);

impl<'a> Payload<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), FrameFault> {
        if self.is_empty() { Ok(()) } else { Err(FrameFault::Long { left: self.0.len() }) }
    }

    #[inline]
    pub(super) fn byte(&mut self, field: &'static str) -> Result<u8, FrameFault> {
        let (&byte, rest) = self.0.split_first().ok_or(FrameFault::Short { field })?;
        self.0 = rest;
        Ok(byte)
    }

    #[inline]
    pub(super) fn varint(&mut self, field: &'static str) -> Result<u64, FrameFault> {
        if let Some((&byte, rest)) = self.0.split_first()
            && byte < 0x80
        {
            self.0 = rest;
            return Ok(byte.into());
        }
        let mut value = 0;
        for (place, &byte) in self.0.iter().take(LONGEST_VARINT).enumerate() {
            // The tenth byte has room for one bit.
            if place == LONGEST_VARINT - 1 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                self.0 = &self.0[place + 1..];
                return Ok(value);
            }
        }
        if self.0.len() < LONGEST_VARINT {
            return Err(FrameFault::Short { field });
        }
        let allowed = "a number of 64 bits in at most 10 bytes".to_owned();
        Err(FrameFault::Value { field, got: value, allowed })
    }

    /// A number below `count`.
    #[inline]
    pub(super) fn below(&mut self, field: &'static str, count: usize) -> Result<usize, FrameFault> {
        let got = self.varint(field)?;
        match usize::try_from(got) {
            Ok(place) if place < count => Ok(place),
            _ => Err(FrameFault::not_below(field, got, count)),
        }
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<&'a str, FrameFault> {
        let length = usize::try_from(self.varint(field)?).map_err(|_| FrameFault::Short { field })?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(FrameFault::Short { field })?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| FrameFault::Text { field })
    }

    #[inline]
    pub(super) fn f64(&mut self, field: &'static str) -> Result<f64, FrameFault> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(FrameFault::Short { field })?;
        self.0 = rest;
        Ok(f64::from_bits(u64::from_le_bytes(*bytes)))
    }

    /// Prices written by [`put_prices`].
    #[inline]
    pub(super) fn prices(&mut self) -> Result<[f64; 4], FrameFault> {
        let (bytes, rest) = self.0.split_first_chunk::<32>().ok_or(FrameFault::Short { field: "prices" })?;
        let (prices, _) = bytes.as_chunks::<8>();
        self.0 = rest;
        Ok([0, 1, 2, 3].map(|place| f64::from_bits(u64::from_le_bytes(prices[place]))))
    }

    /// A time written by [`put_time`].
    #[inline]
    pub(super) fn time(
        &mut self,
        field: &'static str,
        in_nanos: bool,
        from: Timestamp,
    ) -> Result<Timestamp, FrameFault> {
        let got = self.varint(field)?;
        let span = (got >> 1) as i64 ^ -((got & 1) as i64);
        let nanos = if in_nanos { Some(span) } else { span.checked_mul(NANOS_PER_SECOND) };
        let Some(nanos) = nanos else {
            let allowed = "a span of seconds within 64 bits of nanoseconds".to_owned();
            return Err(FrameFault::Value { field, got, allowed });
        };
        Ok(Timestamp::from_nanos(from.as_nanos().wrapping_add(nanos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn varint(value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, value);
        bytes
    }

    #[test]
    fn a_varint_is_leb128() {
        // 300 = 0b10_0101100: the lower seven bits first, with the mark that more follow.
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!((varint(0), varint(127)), (vec![0], vec![127]));
        assert_eq!(varint(u64::MAX).len(), 10);
    }

    #[test]
    fn a_varint_beyond_64_bits_is_refused() {
        let mut over = [0xff; 10];
        over[9] = 2;
        let fault = Payload(&over).varint("count");
        assert!(matches!(fault, Err(FrameFault::Value { field: "count", .. })), "{fault:?}");
        assert!(matches!(Payload(&[0x80; 11]).varint("count"), Err(FrameFault::Value { .. })));
        assert_eq!(Payload(&[0x80; 9]).varint("count"), Err(FrameFault::Short { field: "count" }));
    }

    #[test]
    fn a_minute_before_its_input_is_one_byte() {
        let at = Timestamp::from_nanos(1_732_631_460_000_000_000);
        let mut bytes = Vec::new();
        assert!(!put_time(&mut bytes, at.saturating_add(-60 * NANOS_PER_SECOND), at));
        assert_eq!(bytes, [119]);
    }

    proptest! {
        #[test]
        fn numbers_and_times_come_back(value: u64, time: i64, from: i64) {
            prop_assert_eq!(Payload(&varint(value)).varint("value"), Ok(value));
            let (time, from) = (Timestamp::from_nanos(time), Timestamp::from_nanos(from));
            let mut bytes = Vec::new();
            let in_nanos = put_time(&mut bytes, time, from);
            prop_assert_eq!(Payload(&bytes).time("time", in_nanos, from), Ok(time));
        }
    }
}
