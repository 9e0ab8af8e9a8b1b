//! Reports of what the host does, for whoever reads the log. Only the shell reports; no machine does.

/// Reports through the `log` crate where that feature is on, and does nothing elsewhere.
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
