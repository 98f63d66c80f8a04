//! How many values ago the last n had their extreme; of equal ones the latest counts.

use std::marker::PhantomData;

use crate::snapshot::{Bytes, Read, SnapshotError};

use super::merged::Aggregate;
use super::window::Combine;

/// The extreme of some values under [`Max`](super::Max) or [`Min`](super::Min), and how far behind the newest of them it lies.
#[derive(Debug, Clone, Copy)]
pub struct Latest<C> {
    extreme: f64,
    /// Values after it.
    pub ago: f64,
    combine: PhantomData<C>,
}

impl<C: Combine> Default for Latest<C> {
    fn default() -> Self {
        Self::of(C::IDENTITY)
    }
}

impl<C: Combine> Aggregate for Latest<C> {
    type Value = f64;

    #[inline(always)]
    fn of(extreme: f64) -> Self {
        Self { extreme, ago: 0.0, combine: PhantomData }
    }

    #[inline(always)]
    fn moved(self, _: Self, _: Self) -> Self {
        self
    }

    #[inline(always)]
    fn merge(self, _: f64, after: Self, newer: f64) -> Self {
        // The newer stands unless the older beats it.
        let extreme = C::combine(after.extreme, self.extreme);
        if extreme == after.extreme { after } else { Self { ago: self.ago + newer, ..self } }
    }

    fn save(self, to: &mut Bytes) {
        to.f64s(&[self.extreme, self.ago]);
    }

    fn restore(from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { extreme: from.f64()?, ago: from.f64()?, combine: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Max, Merged, Min};
    use super::*;

    #[test]
    fn of_equal_extremes_the_latest_counts() {
        let (mut high, mut low) = (Merged::<Latest<Max>>::new(3), Merged::<Latest<Min>>::new(3));
        let values = [5.0, 5.0, 1.0, 2.0, 1.0, 0.0, 7.0];
        let agos = values.map(|x| high.push(x).zip(low.push(x)).map(|(h, l)| [h.ago, l.ago]));
        let expected = [
            None,
            None,
            Some([1.0, 0.0]),
            Some([2.0, 1.0]),
            Some([1.0, 0.0]),
            Some([2.0, 0.0]),
            Some([0.0, 1.0]),
        ];
        assert_eq!(agos, expected);
    }
}
