//! Random numbers that are the same on every machine.

/// xoshiro256++ 1.0 of D. Blackman and S. Vigna, its state filled by SplitMix64 as they say
/// (<https://prng.di.unimi.it/xoshiro256plusplus.c>, `splitmix64.c` beside it; both in the public domain).
#[derive(Debug, Clone)]
pub(super) struct Random([u64; 4]);

/// The step of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of SplitMix64.
const fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    /// The numbers of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(GOLDEN);
            mixed(state)
        }))
    }

    /// The numbers of stream `stream` of `seed`, which say nothing about those of another stream.
    pub(super) fn of_stream(seed: u64, stream: u64) -> Self {
        Self::new(mixed(seed.wrapping_add(GOLDEN)) ^ mixed(stream.wrapping_mul(GOLDEN)))
    }

    /// 64 random bits.
    #[inline]
    pub(super) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let t = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= t;
        *d = d.rotate_left(45);
        result
    }

    /// From 0, inclusive, to 1, exclusive.
    #[inline]
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Of mean 0 and deviation 1, nearly normal: the sum of four even numbers, so none is beyond 3.5.
    #[inline]
    pub(super) fn normal(&mut self) -> f64 {
        let bits = self.bits();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        // An even number below 65,536 has the mean 32,767.5 and the variance 65,536² / 12, nearly.
        const DEVIATION: f64 = 37_837.227;
        (sum as f64 - 131_070.0) / DEVIATION
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_generator() {
        // The state 1, 2, 3, 4 gives these, as in the reference implementation.
        let mut random = Random([1, 2, 3, 4]);
        let first: [u64; 4] = std::array::from_fn(|_| random.bits());
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
        // SplitMix64 of the seed 0.
        assert_eq!(Random::new(0).0[0], 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut random = Random::new(7);
        let n = 200_000;
        let values: Vec<f64> = (0..n).map(|_| random.normal()).collect();
        let mean = values.iter().sum::<f64>() / f64::from(n);
        let variance = values.iter().map(|value| value * value).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.01, "{mean} {variance}");
        assert!(values.iter().all(|value| value.abs() < 3.5));
    }

    #[test]
    fn streams_of_one_seed_differ() {
        assert_ne!(Random::of_stream(7, 0).bits(), Random::of_stream(7, 1).bits());
        assert_ne!(Random::of_stream(7, 1).bits(), Random::of_stream(8, 1).bits());
    }
}
