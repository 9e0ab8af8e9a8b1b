//! Encryption: start, pause and refresh. [Vol 6] Part B, 5.1.3
//!
//! No data is enciphered. The two hosts' keys are compared at the point at which a real link layer checks the MIC.

use bindrune_hci::Status;
use embassy_time::{Duration, Instant};

use super::{End, Link, control::Control};
use crate::air::Medium;

/// Encryption state of a link.
#[derive(Debug, Default)]
pub(crate) struct Encryption {
    central_on: bool,
    peripheral_on: bool,
    /// Whether PDUs are in the clear, because the key of an encrypted link is being renewed.
    paused: bool,
    /// Request of the central's host, while encryption starts.
    central: Option<Request>,
    /// Time of the central's request.
    since: Option<Instant>,
    /// Whether the peripheral's host was asked for its key.
    asked: bool,
    /// Key from the peripheral's host, while encryption starts.
    peripheral: Option<[u8; 16]>,
}

/// The parameters of LE Enable Encryption.
#[derive(Clone, Copy, Debug)]
struct Request {
    key: [u8; 16],
    random: [u8; 8],
    diversifier: u16,
}

impl Encryption {
    /// Returns whether PDUs carry a MIC.
    pub(crate) const fn is_on(&self) -> bool {
        self.central_on && self.peripheral_on && !self.paused
    }

    /// Returns whether the procedure has been without an answer for too long. [Vol 6] Part B, 5.2
    pub(super) fn gives_up(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now >= since.saturating_add(RESPONSE_TIMEOUT))
    }
}

impl Link {
    /// Starts encryption with `key`, for the central's host.
    pub(crate) fn encrypt(
        &mut self,
        key: [u8; 16],
        random: [u8; 8],
        diversifier: u16,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if self.encryption.central.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        let peer = &m.controllers[self.peripheral.controller];
        if !peer.config.encryption {
            self.report_encryption(End::Central, Status::UNSUPPORTED_REMOTE_FEATURE, m);
            return Ok(());
        }
        self.encryption.central = Some(Request { key, random, diversifier });
        self.encryption.since = Some(m.now);
        self.central.transmitter.pause(true);
        let first = if self.encryption.central_on {
            Control::PauseEncryption
        } else {
            Control::Encrypt { random, diversifier }
        };
        self.push(End::Central, first);
        Ok(())
    }

    /// Handles LL_PAUSE_ENC_REQ at the peripheral.
    pub(super) fn pause_requested(&mut self, end: End) {
        self.side_mut(end).transmitter.pause(true);
        self.push(end, Control::EncryptionPaused);
    }

    /// Handles LL_PAUSE_ENC_RSP; the central sends its own in the clear, and requests encryption again.
    pub(super) fn encryption_paused(&mut self, end: End) {
        self.encryption.paused = true;
        if let (End::Central, Some(request)) = (end, self.encryption.central) {
            let Request { random, diversifier, .. } = request;
            self.push(end, Control::EncryptionPaused);
            self.push(end, Control::Encrypt { random, diversifier });
        }
    }

    pub(super) fn encryption_requested(
        &mut self,
        end: End,
        random: [u8; 8],
        diversifier: u16,
        m: &mut Medium,
    ) {
        let side = self.side_mut(end);
        side.transmitter.pause(true);
        let asked =
            m.controllers[side.controller].ask_long_term_key(side.handle, random, diversifier);
        self.push(end, Control::EncryptAnswer);
        self.encryption.asked = asked;
        if !asked {
            self.refuse_encryption(end, m);
        }
    }

    /// Takes the answer of the peripheral's host: its key, or none.
    pub(crate) fn answer_key(
        &mut self,
        end: End,
        key: Option<[u8; 16]>,
        m: &Medium,
    ) -> Result<(), Status> {
        if end == End::Central || !core::mem::take(&mut self.encryption.asked) {
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.encryption.peripheral = key;
        match key {
            Some(_) => self.push(end, Control::StartEncryption),
            None => self.refuse_encryption(end, m),
        }
        Ok(())
    }

    /// Handles a missing key: a link without encryption stays in the clear, an encrypted link ends. [Vol 6] Part
    /// B, 5.1.3.1
    fn refuse_encryption(&mut self, end: End, m: &Medium) {
        if self.encryption.paused {
            return self.terminate(end, Status::KEY_MISSING, m);
        }
        self.push(end, Control::RefuseEncryption(Status::KEY_MISSING));
        self.side_mut(end).transmitter.pause(false);
    }

    pub(super) fn encryption_starts(&mut self, end: End) {
        if let Some(Request { key, .. }) = self.encryption.central {
            self.push(end, Control::EncryptionStarted(key));
        }
    }

    /// Handles the first enciphered PDU: the central's at the peripheral, then the peripheral's at the central.
    pub(super) fn encryption_started(&mut self, end: End, key: [u8; 16], m: &mut Medium) {
        let own = match end {
            End::Central => self.encryption.central.take().map(|request| request.key),
            End::Peripheral => self.encryption.peripheral.take(),
        };
        if own != Some(key) {
            return self.close(end, Status::MIC_FAILURE, m);
        }
        match end {
            End::Peripheral => self.push(end, Control::EncryptionStarted(key)),
            End::Central => self.encryption_settled(),
        }
        self.report_encryption(end, Status::SUCCESS, m);
    }

    pub(super) fn encryption_refused(&mut self, end: End, status: Status, m: &mut Medium) {
        self.encryption.central = None;
        self.encryption_settled();
        self.report_encryption(end, status, m);
    }

    const fn encryption_settled(&mut self) {
        self.encryption.since = None;
        self.encryption.paused = false;
    }

    fn report_encryption(&mut self, end: End, status: Status, m: &mut Medium) {
        let on = match end {
            End::Central => &mut self.encryption.central_on,
            End::Peripheral => &mut self.encryption.peripheral_on,
        };
        let refreshes = *on;
        *on |= status.is_success();
        let side = self.side_mut(end);
        side.transmitter.pause(false);
        m.controllers[side.controller].encryption_changed(side.handle, status, refreshes);
    }
}

/// The procedure response timeout. [Vol 6] Part B, 5.2
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(40);
