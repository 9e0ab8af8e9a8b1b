//! Phase 3: the link is encrypted, and keys are distributed. [Vol 3] Part H, 2.4.3 and 3.6

use bindrune::{PairingConfig, PairingFailure, Reason};
use bindrune_corpus::Row;
use bindrune_hostile::Until;
use bindrune_smp::{KeyDistribution, pdu::Code};
use embassy_time::Duration;

use super::{Couple, central, peripheral};
use crate::parts;

const DEFAULT: PairingConfig = PairingConfig::DEFAULT;

/// Checks that each part is refused at one point of the distribution, and that no bond is created.
fn refused_before(row: &Row, due: Code, reason: Reason, host: PairingConfig) -> Vec<Couple> {
    let parts = parts(row);
    let after = parts.iter().map(|part| {
        let mut couple =
            peripheral(host, PairingConfig { accept: host.send, send: host.accept, ..DEFAULT });
        couple.begin(Until::Pdu(due));
        couple.refuses(part, reason);
        couple.has_failed(PairingFailure::Local(reason));
        couple
    });
    after.collect()
}

pairings! {
    p24: |row| {
        // The identity was not agreed on: while another key is expected, and once all keys are exchanged.
        let signing = PairingConfig { accept: KeyDistribution::SIGNING, ..DEFAULT };
        let due = Code::SIGNING_INFORMATION;
        let mut after = refused_before(row, due, Reason::UNSPECIFIED_REASON, signing);
        let nothing = PairingConfig { accept: KeyDistribution::empty(), ..DEFAULT };
        let mut couple = peripheral(nothing, DEFAULT);
        let before = couple.pairs();
        assert_eq!((&before.keys.peer_irk, before.keys.peer_identity), (&None, None));
        for part in parts(row) {
            couple.link.b.inject(&part);
            couple.refused(Reason::UNSPECIFIED_REASON);
            assert_eq!(couple.kept(), before);
        }
        after.push(couple);
        after
    },
    p25: |row| {
        let mut idle = peripheral(DEFAULT, DEFAULT);
        idle.ignores(&parts(row)[0]);
        idle.keeps_nothing();
        let mut couple = peripheral(DEFAULT, DEFAULT);
        couple.begin(Until::Encryption);
        couple.refuses(&parts(row)[0], Reason::UNSPECIFIED_REASON);
        vec![idle, couple]
    },
    p26: |row| {
        let due = Code::IDENTITY_ADDRESS_INFORMATION;
        refused_before(row, due, Reason::INVALID_PARAMETERS, DEFAULT)
    },
    p28: |row| {
        let due = Code::IDENTITY_ADDRESS_INFORMATION;
        refused_before(row, due, Reason::INVALID_PARAMETERS, DEFAULT)
    },
    p30: |row| {
        let mut couple = peripheral(DEFAULT, DEFAULT);
        couple.pairs();
        couple.ignores(&parts(row)[0]);
        couple.keeps_nothing();
        couple.has_failed(PairingFailure::Peer(Reason::KEY_REJECTED));
        vec![couple]
    },
}

/// A bridge may deliver data before events: keys wait for Encryption Change, as long as no key in the clear can arrive
/// so late.
#[test]
fn keys_may_come_a_little_before_the_link_is_encrypted() {
    for (ahead, bonded) in [(0, true), (59, true), (60, false)] {
        let mut couple = central(DEFAULT, DEFAULT);
        couple.peer.ahead = Some(Duration::from_millis(ahead));
        couple.begin(Until::End);
        let log = couple.link.log.borrow().join(" ");
        assert_eq!(log.contains("Paired("), bonded, "{ahead} ms: {log}");
        assert_eq!(couple.link.b.host.bonds().count(), usize::from(bonded));
    }
}
