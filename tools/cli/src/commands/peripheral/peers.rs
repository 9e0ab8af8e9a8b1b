//! The spelling of each peer, which stays the same for the whole link.

use std::{cell::RefCell, rc::Rc};

use bindrune::{Address, Connection};

/// Peers with a link: each address that they are known by, and the one that they had first.
///
/// A peer that pairs, or is recognized by its bond, has another address from then on.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers(Rc<RefCell<Vec<(Address, String)>>>);

impl Peers {
    /// Notes a new link, and returns the spelling of its peer.
    pub(super) fn arrived(&self, connection: &Connection<'_>) -> String {
        let spelling = connection.peer().map(spelled).unwrap_or_default();
        self.known_as(connection, &spelling);
        spelling
    }

    /// Notes the current address of a peer.
    pub(super) fn known_as(&self, connection: &Connection<'_>, spelling: &str) {
        if let Ok(address) = connection.peer() {
            self.add(address, spelling);
        }
    }

    fn add(&self, address: Address, spelling: &str) {
        let mut known = self.0.borrow_mut();
        if known.iter().all(|(known, _)| *known != address) {
            known.push((address, spelling.to_owned()));
        }
    }

    /// Forgets the peer of a link that has ended.
    pub(super) fn left(&self, spelling: &str) {
        self.0.borrow_mut().retain(|(_, known)| known != spelling);
    }

    /// Returns the spelling of a peer by any of its addresses.
    pub(super) fn spelling(&self, address: Address) -> String {
        let known = self.0.borrow();
        let known = known.iter().find(|(known, _)| *known == address);
        known.map_or_else(|| spelled(address), |(_, spelling)| spelling.clone())
    }
}

/// Spells an address for scripts.
fn spelled(address: Address) -> String {
    format!("{address:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_keeps_its_first_spelling_until_it_leaves() {
        let (private, identity) = (Address::random([1, 2, 3, 4, 5, 0x41]), Address::public([6; 6]));
        let peers = Peers::default();
        let first = spelled(private);
        peers.add(private, &first);
        peers.add(identity, &first);
        assert_eq!(peers.spelling(identity), first);
        peers.left(&first);
        assert_eq!(peers.spelling(identity), spelled(identity));
    }
}
