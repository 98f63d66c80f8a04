//! Order statistics of the last n values: the k-th smallest, and how many lie below a value.
//!
//! A weight-balanced tree whose nodes are the places of a ring: order statistics need the sizes of subtrees anyway, and the
//! sizes keep it balanced. No subtree outweighs its sibling more than 3 times (Δ = 3, Γ = 2: Hirai and Yamamoto, *Balancing
//! weight-balanced trees*, JFP 21, 2011), so on any input at most 1 + log((n + 1) / 2) / log(4 / 3) nodes lie on a path.
//! O(log n) a value; nothing is allocated after [`Ranks::new`].

use std::cmp::Ordering;

use crate::snapshot::{Bytes, Read, SnapshotError};

/// No node: place 0 of the ring, of size 0.
const NONE: u32 = 0;
/// The longest span: three times its weight still fits a `u32`.
const LONGEST: usize = 1 << 30;

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    value: f64,
    /// Nodes in the subtree, this one too.
    size: u32,
    /// Smaller and larger values.
    kids: [u32; 2],
}

/// The order of the last n values, which are never NaN. A zero loses its sign, so equal values are the same bits.
#[derive(Debug, Clone)]
pub struct Ranks {
    /// `[0]` is no node, `[1..]` the ring.
    nodes: Box<[Node]>,
    root: u32,
    /// Where the next value goes, from 1.
    at: u32,
}

impl Ranks {
    /// A window of `n` values, at least 1 and at most 2³⁰, that has seen none. 24 bytes a value.
    pub fn new(n: usize) -> Self {
        let nodes = vec![Node::default(); n.clamp(1, LONGEST) + 1].into_boxed_slice();
        Self { nodes, root: NONE, at: 1 }
    }

    /// How many values the window spans.
    pub fn span(&self) -> usize {
        self.nodes.len() - 1
    }

    /// How many values it holds, up to its span.
    #[inline]
    pub fn seen(&self) -> usize {
        self.size(self.root)
    }

