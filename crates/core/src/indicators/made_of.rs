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
