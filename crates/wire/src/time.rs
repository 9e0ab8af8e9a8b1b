//! Time of the machines: milliseconds in four bytes.
//!
//! The clock of a host counts ticks in eight bytes. A machine compares only times that are close to each other, and a
//! millisecond is exact enough for its deadlines, so it takes half the memory and less code. The host converts the time
//! once for each wake.

use core::{
    cmp::Ordering,
    num::NonZeroU32,
    ops::{Add, AddAssign, Sub},
};

use embassy_time::{Duration, TICK_HZ};

/// A point in time in milliseconds, counted from the start of the clock modulo 2^31. An `Option` of it takes no more
/// memory.
///
/// Two times can be compared if they are at most [`Instant::RANGE`] apart: the one that comes first within half the
/// circle is the earlier one. So a deadline must be handled, and a time of the past forgotten, before it is that old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(
    /// Half milliseconds, always an odd number of them.
    NonZeroU32,
);

/// A millisecond is `TICKS / PARTS` ticks of the clock.
const TICKS: u64 = TICK_HZ.wrapping_div(shared(TICK_HZ, 1_000));
const PARTS: u64 = 1_000u64.wrapping_div(shared(TICK_HZ, 1_000));

/// Returns the greatest common divisor.
const fn shared(a: u64, b: u64) -> u64 {
    match a.checked_rem(b) {
        Some(rest) => shared(b, rest),
        None => a,
    }
}

impl Instant {
    /// The start of the clock.
    pub const ZERO: Self = Self::from_millis(0);
    /// The longest time between two times that can be compared, 12.4 days.
    pub const RANGE: Duration = Duration::from_millis(RANGE as u64);

    /// Returns the time of the clock, rounded down to a millisecond.
    #[must_use]
    pub const fn of(clock: embassy_time::Instant) -> Self {
        Self::new(millis(clock.as_ticks()))
    }

    /// Returns the time that many seconds after the start of the clock.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self::from_millis(seconds.wrapping_mul(1_000))
    }

    /// Returns the time that many milliseconds after the start of the clock.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self::new(low(millis))
    }

    const fn new(millis: u32) -> Self {
        Self::odd(millis << 1)
    }

    const fn odd(halves: u32) -> Self {
        match NonZeroU32::new(halves | 1) {
            Some(halves) => Self(halves),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// Returns the time `duration` later, rounded up to a millisecond and at most [`Self::RANGE`].
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self::odd(self.0.get().wrapping_add(millis_of(duration) << 1))
    }

    /// Returns the time `duration` earlier, rounded down to a millisecond and at most [`Self::RANGE`].
    #[must_use]
    pub const fn before(self, duration: Duration) -> Self {
        Self::odd(self.0.get().wrapping_sub(millis_of(duration) << 1))
    }

    /// Returns the time `duration` later, rounded up to a millisecond; `None` if that is beyond [`Self::RANGE`].
    #[must_use]
    pub const fn checked_add(self, duration: Duration) -> Option<Self> {
        if duration.as_ticks() > Self::RANGE.as_ticks() { None } else { Some(self.after(duration)) }
    }

    /// Returns the milliseconds since `earlier`, modulo 2^31.
    const fn passed(self, earlier: Self) -> u32 {
        self.0.get().wrapping_sub(earlier.0.get()) >> 1
    }

    /// Returns the time since `earlier`, which must not be later. It is right for 24.8 days, twice [`Self::RANGE`].
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.passed(earlier) as u64)
    }

    /// Returns whether this time comes after `now`, but at most `longest` later. Use it for a time that stays stored
    /// when it has passed: beyond [`Self::RANGE`] it would seem to come again.
    #[must_use]
    pub const fn is_ahead(self, now: Self, longest: Duration) -> bool {
        let left = self.passed(now);
        left != 0 && left <= millis_of(longest)
    }

    /// Returns the time from `now` to this time; nothing if it has passed.
    #[must_use]
    pub const fn left(self, now: Self) -> Duration {
        let left = self.passed(now);
        Duration::from_millis(if left > RANGE { 0 } else { left as u64 })
    }
}

/// The earliest of the added deadlines, with its reason.
#[derive(Clone, Copy, Debug)]
pub struct Earliest<T>(Option<(Instant, T)>);

impl<T: Copy> Earliest<T> {
    /// No deadline.
    pub const NONE: Self = Self(None);

    /// Adds a deadline, if there is one. Of two at the same time, the first one stays.
    #[inline(always)]
    pub fn add(&mut self, at: Option<Instant>, why: T) {
        if let Some(at) = at {
            self.add_some(at, why);
        }
    }

    #[inline(never)]
    fn add_some(&mut self, at: Instant, why: T) {
        if self.0.is_none_or(|(known, _)| at < known) {
            self.0 = Some((at, why));
        }
    }

    /// Returns the earliest deadline, and its reason.
    #[must_use]
    pub const fn get(self) -> Option<(Instant, T)> {
        self.0
    }
}

/// Half the circle, in milliseconds.
const RANGE: u32 = u32::MAX >> 2;

/// Whether the ticks of a millisecond, less than 2^16, need a division that a processor with 32 bits does not have.
const IS_DIVIDED: bool =
    !cfg!(target_pointer_width = "64") && PARTS == 1 && TICKS < 1 << 16 && !TICKS.is_power_of_two();

/// Returns the milliseconds of a time of the clock, modulo 2^32, rounded down.
const fn millis(ticks: u64) -> u32 {
    if !IS_DIVIDED {
        return low(ticks.wrapping_mul(PARTS).wrapping_div(TICKS));
    }
    in_parts(ticks)
}

