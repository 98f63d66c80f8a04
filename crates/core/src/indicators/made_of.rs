//! The state of what is made of parts.

/// `reset`, `save` and `restore` of what has these parts for its state, in this order, and nothing else.
macro_rules! made_of {
    ($($part:tt),+) => {
        fn reset(&mut self) {
            $(self.$part.reset();)+
        }

        fn save(&self, to: &mut $crate::snapshot::Bytes) {
            $(self.$part.save(to);)+
        }

        fn restore(
            &mut self,
            from: &mut $crate::snapshot::Read<'_>,
        ) -> Result<(), $crate::snapshot::SnapshotError> {
            $(self.$part.restore(from)?;)+
            Ok(())
        }
    };
}

/// What a [`Filter`](super::parts::Filter) consists of that is `self.0`, with `$told` made of its values.
macro_rules! told_by {
    ($told:expr) => {
        type Value = f64;

        #[inline(always)]
        fn push(&mut self, value: f64) -> Option<f64> {
            self.0.push(value).map($told)
        }

        #[inline(always)]
        fn peek(&self, value: f64) -> Option<f64> {
            self.0.peek(value).map($told)
        }

        fn warm_up(&self) -> $crate::indicators::contract::WarmUp {
            self.0.warm_up()
        }

        made_of!(0);
    };
}
