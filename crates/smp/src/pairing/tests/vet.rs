//! Keys of the peer that wait until the host accepts them. [Vol 3] Part H, 3.5.5 and 3.6.1

use crate::{
    Config, Failure, Role,
    pdu::{Code, Reason},
    testing::{Device, NOW, converse},
};

/// Returns two devices, of which the one in this role holds the peer's keys, and the PDUs on the air until
/// then.
fn held_by(role: Role) -> (Device, Device, std::vec::Vec<std::vec::Vec<u8>>) {
    let (mut a, mut b) = (
        Device::new(Role::Initiator, Config::default()),
        Device::new(Role::Responder, Config::default()),
    );
    let holder = if role == Role::Initiator { &mut a } else { &mut b };
    holder.pairing.set_vetting(true);
    a.pairing.start(NOW).unwrap();
    let trace = converse(&mut a, &mut b);
    let holder = if role == Role::Initiator { &a } else { &b };
    let outcome = holder.pairing.outcome_to_vet().unwrap();
    assert!(outcome.bonded && outcome.keys.peer_identity.is_some());
    assert!(holder.outcome.is_none());
    (a, b, trace)
}

#[test]
fn an_initiator_gives_no_key_before_it_accepts_those_of_the_peer() {
    let (mut a, mut b, trace) = held_by(Role::Initiator);
    let identities = trace.iter().filter(|pdu| pdu[0] == Code::IDENTITY_INFORMATION.0);
    assert_eq!(identities.count(), 1, "only the responder's keys");
    assert!(b.outcome.is_none());
    a.pairing.accept_keys(NOW);
    converse(&mut a, &mut b);
    assert!(a.outcome.is_some() && b.outcome.is_some());
}

#[test]
fn a_peer_whose_keys_are_rejected_has_no_bond() {
    for role in [Role::Initiator, Role::Responder] {
        let (mut a, mut b, _) = held_by(role);
        let (holder, peer) =
            if role == Role::Initiator { (&mut a, &mut b) } else { (&mut b, &mut a) };
        holder.pairing.cancel(Reason::KEY_REJECTED);
        converse(holder, peer);
        assert_eq!(holder.failure, Some(Failure::Local(Reason::KEY_REJECTED)));
        assert_eq!(peer.failure, Some(Failure::Peer(Reason::KEY_REJECTED)));
    }
}

#[test]
fn keys_that_are_not_accepted_are_rejected_after_30_seconds() {
    let (_, mut b, _) = held_by(Role::Responder);
    let (at, _) = b.pairing.poll_timeout().unwrap();
    b.pairing.handle_timeout(at);
    b.settle();
    assert_eq!(b.failure, Some(Failure::Local(Reason::KEY_REJECTED)));
    assert_eq!(b.transmit().unwrap(), [0x05, 0x0f]);
}