/// As [`millis`], 16 bits at a time, because a division of 64 bits is a slow function on a processor with 32.
const fn in_parts(ticks: u64) -> u32 {
    let [a, b, c, d, e, f, g, h] = ticks.to_be_bytes();
    let (_, rest) = divided(0, a, b);
    let (_, rest) = divided(rest, c, d);
    let (upper, rest) = divided(rest, e, f);
    let (lower, _) = divided(rest, g, h);
    upper << 16 | lower
}

/// Divides two more bytes by a millisecond of less than 2^16 ticks. Returns the quotient and the rest.
const fn divided(rest: u32, upper: u8, lower: u8) -> (u32, u32) {
    const MILLISECOND: u32 = low(TICKS);
    let part = rest << 16 | (upper as u32) << 8 | lower as u32;
    (part.wrapping_div(MILLISECOND), part.wrapping_rem(MILLISECOND))
}

/// Returns the milliseconds of a duration, rounded up if a tick or more is beyond, and at most [`RANGE`].
const fn millis_of(duration: Duration) -> u32 {
    let longest = Instant::RANGE.as_ticks();
    if duration.as_ticks() >= longest {
        return RANGE;
    }
    millis(duration.as_ticks().saturating_add(TICKS.saturating_sub(1).wrapping_div(PARTS)))
}

const fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

impl Ord for Instant {
    /// Compares two times that are at most [`Instant::RANGE`] apart.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.get().wrapping_sub(other.0.get()).cast_signed().cmp(&0)
    }
}

impl PartialOrd for Instant {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// As [`Instant::after`].
    #[inline]
    fn add(self, duration: Duration) -> Self {
        self.after(duration)
    }
}

impl AddAssign<Duration> for Instant {
    #[inline]
    fn add_assign(&mut self, duration: Duration) {
        *self = self.after(duration);
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    /// As [`Instant::before`].
    #[inline]
    fn sub(self, duration: Duration) -> Self {
        self.before(duration)
    }
}

#[cfg(test)]
mod tests {
    use embassy_time::Instant as Clock;
    use proptest::prelude::*;

    use super::*;

    const LAST: u32 = u32::MAX >> 1;

    #[test]
    fn times_around_the_end_of_the_circle_are_in_order() {
        let before = Instant::new(LAST - 4);
        let after = before + Duration::from_millis(10);
        assert_eq!(after, Instant::new(5));
        assert_eq!((before.cmp(&after), after.cmp(&before)), (Ordering::Less, Ordering::Greater));
        assert_eq!(after.since(before), Duration::from_millis(10));
        assert_eq!(after - Duration::from_millis(10), before);
        assert!(after.is_ahead(before, Duration::from_millis(10)));
        assert!(!after.is_ahead(before, Duration::from_millis(9)));
        assert!(!after.is_ahead(after, Duration::MAX));
        assert!(!before.is_ahead(after, Duration::MAX));
    }

    #[test]
    fn a_wait_without_end_is_the_longest() {
        let now = Instant::new(77);
        assert_eq!((now + Duration::MAX).since(now), Instant::RANGE);
        assert!(now + Duration::MAX > now);
        assert_eq!(now.checked_add(Duration::MAX), None);
        assert_eq!(now.checked_add(Instant::RANGE), Some(now + Duration::MAX));
    }

    #[test]
    fn durations_are_rounded_up() {
        let tick = Duration::from_ticks(1);
        assert_eq!(Instant::ZERO + tick, Instant::from_millis(1));
        assert_eq!(Instant::ZERO + Duration::from_millis(7) + tick, Instant::from_millis(8));
        assert_eq!(Instant::ZERO + Duration::from_secs(30), Instant::from_secs(30));
    }

    #[test]
    fn an_optional_time_is_as_large_as_a_time() {
        assert_eq!((size_of::<Instant>(), size_of::<Option<Instant>>()), (4, 4));
    }

    #[test]
    fn the_first_of_the_earliest_deadlines_is_kept() {
        let mut earliest = Earliest::NONE;
        earliest.add(None, 'a');
        assert_eq!(earliest.get(), None);
        earliest.add(Some(Instant::new(2)), 'b');
        earliest.add(Some(Instant::new(LAST)), 'c');
        earliest.add(Some(Instant::new(LAST)), 'd');
        assert_eq!(earliest.get(), Some((Instant::new(LAST), 'c')));
    }

    proptest! {
        #[test]
        fn the_clock_is_rounded_down(ticks: u64) {
            let expected = low((u128::from(ticks) * 1_000 / u128::from(TICK_HZ)) as u64);
            prop_assert_eq!(Instant::of(Clock::from_ticks(ticks)), Instant::new(expected));
            if PARTS == 1 && TICKS < 1 << 16 {
                prop_assert_eq!(in_parts(ticks), expected);
            }
        }

        /// An alarm that is set for a deadline finds it due, and comes not a millisecond too early or late.
        #[test]
        fn a_deadline_is_due_when_its_alarm_comes(now in 0..u64::MAX / 2, wait in 1..RANGE) {
            let now = Clock::from_ticks(now);
            let wait = Duration::from_millis(wait.into());
            let deadline = Instant::of(now) + wait;
            let alarm = now + deadline.left(Instant::of(now));
            prop_assert!(Instant::of(now) < deadline);
            prop_assert_eq!(Instant::of(alarm), deadline);
            prop_assert_eq!(alarm, now + wait);
        }

        #[test]
        fn what_has_passed_is_due_at_once(now in 0..u64::MAX / 2, ago in 0..RANGE) {
            let now = Instant::of(Clock::from_ticks(now));
            let deadline = now - Duration::from_millis(ago.into());
            prop_assert_eq!(deadline.left(now), Duration::MIN);
            prop_assert!(deadline <= now);
        }
    }
}
