//! The commands of a link, and their answers.

use bindrune_hci::{
    Opcode, Phy, PhyMask, Role, Status,
    cmd::{
        Command,
        le::{
            ConnectionUpdate, LeFeatures, ReadRemoteFeatures,
            RemoteConnectionParameterRequestNegativeReply, RemoteConnectionParameterRequestReply,
            SetDataLength, SetPhy,
        },
        link::{Disconnect as DisconnectCommand, ReadRemoteVersionInformation, ReadRssi},
    },
};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use super::{Can, Disconnect, LinkControl, PendingEvents, Phys, Procedure, Reply, Start};
use crate::{
    capability::{SIGNAL, TUNING, UPDATES},
    command::{RETRY, put, status_of},
};

/// A command in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Sent {
    Disconnect = 1,
    Reply,
    Rssi,
    /// Set Data Length, for the start of the link (false) or for the application.
    DataLength(bool),
    /// An event reports its end.
    Procedure(Procedure),
}

/// Time limit of a procedure: the link layer's own timeout, and a margin. [Vol 6] Part B, 5.2
const PROCEDURE_TIMEOUT: Duration = Duration::from_secs(45);

impl LinkControl {
    /// Writes the next pending command: opcode, length, parameters. `None` while one is in flight.
    pub fn poll_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        let command = self.next_urgent(w).or_else(|| self.next_procedure(w))?;
        Some(self.send(command))
    }

    /// Like [`Self::poll_command`], for the time in which encryption starts: starts no procedure of the link layer,
    /// because either side could end the link for it. [Vol 6] Part B, 5.1.3.1
    pub fn poll_urgent_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        let command = self.next_urgent(w)?;
        Some(self.send(command))
    }

    const fn send(&mut self, (opcode, sent): (Opcode, Sent)) -> Opcode {
        self.sent = Some(sent);
        opcode
    }

    /// Writes commands that do not wait for the end of a procedure.
    fn next_urgent(&mut self, w: &mut Writer<'_>) -> Option<(Opcode, Sent)> {
        if self.sent.is_some() {
            return None;
        }
        let handle = self.handle.into();
        if let Disconnect::Wanted { reason, not_before: None } = self.disconnect {
            return Some((put(w, &DisconnectCommand { handle, reason })?, Sent::Disconnect));
        }
        if let Some(reply) = self.reply {
            let opcode = match reply {
                Reply::Accept(parameters) => {
                    let connection = parameters.command();
                    put(w, &RemoteConnectionParameterRequestReply { handle, connection })?
                }
                Reply::Refuse => {
                    let reason = Status::UNACCEPTABLE_PARAMETERS;
                    put(w, &RemoteConnectionParameterRequestNegativeReply { handle, reason })?
                }
            };
            self.reply = None;
            return Some((opcode, Sent::Reply));
        }
        if SIGNAL && self.rssi.is_wanted() {
            let opcode = put(w, &ReadRssi { handle })?;
            self.rssi.start();
            return Some((opcode, Sent::Rssi));
        }
        None
    }

    /// Writes procedures, one after another; none on a link that is being disconnected.
    fn next_procedure(&mut self, w: &mut Writer<'_>) -> Option<(Opcode, Sent)> {
        if !UPDATES || self.sent.is_some() || self.running().is_some() || self.is_disconnecting() {
            return None;
        }
        let handle = self.handle.into();
        if self.take_start(Start::FEATURES) {
            return run(put(w, &ReadRemoteFeatures { handle }), Procedure::Features);
        }
        if self.take_start(Start::VERSION) {
            return run(put(w, &ReadRemoteVersionInformation { handle }), Procedure::Version);
        }
        if UPDATES && self.update.is_wanted() && self.updates_by_link_layer() {
            self.update.start();
            let (handle, connection) = (self.handle.into(), self.update_to.command());
            return run(put(w, &ConnectionUpdate { handle, connection }), Procedure::Update);
        }
        if !TUNING {
            return None;
        }
        if self.phy.is_wanted() {
            self.phy.start();
            let (tx, rx) = self.phy_to;
            return run(self.put_phy(tx, rx, w), Procedure::Phy);
        }
        if self.data_length.is_wanted() {
            self.data_length.start();
            let opcode = self.put_data_length(self.data_length_to, w)?;
            return Some((opcode, Sent::DataLength(true)));
        }
        if self.take_start(Start::DATA_LENGTH) && self.peer_has(LeFeatures::DATA_LENGTH_EXTENSION) {
            let opcode = self.put_data_length(self.longest, w)?;
            return Some((opcode, Sent::DataLength(false)));
        }
        let fast = Phys { tx: Phy::LE_2M, rx: Phy::LE_2M };
        if self.take_start(Start::PHY) && self.peer_has(LeFeatures::PHY_2M) && self.phys != fast {
            return run(self.put_phy(PhyMask::LE_2M, PhyMask::LE_2M, w), Procedure::Phy);
        }
        None
    }

    /// Returns whether updates use the link layer: as central, or if both sides support it.
    fn updates_by_link_layer(&self) -> bool {
        let both = self.can.contains(Can::PARAMETER_REQUEST)
            && self.peer_has(LeFeatures::CONNECTION_PARAMETERS_REQUEST);
        self.can.contains(Can::UPDATE) && (self.role == Role::CENTRAL || both)
    }

    /// Starts an update of the application that needs no command, once the peer's features are known or cannot be read.
    pub(super) fn begin_without_command(&mut self) {
        let idle = self.sent.is_none() && self.running().is_none() && !self.is_disconnecting();
        if !UPDATES
            || !idle
            || !self.update.is_wanted()
            || (TUNING && self.start.contains(Start::FEATURES))
            || self.updates_by_link_layer()
        {
            return;
        }
        self.update.start();
        if !TUNING || self.role == Role::CENTRAL {
            self.ended(Procedure::Update, Err(Status::UNSUPPORTED_FEATURE));
        } else {
            self.use_l2cap();
        }
    }

    fn use_l2cap(&mut self) {
        // The signalling channel has its own timeout and always reports the outcome.
        self.running.fill(Some((Procedure::L2cap, None)));
        self.pending_events.insert(PendingEvents::USE_L2CAP);
    }

    fn put_phy(&self, tx: PhyMask, rx: PhyMask, w: &mut Writer<'_>) -> Option<Opcode> {
        let no_preference = u8::from(tx.is_empty()) | u8::from(rx.is_empty()) << 1;
        let (handle, options) = (self.handle.into(), 0.into());
        put(w, &SetPhy { handle, no_preference, tx, rx, options })
    }

    fn put_data_length(&self, (octets, time): (u16, u16), w: &mut Writer<'_>) -> Option<Opcode> {
        let (tx_octets, tx_time) = (octets.into(), time.into());
        put(w, &SetDataLength { handle: self.handle.into(), tx_octets, tx_time })
    }

    fn take_start(&mut self, what: Start) -> bool {
        let wanted = TUNING && self.start.contains(what);
        self.start.remove(what);
        wanted
    }

    fn peer_has(&self, feature: LeFeatures) -> bool {
        TUNING && self.remote_features().is_some_and(|features| features.contains(feature))
    }

    /// Handles Command Complete for the command of [`Self::poll_command`], with its return parameters, which begin with
    /// the status.
    pub fn handle_complete(&mut self, now: Instant, opcode: Opcode, return_parameters: &[u8]) {
        if SIGNAL && opcode == Opcode::READ_RSSI && self.sent == Some(Sent::Rssi) {
            self.sent = None;
            return self.rssi_read(status_of(return_parameters), return_parameters);
        }
        self.answered(now, self.status_of(opcode, return_parameters));
    }

    /// Returns the status of an answer. An answer that names another link does not count for this one.
    fn status_of(&self, opcode: Opcode, parameters: &[u8]) -> Status {
        let named = match opcode {
            Opcode::LE_SET_DATA_LENGTH
            | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY
            | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY => parameters.get(1..3),
            _ => None,
        };
        match (status_of(parameters), named) {
            (Status::SUCCESS, Some(handle)) if handle != self.handle.get().to_le_bytes() => {
                Status::UNSPECIFIED
            }
            (status, _) => status,
        }
    }

    /// Handles Command Status for the command of [`Self::poll_command`].
    pub fn handle_status(&mut self, now: Instant, opcode: Opcode, status: Status) {
        self.handle_complete(now, opcode, &[status.0]);
    }

    fn rssi_read(&mut self, status: Status, parameters: &[u8]) {
        let result = match ReadRssi::returned(parameters) {
            Ok(read) if read.handle.raw() != self.handle.get() => Err(Status::UNSPECIFIED),
            Ok(read) if read.rssi != RSSI_UNKNOWN => Ok(read.rssi),
            Ok(_) => Err(Status::UNSPECIFIED),
            Err(_) => Err(status.ok().err().unwrap_or(Status::UNSPECIFIED)),
        };
        self.rssi.finish(result);
        self.pending_events.insert(PendingEvents::ANSWERED);
        if status == Status::UNKNOWN_CONNECTION {
            self.pending_events.insert(PendingEvents::GONE);
        }
    }

    fn answered(&mut self, now: Instant, status: Status) {
        match (self.sent.take(), status.ok()) {
            (Some(Sent::Disconnect), result) => self.disconnect_answered(now, result),
            (Some(Sent::DataLength(true)), result) => {
                self.data_length.finish(result);
                self.pending_events.insert(PendingEvents::ANSWERED);
            }
            (Some(Sent::Procedure(procedure)), Ok(())) => {
                let until = Some(now + PROCEDURE_TIMEOUT);
                self.running.fill(Some((procedure, until)));
            }
            (Some(Sent::Procedure(Procedure::Version)), Err(Status::UNKNOWN_CONNECTION)) => {
                self.pending_events.insert(PendingEvents::GONE);
            }
            (Some(Sent::Procedure(procedure)), Err(status)) => self.ended(procedure, Err(status)),
            (Some(Sent::Reply | Sent::Rssi | Sent::DataLength(false)) | None, _) => {}
        }
    }

    fn disconnect_answered(&mut self, now: Instant, result: Result<(), Status>) {
        self.disconnect = match result {
            Ok(()) => Disconnect::Accepted,
            Err(Status::UNKNOWN_CONNECTION) => {
                self.pending_events.insert(PendingEvents::GONE);
                Disconnect::Accepted
            }
            Err(_) => Disconnect::Wanted {
                reason: Status::REMOTE_USER_TERMINATED,
                not_before: Some(now + RETRY),
            },
        };
    }

    /// Ends a procedure.
    pub(super) fn ended(&mut self, procedure: Procedure, result: Result<(), Status>) {
        match procedure {
            Procedure::Features | Procedure::Version => return,
            Procedure::Update => {
                // If the peer's link layer cannot update the parameters, L2CAP can. [Vol 3] Part C, 9.3.9
                if TUNING
                    && self.role == Role::PERIPHERAL
                    && result == Err(Status::UNSUPPORTED_REMOTE_FEATURE)
                {
                    return self.use_l2cap();
                }
                self.update.finish(result);
            }
            Procedure::L2cap => self.update.finish(result),
            Procedure::Phy => self.phy.finish(result),
        }
        self.pending_events.insert(PendingEvents::ANSWERED);
    }
}

/// Returns a command whose end an event reports.
fn run(opcode: Option<Opcode>, procedure: Procedure) -> Option<(Opcode, Sent)> {
    Some((opcode?, Sent::Procedure(procedure)))
}

/// The signal strength cannot be read.
const RSSI_UNKNOWN: i8 = 127;