    /// Whether it holds as many values as it spans.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.seen() == self.span()
    }

    /// Whether it would be full with one value more.
    #[inline]
    pub fn would_be_full(&self) -> bool {
        self.seen() + 1 >= self.span()
    }

    /// Takes a value; the oldest leaves when the window is full. O(log n).
    pub fn push(&mut self, value: f64) {
        let new = self.at;
        if self.is_full() {
            self.root = self.without(self.root, new);
        }
        // -0.0 + 0.0 is 0.0: ties are the same bits, so it never shows how they are ordered.
        self.nodes[new as usize] = Node { value: value + 0.0, size: 1, kids: [NONE; 2] };
        self.root = self.with(self.root, new);
        self.at = if new as usize == self.span() { 1 } else { new + 1 };
    }

    /// The window as `push` would leave it. O(1), nothing changes.
    #[inline]
    pub fn peek(&self, value: f64) -> Peeked<'_> {
        let gone = self.is_full().then(|| self.node(self.at).value);
        Peeked { ranks: self, gone, new: value + 0.0 }
    }

    /// The k-th smallest value, from 0. O(log n).
    pub fn nth(&self, mut k: usize) -> Option<f64> {
        let mut at = self.root;
        while at != NONE {
            let node = self.node(at);
            let smaller = self.size(node.kids[0]);
            if k == smaller {
                return Some(node.value);
            }
            let larger = k > smaller;
            k -= if larger { smaller + 1 } else { 0 };
            at = node.kids[usize::from(larger)];
        }
        None
    }

    /// How many values are smaller than `value`. O(log n).
    pub fn below(&self, value: f64) -> usize {
        self.count(value, Ordering::is_lt)
    }

    /// How many values are `value` or smaller. O(log n).
    pub fn at_most(&self, value: f64) -> usize {
        self.count(value, Ordering::is_le)
    }

    /// How many values compare so with `value`, when those that do come first.
    #[inline]
    fn count(&self, value: f64, so: impl Fn(Ordering) -> bool) -> usize {
        let (mut at, mut count) = (self.root, 0);
        while at != NONE {
            let node = self.node(at);
            let larger = so(node.value.total_cmp(&(value + 0.0)));
            count += if larger { self.size(node.kids[0]) + 1 } else { 0 };
            at = node.kids[usize::from(larger)];
        }
        count
    }

    #[inline]
    fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    #[inline]
    fn size(&self, at: u32) -> usize {
        self.node(at).size as usize
    }

    /// Nodes in each child, and one.
    #[inline]
    fn weights(&self, at: u32) -> [u32; 2] {
        self.node(at).kids.map(|kid| self.node(kid).size + 1)
    }

    /// On which side of another node a node lies. Total even for NaN, so every node is found again.
    #[inline]
    fn side(&self, of: u32, at: u32) -> usize {
        let order = self.node(of).value.total_cmp(&self.node(at).value);
        usize::from(order.then(of.cmp(&at)).is_lt())
    }

    /// The subtree with a node more.
    fn with(&mut self, root: u32, new: u32) -> u32 {
        if root == NONE {
            return new;
        }
        let side = self.side(root, new);
        let kid = self.with(self.node(root).kids[side], new);
        self.set(root, side, kid)
    }

    /// The subtree without a node that it holds.
    fn without(&mut self, root: u32, old: u32) -> u32 {
        let kids = self.node(root).kids;
        if root != old {
            let side = self.side(root, old);
            let kid = self.without(kids[side], old);
            return self.set(root, side, kid);
        }
        let heavy = usize::from(self.size(kids[1]) > self.size(kids[0]));
        if kids[1 - heavy] == NONE {
            return kids[heavy];
        }
        let (next, rest) = self.without_end(kids[heavy], 1 - heavy);
        self.nodes[next as usize].kids = kids;
        self.set(next, heavy, rest)
    }

    /// The outermost node on a side, and the subtree without it.
    fn without_end(&mut self, root: u32, side: usize) -> (u32, u32) {
        let kids = self.node(root).kids;
        if kids[side] == NONE {
            return (root, kids[1 - side]);
        }
        let (end, rest) = self.without_end(kids[side], side);
        (end, self.set(root, side, rest))
    }

    /// The subtree with another child, balanced again.
    fn set(&mut self, root: u32, side: usize, kid: u32) -> u32 {
        self.nodes[root as usize].kids[side] = kid;
        let weights = self.weights(root);
        self.nodes[root as usize].size = weights[0] + weights[1] - 1;
        let heavy = usize::from(weights[1] > weights[0]);
        if weights[heavy] <= 3 * weights[1 - heavy] {
            return root;
        }
        let kid = self.node(root).kids[heavy];
        let weights = self.weights(kid);
        if weights[1 - heavy] >= 2 * weights[heavy] {
            self.nodes[root as usize].kids[heavy] = self.turn(kid, 1 - heavy);
        }
        self.turn(root, heavy)
    }

    /// The child on a side comes up, its parent goes down the other side.
    fn turn(&mut self, root: u32, side: usize) -> u32 {
        let up = self.node(root).kids[side];
        self.nodes[root as usize].kids[side] = self.node(up).kids[1 - side];
        self.nodes[up as usize].kids[1 - side] = root;
        for at in [root, up] {
            let [left, right] = self.weights(at);
            self.nodes[at as usize].size = left + right - 1;
        }
        up
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        (self.root, self.at) = (NONE, 1);
    }

    /// Writes the values, oldest first; their order follows from them.
    pub fn save(&self, to: &mut Bytes) {
        let (newer, older) = self.nodes[1..].split_at(self.at as usize - 1);
        let older = if self.is_full() { older } else { &[] };
        to.u32(self.seen() as u32);
        older.iter().chain(newer).for_each(|node| to.f64(node.value));
    }

    /// Reads the state of a window of the same span. O(n log n).
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.reset();
        for _ in 0..from.at_most("window count", self.span())? {
            let value = from.f64()?;
            if value.is_nan() {
                let allowed = "the bits of a number".to_owned();
                return Err(SnapshotError::Value { field: "window value", got: value.to_bits(), allowed });
            }
            self.push(value);
        }
        Ok(())
    }
}

/// A window as it would be with a value more: see [`Ranks::peek`].
#[derive(Debug, Clone, Copy)]
pub struct Peeked<'a> {
    ranks: &'a Ranks,
    gone: Option<f64>,
    new: f64,
}

