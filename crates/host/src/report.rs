//! Log messages about what the host does. Only the shell logs; the state machines do not.

/// Logs the same text through the crates `log` and `defmt`, with each one whose feature is on; otherwise does nothing.
macro_rules! report {
    ($level:ident, $($argument:tt)*) => {{
        #[cfg(feature = "log")]
        log::$level!(target: "bindrune", $($argument)*);
        #[cfg(feature = "defmt")]
        defmt::$level!("{}", defmt::Display2Format(&format_args!($($argument)*)));
        #[cfg(not(any(feature = "log", feature = "defmt")))]
        {
            let _ = format_args!($($argument)*);
        }
    }};
}
pub(crate) use report;
