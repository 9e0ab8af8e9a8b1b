//! Counters of events, which a host without statistics leaves out.

use crate::capability::STATISTICS;

/// A counter that only grows, and stays at its maximum. Without the feature `statistics` it has no size, and is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter([u32; if STATISTICS { 1 } else { 0 }]);

impl Counter {
    /// A counter at zero.
    pub const ZERO: Self = Self([0; if STATISTICS { 1 } else { 0 }]);

    /// Adds one.
    pub fn count(&mut self) {
        self.add(1u32);
    }

    /// Adds `several`.
    pub fn add(&mut self, several: impl TryInto<u32>) {
        if let Some(counter) = self.0.first_mut() {
            *counter = counter.saturating_add(several.try_into().unwrap_or(u32::MAX));
        }
    }

    /// Returns the count.
    #[must_use]
    pub fn get(&self) -> u32 {
        self.0.first().copied().unwrap_or_default()
    }
}

/// Declares a structure of numbers for reports, and one of [`Counter`]s with the same fields that counts them. The
/// second one has `ZERO`, and `read`, which creates the report.
#[macro_export]
macro_rules! counters {
    (
        $(#[$attribute:meta])*
        pub struct $report:ident from $counters:ident {
            $($(#[doc = $doc:literal])* $name:ident,)*
        }
    ) => {
        $(#[$attribute])*
        pub struct $report {
            $($(#[doc = $doc])* pub $name: u32,)*
        }

        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) struct $counters {
            $(pub(crate) $name: $crate::Counter,)*
        }

        impl $counters {
            pub(crate) const ZERO: Self = Self { $($name: $crate::Counter::ZERO,)* };

            pub(crate) fn read(&self) -> $report {
                $report { $($name: self.$name.get(),)* }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::counters! {
        #[derive(Debug, PartialEq, Eq)]
        #[expect(unreachable_pub, reason = "the macro is for structures in public reports")]
        pub struct Report from Counters {
            /// The first count.
            one,
            /// The second count.
            other,
        }
    }

    #[test]
    fn counts_are_reported_only_with_statistics() {
        let mut counters = Counters::ZERO;
        counters.one.count();
        counters.one.add(2u8);
        counters.other.add(usize::MAX);
        counters.other.count();
        let [one, other] = if STATISTICS { [3, u32::MAX] } else { [0, 0] };
        assert_eq!(counters.read(), Report { one, other });
        assert_eq!(size_of::<Counters>(), if STATISTICS { 8 } else { 0 });
    }
}
