//! Log messages about what the host does. Only the shell logs; the state machines do not.

/// Logs through the `log` crate if that feature is on; otherwise does nothing.
macro_rules! report {
    ($level:ident, $($argument:tt)*) => {{
        #[cfg(feature = "log")]
        log::$level!(target: "bindrune", $($argument)*);
        #[cfg(not(feature = "log"))]
        {
            let _ = format_args!($($argument)*);
        }
    }};
}
pub(crate) use report;
