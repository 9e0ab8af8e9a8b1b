//! Work that only a build with BR/EDR can do.

use anyhow::Result;
use bindrune_bench_null::Work;

#[cfg(feature = "classic")]
mod classic;

/// Does work of BR/EDR, and returns how much of it arrived.
#[cfg(feature = "classic")]
pub(crate) async fn classic(work: Work, count: u64) -> Result<u64> {
    classic::run(work, count).await
}

/// Fails: this build has no BR/EDR.
#[cfg(not(feature = "classic"))]
pub(crate) async fn classic(work: Work, _count: u64) -> Result<u64> {
    anyhow::bail!("a build without BR/EDR cannot do {work:?}")
}