impl Peeked<'_> {
    /// What [`Ranks::nth`] would be. O(log n).
    pub fn nth(&self, k: usize) -> Option<f64> {
        let gone = self.gone.map(|gone| self.ranks.below(gone));
        let stays = |k: usize| self.ranks.nth(k + usize::from(gone.is_some_and(|gone| k >= gone)));
        let new = self.below(self.new);
        if k == new { Some(self.new) } else { stays(k - usize::from(k > new)) }
    }

    /// What [`Ranks::below`] would be. O(log n).
    pub fn below(&self, value: f64) -> usize {
        self.count(value, Ordering::is_lt)
    }

    /// What [`Ranks::at_most`] would be. O(log n).
    pub fn at_most(&self, value: f64) -> usize {
        self.count(value, Ordering::is_le)
    }

    #[inline]
    fn count(&self, value: f64, so: impl Fn(Ordering) -> bool + Copy) -> usize {
        let counts = |held: f64| usize::from(so(held.total_cmp(&(value + 0.0))));
        self.ranks.count(value, so) + counts(self.new) - self.gone.map_or(0, counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks sizes, order and balance of a subtree and gives its depth.
    fn depth(ranks: &Ranks, at: u32) -> usize {
        if at == NONE {
            return 0;
        }
        let [left, right] = ranks.node(at).kids;
        let sizes = [ranks.size(left), ranks.size(right)];
        assert_eq!(ranks.size(at), sizes[0] + sizes[1] + 1);
        assert!(sizes.map(|size| size + 1).iter().all(|&w| 4 * w <= 3 * (ranks.size(at) + 1)), "{sizes:?}");
        assert!(left == NONE || ranks.side(left, at) == 1);
        assert!(right == NONE || ranks.side(right, at) == 0);
        1 + depth(ranks, left).max(depth(ranks, right))
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let tie = (-3_i32..4).prop_map(f64::from);
        let odd = prop::sample::select(vec![-0.0, 1e300, -1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY]);
        prop::collection::vec(prop_oneof![4 => -1e3..1e3, 4 => tie, 1 => odd], 1..150)
    }

    /// `every` so many values all answers are compared; at `cut` a used window takes over from saved bytes.
    fn agrees_with_sorting(values: &[f64], n: usize, every: usize, cut: usize) {
        let mut ranks = Ranks::new(n);
        for (i, &value) in values.iter().enumerate() {
            if i == cut {
                let mut saved = Bytes::new();
                ranks.save(&mut saved);
                ranks = Ranks::new(n);
                ranks.push(7.0);
                ranks.restore(&mut Read::new(saved.as_slice())).unwrap();
            }
            let would_be_full = ranks.would_be_full();
            let before = (i % every == 0).then(|| ranks.clone());
            ranks.push(value);
            let seen = n.min(i + 1);
            assert_eq!((ranks.seen(), ranks.is_full(), would_be_full), (seen, seen == n, seen == n));
            let Some(before) = before else { continue };
            let peeked = before.peek(value);
            let mut sorted: Vec<f64> = values[i + 1 - seen..=i].iter().map(|x| x + 0.0).collect();
            sorted.sort_by(f64::total_cmp);
            for k in 0..=seen {
                let nth = sorted.get(k).map(|x| x.to_bits());
                assert_eq!([ranks.nth(k), peeked.nth(k)].map(|x| x.map(f64::to_bits)), [nth; 2], "{k}");
            }
            for x in [value, -value, 0.0, -0.0, value + 1.0, values[0], values[i / 2]] {
                let count = |so: fn(&f64, &f64) -> bool| sorted.partition_point(|held| so(held, &x));
                let counts = (count(f64::lt), count(f64::le));
                assert_eq!((ranks.below(x), ranks.at_most(x)), counts, "{x}");
                assert_eq!((peeked.below(x), peeked.at_most(x)), counts, "{x}");
            }
            depth(&ranks, ranks.root);
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_sorting(values in values(), n in 1_usize..=40, cut in 0_usize..150) {
            agrees_with_sorting(&values, n, 1, cut);
        }
    }

    #[test]
    fn it_agrees_with_sorting_in_a_long_window() {
        let scattered = |i: u32| f64::from(i.wrapping_mul(2_654_435_761) >> 20);
        agrees_with_sorting(&(0..9_000).map(scattered).collect::<Vec<_>>(), 3_000, 250, 4_000);
    }

    #[test]
    fn it_stays_shallow_on_sorted_values() {
        let mut ranks = Ranks::new(10_000);
        for i in 0..100_000 {
            ranks.push(f64::from(i));
            if i % 997 == 0 {
                // 1 + log(5000.5) / log(4/3) is 30.6.
                assert!(depth(&ranks, ranks.root) <= 30);
            }
        }
        assert_eq!((ranks.nth(0), ranks.nth(10_000), ranks.below(95e3)), (Some(9e4), None, 5_000));
        ranks.reset();
        assert_eq!((ranks.seen(), ranks.nth(0), ranks.at_most(1e9)), (0, None, 0));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let restored = |count: u32, values: &[f64]| {
            let mut bytes = Bytes::new();
            bytes.u32(count);
            bytes.f64s(values);
            Ranks::new(3).restore(&mut Read::new(bytes.as_slice()))
        };
        assert!(restored(3, &[1.0, 2.0, 3.0]).is_ok());
        assert!(restored(4, &[1.0, 2.0, 3.0, 4.0]).is_err(), "more than it spans");
        assert!(restored(3, &[1.0, 2.0]).is_err(), "too short");
        assert!(restored(2, &[1.0, f64::NAN]).is_err(), "not a number");
        assert!(Ranks::new(3).restore(&mut Read::new(&[0, 0])).is_err());
    }
}
