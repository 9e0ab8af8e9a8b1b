mod hostile;
mod life;
mod negotiation;
mod pair;
mod rows;
mod suite;

use super::testing::Pair;
use super::{ChannelConfig, Channels, Mode};

/// Opens a channel between two ends with these configurations.
fn opened(a: ChannelConfig, b: ChannelConfig) -> (Pair, usize) {
    let mut pair = Pair::new(3, 4096);
    pair.b.accepts = Some(b);
    let index = pair.a.connect(pair.now, a);
    pair.run();
    (pair, index)
}

/// Returns the modes of the first channel of both ends.
fn mode_of(pair: &Pair) -> (Mode, Mode) {
    let mode = |c: &Channels| c.get(0).unwrap().agreement().mode;
    (mode(&pair.a.channels), mode(&pair.b.channels))
}
