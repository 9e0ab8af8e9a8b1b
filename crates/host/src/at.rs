//! An optional time, in the memory of one.

use core::num::NonZeroU64;

use embassy_time::Instant;

/// As `Option<Instant>`, in half the memory. None is all zero; the first tick of the clock counts as the second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At(Option<NonZeroU64>);

impl At {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) const fn new(at: Option<Instant>) -> Self {
        match at {
            Some(at) if at.as_ticks() == 0 => Self(Some(NonZeroU64::MIN)),
            Some(at) => Self(NonZeroU64::new(at.as_ticks())),
            None => Self::NONE,
        }
    }

    pub(crate) const fn get(self) -> Option<Instant> {
        match self.0 {
            Some(ticks) => Some(Instant::from_ticks(ticks.get())),
            None => None,
        }
    }

    pub(crate) const fn is_some(self) -> bool {
        self.0.is_some()
    }

    /// Takes the time if it is `now` or earlier.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        let due = self.get().is_some_and(|at| at <= now);
        if due {
            *self = Self::NONE;
        }
        due
    }

    /// Takes the time; returns whether there was one.
    pub(crate) const fn take(&mut self) -> bool {
        core::mem::replace(self, Self::NONE).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_large_as_a_time_and_keeps_it() {
        assert_eq!(size_of::<At>(), size_of::<Instant>());
        let mut at = At::new(Some(Instant::from_ticks(7)));
        assert_eq!(at.get(), Some(Instant::from_ticks(7)));
        assert!(!at.take_due(Instant::from_ticks(6)) && at.take_due(Instant::from_ticks(7)));
        assert_eq!(at, At::NONE);
        assert!(At::new(Some(Instant::MIN)).is_some());
    }
}
