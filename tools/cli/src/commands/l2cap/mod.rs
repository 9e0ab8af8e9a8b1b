//! `l2cap`: octets over credit-based channels.

mod echo;
mod receive;
mod send;

use bindrune::{ChannelConfig, Error, Receiver};

use crate::{
    cli::{Globals, L2cap},
    failure::Failure,
    output::Output,
};

/// Longest SDU that we send, in octets; a longer one only makes the progress coarser.
const LONGEST_SENT: usize = 8192;

/// A window wide enough for files.
pub(crate) const CONFIG: ChannelConfig = ChannelConfig { window: 48, ..ChannelConfig::DEFAULT };

/// A window for one of several channels.
pub(crate) const SHARED: ChannelConfig = ChannelConfig { window: 20, ..ChannelConfig::DEFAULT };

pub(crate) async fn run(globals: &Globals, out: Output, command: L2cap) -> Result<(), Failure> {
    match command {
        L2cap::Send { target, psm, file } => send::run(globals, out, &target, psm, &file).await,
        L2cap::Receive { psm, output, name } => {
            receive::run(globals, out, psm, &output, &name).await
        }
        L2cap::Echo { target, psm, bytes } => echo::run(globals, out, &target, psm, bytes).await,
    }
}

pub(crate) use echo::there_and_back;

/// Octets of the SDUs to send to a peer with this MTU.
fn sdu_len(peer_mtu: usize) -> usize {
    peer_mtu.clamp(1, LONGEST_SENT)
}

/// Takes what comes and drops it, until the channel ends.
async fn drain(receiver: &mut Receiver<'_>) -> Error {
    let mut buffer = vec![0; crate::echo::LONGEST];
    loop {
        if let Err(error) = receiver.recv(&mut buffer).await {
            return error;
        }
    }
}
