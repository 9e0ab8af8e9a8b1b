//! `l2cap echo`: sends bytes to a device that echoes them.

use std::time::Duration;

use bindrune::{Channel, Host};

use super::{open, sdu_len, step};
use crate::{
    cli::{Globals, Remote},
    failure::Failure,
    find,
    output::Output,
    session,
    transfer::{Pattern, Summary, Transfer},
};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    remote: &Remote,
    psm: u16,
    bytes: u64,
) -> Result<(), Failure> {
    session::run(globals, remote.setup()?, async |host| {
        let connection = find::link(host, out, remote).await?;
        let channel = open(&connection, psm).await?;
        let patience = Duration::from_secs_f64(remote.target.timeout);
        out.record(&there_and_back(host, patience, channel, out, bytes).await?)
    })
    .await
}

/// Sends `bytes` bytes, compares the echo, and closes the channel.
pub(crate) async fn there_and_back(
    host: &Host,
    patience: Duration,
    channel: Channel<'_>,
    out: Output,
    bytes: u64,
) -> Result<Summary, Failure> {
    let (mut sender, mut receiver) = channel.split();
    let most = sdu_len(sender.peer_mtu());
    let mut transfer = Transfer::new(out, Some(bytes));
    transfer.start();
    let there = async {
        let mut pattern = Pattern::new(1);
        let mut buffer = vec![0; most];
        let mut left = bytes;
        while left > 0 {
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let sdu = buffer.get_mut(..len).unwrap_or_default();
            pattern.fill(sdu);
            step(host, patience, "sending", sender.send(sdu)).await?;
            left = left.saturating_sub(u64::try_from(len).unwrap_or(left));
        }
        Ok::<(), Failure>(())
    };
    let back = async {
        let mut expected = Expected::new(most, bytes);
        let mut buffer = vec![0; crate::echo::LONGEST];
        while expected.left > 0 {
            let received = receiver.recv(&mut buffer);
            let len = step(host, patience, "receiving the echo", received).await?;
            let octets = buffer.get(..len).unwrap_or_default();
            expected.compare(octets)?;
            transfer.moved(octets);
        }
        Ok::<(), Failure>(())
    };
    tokio::try_join!(there, back)?;
    step(host, patience, "closing the channel", sender.close()).await?;
    Ok(transfer.finish())
}

/// The expected echo: the same pattern, in SDUs of any length.
pub(crate) struct Expected {
    pattern: Pattern,
    sdu: Vec<u8>,
    at: usize,
    pub(crate) left: u64,
}

impl Expected {
    pub(crate) fn new(sdu: usize, left: u64) -> Self {
        Self { pattern: Pattern::new(1), sdu: vec![0; sdu], at: sdu, left }
    }

    pub(crate) fn compare(&mut self, octets: &[u8]) -> Result<(), Failure> {
        for octet in octets {
            if self.at >= self.sdu.len() {
                let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.sdu.len());
                self.sdu.truncate(len);
                self.pattern.fill(&mut self.sdu);
                self.at = 0;
            }
            if self.sdu.get(self.at) != Some(octet) {
                return Err(Failure::failed("the echo differs from the sent data"));
            }
            self.at = self.at.saturating_add(1);
            self.left = self.left.saturating_sub(1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Vec<u8> {
        let (mut pattern, mut first, mut second) = (Pattern::new(1), [0; 10], [0; 3]);
        pattern.fill(&mut first);
        pattern.fill(&mut second);
        [&first[..], &second[..]].concat()
    }

    #[test]
    fn an_echo_may_come_in_other_pieces() {
        let mut expected = Expected::new(10, 13);
        let sent = sent();
        for piece in sent.chunks(4) {
            expected.compare(piece).unwrap();
        }
        assert_eq!(expected.left, 0);
    }

    #[test]
    fn a_changed_echo_is_seen() {
        let mut sent = sent();
        sent[11] ^= 1;
        assert!(Expected::new(10, 13).compare(&sent).is_err());
        assert!(Expected::new(10, 12).compare(&[0; 14]).is_err());
    }
}
