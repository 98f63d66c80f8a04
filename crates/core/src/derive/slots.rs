//! The base bars of one session of one symbol, each in the slot of its minute (P10).
//!
//! Arrival order leaves no trace here: a minute is where the calendar puts it. A bit a slot says what is there,
//! so counting a bucket reads words, not bars.

use std::ops::Range;

use super::aggregate::Fold;
use crate::bar::{Bar, NULL, NULL_COUNT};
use crate::time::Timestamp;

const EMPTY_SLOT: Bar = Bar {
    open_time: Timestamp::MIN,
    open: NULL,
    high: NULL,
    low: NULL,
    close: NULL,
    volume: NULL,
    vwap: NULL,
    trade_count: NULL_COUNT,
};

/// A session's slots.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    bars: Vec<Bar>,
    present: Vec<u64>,
    /// One past the last slot that was ever filled.
    filled_to: u32,
}

impl Slots {
    /// Empties the table for a session of `slots` base bars.
    pub(crate) fn reset(&mut self, slots: u32) {
        self.present.clear();
        self.present.resize(slots.div_ceil(64) as usize, 0);
        self.filled_to = 0;
    }

    /// Every bar, in the order of slots.
    pub(crate) fn bars(&self) -> impl Iterator<Item = &Bar> {
        (0..self.filled_to).filter_map(|slot| self.bar(slot))
    }

    /// The bar in `slot`, if its minute was seen.
    #[inline]
    pub(crate) fn bar(&self, slot: u32) -> Option<&Bar> {
        self.has(slot).then(|| &self.bars[slot as usize])
    }

    #[inline]
    fn has(&self, slot: u32) -> bool {
        self.present[slot as usize / 64] >> (slot % 64) & 1 == 1
    }

    /// Puts `bar` into `slot`.
    #[inline]
    pub(crate) fn put(&mut self, slot: u32, bar: &Bar) {
        self.put_unmarked(slot, bar);
        self.mark(slot..slot + 1);
    }

    /// Puts `bar` into `slot`, which is there once it is marked.
    #[inline]
    pub(crate) fn put_unmarked(&mut self, slot: u32, bar: &Bar) {
        if slot as usize >= self.bars.len() {
            self.grow(slot);
        }
        self.bars[slot as usize] = *bar;
    }

    /// Marks slots as filled.
    #[inline]
    pub(crate) fn mark(&mut self, slots: Range<u32>) {
        self.filled_to = self.filled_to.max(slots.end);
        for slot in slots {
            self.present[slot as usize / 64] |= 1 << (slot % 64);
        }
    }

    /// The bars of slots that are all filled.
    pub(crate) fn slice(&self, slots: Range<u32>) -> &[Bar] {
        &self.bars[slots.start as usize..slots.end as usize]
    }

    /// Makes room up to `slot` and as much again, within the session: a symbol that trades once holds little.
    #[cold]
    fn grow(&mut self, slot: u32) {
        let session = 64 * self.present.len();
        self.bars.resize((2 * slot as usize + 16).min(session), EMPTY_SLOT);
    }

    /// Takes the bar out of `slot` again.
    pub(crate) fn remove(&mut self, slot: u32) {
        self.present[slot as usize / 64] &= !(1 << (slot % 64));
    }

    /// How many slots of `range` hold a bar.
    pub(crate) fn count(&self, range: Range<u32>) -> u32 {
        // Rows in order: the newest opens the range.
        if self.filled_to == range.start + 1 && !range.is_empty() {
            return u32::from(self.has(range.start));
        }
        self.words(range).map(|(_, bits)| bits.count_ones()).sum()
    }

    /// Whether any slot from `from` on was ever filled.
    #[inline]
    pub(crate) fn reach(&self, from: u32) -> bool {
        self.filled_to > from
    }

    /// The first filled slot from `from` on.
    pub(crate) fn next_filled(&self, from: u32) -> Option<u32> {
        if !self.reach(from) {
            return None;
        }
        let (_, at) = self
            .words(from..self.filled_to)
            .map(|(word, bits)| (bits, word * 64 + bits.trailing_zeros()))
            .find(|&(bits, _)| bits != 0)?;
        Some(at)
    }

    /// Adds the bars of `range` to `fold` in minute order.
    #[inline]
    pub(crate) fn fold(&self, range: Range<u32>, n_base: u32, fold: &mut Fold) {
        if n_base == range.end - range.start {
            fold.add_all(&self.bars[range.start as usize..range.end as usize]);
            return;
        }
        // In registers: through the reference every addition would wait for the store before it.
        let mut sum = *fold;
        for (word, mut bits) in self.words(range) {
            while bits != 0 {
                sum.add(&self.bars[(word * 64 + bits.trailing_zeros()) as usize]);
                bits &= bits - 1;
            }
        }
        *fold = sum;
    }

    /// The words of the presence bits that cover `range`, bits outside it cleared.
    fn words(&self, range: Range<u32>) -> impl Iterator<Item = (u32, u64)> + '_ {
        (range.start / 64..range.end.div_ceil(64)).map(move |word| {
            let below = range.start.saturating_sub(word * 64);
            let above = (word * 64 + 64).saturating_sub(range.end);
            (word, self.present[word as usize] & (u64::MAX << below) & (u64::MAX >> above))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bar(volume: f64) -> Bar {
        Bar { open: 1.0, high: 1.0, low: 1.0, close: volume, volume, ..EMPTY_SLOT }
    }

    proptest! {
        #[test]
        fn counts_and_folds_are_those_of_a_plain_list(
            filled in proptest::collection::btree_set(0_u32..300, 0..300),
            a in 0_u32..300,
            b in 0_u32..300,
        ) {
            let range = a.min(b)..a.max(b);
            let mut slots = Slots::default();
            slots.reset(300);
            for &slot in filled.iter().rev() {
                slots.put(slot, &bar(f64::from(slot) + 0.1));
            }
            let inside: Vec<u32> = filled.iter().copied().filter(|s| range.contains(s)).collect();
            prop_assert_eq!(slots.count(range.clone()) as usize, inside.len());
            prop_assert_eq!(slots.next_filled(a), filled.range(a..).next().copied());
            let (mut fold, mut plain) = (Fold::EMPTY, Fold::EMPTY);
            slots.fold(range, inside.len() as u32, &mut fold);
            inside.iter().for_each(|&s| plain.add(&bar(f64::from(s) + 0.1)));
            prop_assert_eq!(fold.n_base, plain.n_base);
            if fold.n_base > 0 {
                prop_assert!(fold.bar(Timestamp::MIN).is_same(&plain.bar(Timestamp::MIN)));
            }
        }
    }

    #[test]
    fn no_slots_hold_no_bar() {
        let mut slots = Slots::default();
        slots.reset(100);
        slots.put(9, &bar(1.0));
        assert_eq!((slots.count(9..9), slots.count(9..10), slots.count(9..12)), (0, 1, 1));
    }

    #[test]
    fn a_table_used_again_is_empty() {
        let mut slots = Slots::default();
        slots.reset(100);
        slots.put(99, &bar(1.0));
        slots.reset(90);
        assert!(slots.bar(89).is_none() && slots.count(0..90) == 0 && slots.next_filled(0).is_none());
    }
}
