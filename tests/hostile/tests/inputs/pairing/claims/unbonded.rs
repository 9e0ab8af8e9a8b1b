//! The identity of a peer that keeps no keys.

use bindrune::IoCapability;
use bindrune_hostile::{Controller, SMP, Sent, acl, l2cap};
use bindrune_smp::{PrivateKey, PublicKey};
use bindrune_wire::zerocopy::{FromBytes, IntoBytes};

use super::*;

const NO_BOND: PairingConfig = PairingConfig { bonding: false, ..DEFAULT };

/// Returns the identity in the last event, which must be that of a pairing without bonding.
#[track_caller]
fn identity(log: &Log) -> String {
    let log = log.borrow();
    let paired = log.iter().rfind(|event| event.starts_with("Paired(")).unwrap();
    assert!(paired.contains("bonded: false"), "{paired}");
    paired.split_once("identity: ").unwrap().1.to_owned()
}

/// Pairs without bonding, as a central with this address.
fn meets(b: &mut B, on_air: Address) -> String {
    let (_conn, log) = link_with(b, on_air, LINK);
    let mut peer = Peer::private(LINK, Role::Initiator, NO_BOND, [on_air; 2], [0; 16]);
    peer.begin(Instant::of(b.now()));
    peer.talk(b, Until::End);
    assert!(peer.outcome().is_some(), "{:?}", log.borrow());
    ends(b);
    identity(&log)
}

fn some(address: Address) -> String {
    format!("{:?} }})", Some(address))
}

#[test]
fn a_repeated_private_address_of_a_bonded_peer_is_no_identity() {
    let mut b = host_with(RepeatPairing::Ask);
    let phone = private(0x33, 1);
    pairs(&mut b, phone, OWNER, 0x33).is_bonded_as(OWNER);
    ends(&mut b);
    assert_eq!(meets(&mut b, phone), "None })");
    // The key of this bond was never used on the air.
    pairs(&mut b, STATIC, STATIC, 0xa1).is_bonded_as(STATIC);
    ends(&mut b);
    assert_eq!(meets(&mut b, private(0xa1, 1)), "None })");
    assert_eq!(meets(&mut b, OTHER_STATIC), some(OTHER_STATIC));
    assert_eq!(meets(&mut b, STATIC), some(STATIC));
}

/// A peripheral that distributes an identity although it refuses to bond.
struct Giver<'b> {
    b: &'b mut B,
    received: Vec<Vec<u8>>,
}

impl Giver<'_> {
    fn says(&mut self, parts: &[&[u8]]) {
        self.b.inject(&acl(LINK, &l2cap(SMP, &parts.concat())));
        self.received.extend(self.b.sent().into_iter().filter_map(|sent| match sent {
            Sent::Acl(acl) if acl.data[2..4] == SMP.to_le_bytes() => Some(acl.data[4..].to_vec()),
            Sent::Acl(_) | Sent::Command(..) => None,
        }));
    }

    /// Returns the parameters of the host's PDU with this code.
    #[track_caller]
    fn received<const N: usize>(&self, code: u8) -> [u8; N] {
        let pdu = self.received.iter().rfind(|pdu| pdu[0] == code);
        pdu.unwrap_or_else(|| panic!("{:02x?}", self.received))[1..].try_into().unwrap()
    }

    fn pairs(&mut self, on_air: Address, identity: Address) {
        let key = crypto::key_pair(PrivateKey::new([0x77; 32])).unwrap();
        let (random, io) = ([9; 16], IoCapability::NoInputNoOutput.to_wire());
        // LE Secure Connections without Bonding, and the identity.
        self.says(&[&[2, io, 0, 0x08, 16, 0, 2]]);
        let theirs = PublicKey::read_from_bytes(&self.received::<64>(0x0c)).unwrap();
        self.says(&[&[0x0c], key.public.as_bytes()]);
        self.says(&[&[0x03], &crypto::f4(&key.public.x, &theirs.x, &random, 0)]);
        let nonce = self.received(0x04);
        let dh = crypto::dh_key(key.private.as_ref().unwrap(), &theirs).unwrap();
        let (mac, _) = crypto::f5(&dh, &nonce, &random, Controller::ADDRESS, on_air);
        self.says(&[&[0x04], &random]);
        let zero = [0; 16];
        let check =
            crypto::f6(&mac, [&random, &nonce, &zero], [io, 0, 0x08], on_air, Controller::ADDRESS);
        self.says(&[&[0x0d], &check]);
        self.b.inject(&hex!("040804 00 4000 01"));
        self.says(&[&[0x08], &[0x44; 16]]);
        self.says(&[&[0x09], &[identity.hci_kind()], &identity.octets()]);
    }
}

#[test]
fn a_distributed_identity_counts_only_if_no_bond_has_it() {
    let keys =
        Keys { peer_irk: Some(Key::new([0x33; 16])), peer_identity: Some(OWNER), ..bond().keys };
    let old = Bond { peer: OWNER, keys, ..bond() };
    let on_air = private(0x44, 1);
    for (identity_given, known) in [(OWNER, "None })".to_owned()), (STATIC, some(STATIC))] {
        let mut b = idle_with(config(), Store::memory(&[stored(&old)]));
        b.spawn(User::default().serve(b.host));
        let (conn, log) = connects(&mut b, on_air);
        let paired = b.spawn(async move { conn.pair().await });
        let received = b.sent().into_iter().filter_map(|sent| match sent {
            Sent::Acl(acl) => Some(acl.data[4..].to_vec()),
            Sent::Command(..) => None,
        });
        let received = received.collect();
        Giver { b: &mut b, received }.pairs(on_air, identity_given);
        assert!(!paired.take().unwrap().bonded);
        assert_eq!(identity(&log), known);
        assert_eq!(b.store().records(), [stored(&old)]);
    }
}
