//! A host without BR/EDR: nothing is stored, and no code is left of its calls.

use bindrune_hci::{
    Event, Opcode, RawHandle, Status,
    acl::AclHeader,
    credits::{HostLinkCredits, LinkCredits},
};
use bindrune_wire::{Address, Handle, Writer, time::Instant};

use super::{Output, Stack};
use crate::waiters::{Group, View};

/// No future waits for BR/EDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {}

impl Key {
    pub(crate) const fn bit(self) -> u8 {
        match self {}
    }

    pub(crate) const fn pairing(link: LinkRef) -> crate::waiters::Key {
        match link {}
    }
}

/// There is no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkRef {}

/// No channel ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CloseReason {}

/// No pairing fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Failure {}

/// No connection of RFCOMM ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RfcommEnd {}

/// No search fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SearchFailure {}

/// No data of BR/EDR is received.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {}

impl Body {
    pub(crate) const fn left(&mut self) -> &mut usize {
        match *self {}
    }
}

/// No command is of BR/EDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {}

impl Owner {
    pub(super) const fn number(self) -> u16 {
        match self {}
    }

    pub(super) const fn of(_: u16) -> Option<Self> {
        None
    }
}

/// The store has no job of BR/EDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BondTicket {}

/// The store has no bonds of BR/EDR.
#[derive(Debug)]
pub(super) struct HasBonds;

impl HasBonds {
    pub(super) const NO: Self = Self;

    pub(super) const fn any(&self) -> bool {
        false
    }
}

/// BR/EDR has no deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {}

/// Nothing is ready.
#[derive(Debug)]
pub(crate) struct Ready;

impl Ready {
    pub(crate) const fn none() -> Self {
        Self
    }

    pub(crate) const fn mark(&self, key: Key) {
        match key {}
    }

    pub(crate) const fn is_marked(&self) -> bool {
        false
    }

    pub(crate) const fn first(&self) -> Option<Key> {
        None
    }

    pub(crate) const fn settle(&self, key: Key) {
        match key {}
    }

    pub(crate) const fn group(&self, key: Key) -> Option<&'static mut Group> {
        match key {}
    }
}

/// Nothing waits.
#[derive(Debug)]
pub(crate) struct Waiters;

impl Waiters {
    pub(crate) const fn none() -> Self {
        Self
    }

    pub(crate) const fn reset(&self) {}

    pub(crate) const fn view(&self, key: Key) -> Option<View<'static>> {
        match key {}
    }
}

/// No state.
#[derive(Debug)]
pub(crate) struct Classic;

impl Classic {
    pub(super) fn has_ended(&self, _: Handle, _: impl Fn(Option<Instant>) -> bool) -> bool {
        false
    }

    pub(super) const NONE: Self = Self;

    pub(super) const fn poll_timeout(&self, _: Instant) -> Option<(Instant, Deadline)> {
        None
    }

    pub(super) const fn has_data(&self) -> bool {
        false
    }

    pub(super) const fn goes_first(&self) -> bool {
        false
    }

    pub(super) const fn is_crowded(&self) -> bool {
        false
    }

    pub(crate) const fn live_links(&self) -> usize {
        0
    }

    pub(super) const fn has_free_link(&self) -> bool {
        false
    }

    pub(crate) const fn taken_channels(&self) -> usize {
        0
    }

    pub(super) const fn reset(&self) {}

    pub(super) const fn shared_credits(&self) -> core::iter::Empty<&'static LinkCredits> {
        core::iter::empty()
    }

    pub(super) const fn host_credits(
        &self,
    ) -> core::iter::Empty<(Handle, &'static mut HostLinkCredits)> {
        core::iter::empty()
    }
}

impl Stack {
    pub(super) const fn classic_restart(&self) {}

    pub(super) const fn classic_begin(&self) {}

    pub(super) const fn classic_unanswered(&self, owner: Owner, _: Opcode) {
        match owner {}
    }

    pub(super) const fn classic_is_stored(&self) -> bool {
        true
    }

    pub(super) const fn classic_bonds_known(&self, _: Instant) {}

    pub(super) const fn classic_listening(&self, _: bool) {}

    pub(super) const fn next_classic_question<T>(&self) -> Option<T> {
        None
    }

    pub(crate) const fn classic_pairing_of<T>(&self, link: LinkRef) -> T {
        match link {}
    }

    pub(crate) const fn classic_pin(&self, link: LinkRef) -> Option<bool> {
        match link {}
    }

    pub(crate) const fn answer_classic<A>(&self, link: LinkRef, _: u32, _: &A) {
        match link {}
    }

    pub(crate) const fn answer_classic_pin(&self, link: LinkRef, _: u32, _: &[u8]) {
        match link {}
    }

    pub(crate) const fn send_classic_keypress<K: Copy>(&self, link: LinkRef, _: u32, _: K) {
        match link {}
    }

    pub(crate) const fn poll_classic_entry<T>(&self, link: LinkRef, _: u32) -> T {
        match link {}
    }

    pub(crate) const fn poll_classic_pairing_over<T>(&self, link: LinkRef, _: u32) -> T {
        match link {}
    }

    pub(super) const fn classic_bond_job<R, J>(&self, _: &R) -> Option<(BondTicket, J)> {
        None
    }

    pub(super) const fn classic_bond_done(&self, ticket: BondTicket, _: bool) {
        match ticket {}
    }

    /// Leaves the record in the store, for a host with BR/EDR.
    pub(super) const fn load_classic_bond(&self, _: Address, _: &[u8]) -> bool {
        true
    }

    pub(super) const fn classic_end_all(&self, _: Status) {}

    pub(super) const fn classic_leave_all(&self) {}

    pub(super) const fn classic_event(&self, _: Instant, _: &Event<'_>) -> bool {
        false
    }

    pub(super) const fn classic_completed(&self, _: Instant, _: RawHandle, _: u16) -> bool {
        false
    }

    pub(super) const fn classic_command(
        &self,
        _: Instant,
        _: &Writer<'_>,
    ) -> Option<(Opcode, Owner)> {
        None
    }

    pub(super) const fn classic_complete(&self, _: Instant, owner: Owner, _: Opcode, _: &[u8]) {
        match owner {}
    }

    pub(super) const fn classic_status(&self, _: Instant, owner: Owner, _: Opcode, _: Status) {
        match owner {}
    }

    pub(super) const fn classic_timeout(&self, _: Instant, deadline: Deadline) {
        match deadline {}
    }

    pub(super) const fn fill_classic(&self, _: Instant, _: &Output) {}

    pub(crate) const fn classic_body(&self, _: AclHeader) -> Option<Body> {
        None
    }

    pub(crate) const fn push_classic(&self, body: Body, _: &[u8]) {
        match body {}
    }

    pub(crate) const fn end_classic(&self, body: Body) {
        match body {}
    }

    pub(crate) const fn abandon_classic(&self, body: Body) {
        match body {}
    }
}
