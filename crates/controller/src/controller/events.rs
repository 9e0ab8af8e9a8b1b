//! Events to the host, as far as its event masks allow them. [Vol 4] Part E, 7.7

use bindrune_hci::{
    DeviceAddress, Event, LinkType, Opcode, RawHandle, Role, SharedKey, Status,
    cmd::baseband::{CompletedPackets, EventMask},
    event::{
        AdvertisingSetTerminated, ChannelSelectionAlgorithm, CommandComplete, CommandStatus,
        ConnectionComplete, ConnectionUpdateComplete, DataBufferOverflow, DataLengthChange,
        DisconnectionComplete, EVENT_MAX, EncryptionChange, EncryptionKeyRefreshComplete,
        EnhancedConnectionComplete, EventCode, GenerateDhKeyComplete, HardwareError,
        LongTermKeyRequest, PhyUpdateComplete, ReadLocalP256PublicKeyComplete,
        ReadRemoteFeaturesComplete, ReadRemoteVersionComplete, RemoteConnectionParameterRequest,
        ScanRequestReceived, Subevent,
    },
};
use bindrune_wire::{Address, Writer};
use zerocopy::little_endian::{U16, U64};

use super::{Controller, commands::Reply, output::Place};
use crate::{
    link::{Effective, LinkPhy, Parameters, Range},
    privacy::Peer,
};

/// A connection in the form that its host gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionCompleted {
    pub(crate) handle: u16,
    pub(crate) role: Role,
    pub(crate) peer: Peer,
    /// Our own private address, if the controller generated one.
    pub(crate) private: Option<Address>,
    pub(crate) parameters: Parameters,
}

/// Commands and the transport.
impl Controller {
    /// Answers a command, before the events that its execution caused.
    pub(super) fn answer(&mut self, place: Place, opcode: Opcode, reply: &Reply) {
        let event = match reply {
            Reply::Nothing => return,
            Reply::Status(status) => {
                &Event::CommandStatus(&CommandStatus::new(*status, COMMANDS, opcode))
            }
            Reply::Complete(parameters) => &Event::CommandComplete(CommandComplete {
                num_packets: COMMANDS,
                opcode,
                return_parameters: parameters,
            }),
        };
        let packet = packet(event);
        self.output.insert(place, packet);
    }

    pub(super) fn hardware_error(&mut self, code: u8) {
        self.send(&Event::HardwareError(&HardwareError { code }));
    }

    pub(super) fn buffer_overflow(&mut self) {
        self.send(&Event::DataBufferOverflow(&DataBufferOverflow { link_type: LinkType::ACL }));
    }

    /// Sends an event of these parameters, unless a mask forbids it; returns whether it was sent.
    pub(crate) fn send_raw(&mut self, code: EventCode, parameters: &[u8]) -> bool {
        let second_page = code.0 > 64 && self.classic.permits(code);
        let sent = second_page || self.permits(code, None);
        if sent {
            let len = u8::try_from(parameters.len()).unwrap_or(u8::MAX);
            self.output.push([&[0x04, code.0, len][..], parameters].concat());
        }
        sent
    }

    pub(crate) fn completed_packets(&mut self, handle: u16, count: u16) {
        let completed = CompletedPackets { handle: RawHandle::new(handle), count: U16::new(count) };
        self.send(&Event::NumberOfCompletedPackets(&[completed]));
    }

    pub(super) fn public_key_read(&mut self, public_key: [u8; 64]) {
        let status = Status::SUCCESS;
        let event = ReadLocalP256PublicKeyComplete { status, public_key };
        self.send(&Event::LeReadLocalP256PublicKeyComplete(&event));
    }

    /// Reports a shared key; without a key the peer's public key was invalid. [Vol 4] Part E, 7.7.65.9
    pub(super) fn shared_key_made(&mut self, key: Option<[u8; 32]>) {
        let status = key.map_or(Status::INVALID_PARAMETERS, |_| Status::SUCCESS);
        let event = GenerateDhKeyComplete { status, key: SharedKey(key.unwrap_or([0xff; 32])) };
        self.send(&Event::LeGenerateDhKeyComplete(&event));
    }

    /// Sends an event unless a mask forbids it; returns whether it was sent. [Vol 4] Part E, 7.3.1, 7.8.1
    pub(super) fn send(&mut self, event: &Event<'_>) -> bool {
        let sent = self.permits(event.code(), event.subevent());
        if sent {
            self.output.push(packet(event));
        }
        sent
    }

    pub(super) fn permits(&self, code: EventCode, subevent: Option<Subevent>) -> bool {
        let bit = |number: u8| 1_u64.checked_shl(u32::from(number).wrapping_sub(1)).unwrap_or(0);
        let always = matches!(
            code,
            EventCode::COMMAND_COMPLETE
                | EventCode::COMMAND_STATUS
                | EventCode::NUMBER_OF_COMPLETED_PACKETS
        );
        let page_1 = always || self.event_mask.intersects(EventMask::from_bits_retain(bit(code.0)));
        page_1 && subevent.is_none_or(|subevent| self.le_event_mask.bits() & bit(subevent.0) != 0)
    }
}

/// Links.
impl Controller {
    pub(crate) fn connected(&mut self, link: ConnectionCompleted) {
        let ConnectionCompleted { handle, role, peer, private, parameters } = link;
        let on_air = peer.private().map_or_else(|| peer.device(), DeviceAddress::from);
        let zero = |address: Option<Address>| address.map_or([0; 6], Address::octets);
        let addresses = (peer.device(), zero(private), zero(peer.private()));
        let complete = ConnectionComplete {
            status: Status::SUCCESS,
            handle: RawHandle::new(handle),
            role,
            peer: on_air,
            interval: U16::new(parameters.interval),
            latency: U16::new(parameters.latency),
            timeout: U16::new(parameters.timeout),
            clock_accuracy: if role == Role::PERIPHERAL { CLOCK_ACCURACY } else { 0 },
        };
        self.connection_complete(complete, addresses);
        let handle = RawHandle::new(handle);
        let algorithm = ChannelSelectionAlgorithm { handle, algorithm: 1 };
        self.send(&Event::LeChannelSelectionAlgorithm(&algorithm));
    }

    pub(crate) fn connection_failed(&mut self, status: Status, role: Role) {
        let complete = ConnectionComplete {
            status,
            handle: RawHandle::new(0),
            role,
            peer: DeviceAddress::NONE,
            interval: U16::ZERO,
            latency: U16::ZERO,
            timeout: U16::ZERO,
            clock_accuracy: 0,
        };
        self.connection_complete(complete, (DeviceAddress::NONE, [0; 6], [0; 6]));
    }

    /// Reports a connection. If the host's mask allows it, uses the enhanced event with the peer's identity and the
    /// private addresses of both; otherwise the plain event with the addresses on the air. [Vol 4] Part E, 7.7.65.1,
    /// 7.7.65.10
    fn connection_complete(
        &mut self,
        c: ConnectionComplete,
        (peer, local_private_address, peer_private_address): (DeviceAddress, [u8; 6], [u8; 6]),
    ) {
        let enhanced = EnhancedConnectionComplete {
            status: c.status,
            handle: c.handle,
            role: c.role,
            peer,
            local_private_address,
            peer_private_address,
            interval: c.interval,
            latency: c.latency,
            timeout: c.timeout,
            clock_accuracy: c.clock_accuracy,
        };
        if !self.send(&Event::LeEnhancedConnectionComplete(&enhanced)) {
            self.send(&Event::LeConnectionComplete(&c));
        }
    }

    pub(super) fn disconnected(&mut self, handle: u16, reason: Status) {
        let handle = RawHandle::new(handle);
        self.send(&Event::DisconnectionComplete(&DisconnectionComplete {
            status: Status::SUCCESS,
            handle,
            reason,
        }));
    }

    pub(crate) fn parameters_updated(&mut self, handle: u16, status: Status, now: Parameters) {
        self.send(&Event::LeConnectionUpdateComplete(&ConnectionUpdateComplete {
            status,
            handle: RawHandle::new(handle),
            interval: U16::new(now.interval),
            latency: U16::new(now.latency),
            timeout: U16::new(now.timeout),
        }));
    }

    /// Asks the host whether it accepts the peer's parameters; false if the event is masked.
    pub(crate) fn ask_parameters(&mut self, handle: u16, range: Range) -> bool {
        self.send(&Event::LeRemoteConnectionParameterRequest(&RemoteConnectionParameterRequest {
            handle: RawHandle::new(handle),
            interval_min: U16::new(range.interval_min),
            interval_max: U16::new(range.interval_max),
            latency: U16::new(range.latency),
            timeout: U16::new(range.timeout),
        }))
    }

    pub(crate) fn features_read(&mut self, handle: u16, features: u64) {
        self.send(&Event::LeReadRemoteFeaturesComplete(&ReadRemoteFeaturesComplete {
            status: Status::SUCCESS,
            handle: RawHandle::new(handle),
            features: U64::new(features),
        }));
    }

    pub(crate) fn version_read(&mut self, handle: u16, (version, company): (u8, u16)) {
        self.send(&Event::ReadRemoteVersionComplete(&ReadRemoteVersionComplete {
            status: Status::SUCCESS,
            handle: RawHandle::new(handle),
            version,
            manufacturer: U16::new(company),
            subversion: U16::ZERO,
        }));
    }

    pub(crate) fn length_changed(&mut self, handle: u16, now: Effective) {
        self.send(&Event::LeDataLengthChange(&DataLengthChange {
            handle: RawHandle::new(handle),
            tx_octets: U16::new(now.tx.octets),
            tx_time: U16::new(now.tx.time),
            rx_octets: U16::new(now.rx.octets),
            rx_time: U16::new(now.rx.time),
        }));
    }

    pub(crate) fn phys_updated(&mut self, handle: u16, status: Status, tx: LinkPhy, rx: LinkPhy) {
        self.send(&Event::LePhyUpdateComplete(&PhyUpdateComplete {
            status,
            handle: RawHandle::new(handle),
            tx: tx.to_hci(),
            rx: rx.to_hci(),
        }));
    }

    /// Requests a key from the host; false if the event is masked.
    pub(crate) fn ask_long_term_key(
        &mut self,
        handle: u16,
        random: [u8; 8],
        diversifier: u16,
    ) -> bool {
        self.send(&Event::LeLongTermKeyRequest(&LongTermKeyRequest {
            handle: RawHandle::new(handle),
            random_number: U64::from_bytes(random),
            encrypted_diversifier: U16::new(diversifier),
        }))
    }

    /// Reports that encryption started or failed; `refreshes` if the link was encrypted before.
    pub(crate) fn encryption_changed(&mut self, handle: u16, status: Status, refreshes: bool) {
        let handle = RawHandle::new(handle);
        if refreshes {
            let event = EncryptionKeyRefreshComplete { status, handle };
            self.send(&Event::EncryptionKeyRefreshComplete(&event));
        } else {
            let enabled = u8::from(status.is_success());
            let event = EncryptionChange { status, handle, enabled };
            self.send(&Event::EncryptionChange(&event));
        }
    }
}

/// Advertising and scanning.
impl Controller {
    pub(crate) fn set_terminated(
        &mut self,
        set: u8,
        status: Status,
        link: Option<u16>,
        completed_events: u8,
    ) {
        let handle = RawHandle::new(link.unwrap_or(0));
        let event = AdvertisingSetTerminated { status, set, handle, completed_events };
        self.send(&Event::LeAdvertisingSetTerminated(&event));
    }

    pub(crate) fn scan_requested(&mut self, set: u8, scanner: DeviceAddress) {
        let event = ScanRequestReceived { set, scanner };
        self.send(&Event::LeScanRequestReceived(&event));
    }

    pub(crate) fn scan_timed_out(&mut self) {
        self.send(&Event::LeScanTimeout);
    }
}

/// Returns the H4 packet of an event.
fn packet(event: &Event<'_>) -> Vec<u8> {
    let mut buffer = [0; EVENT_MAX + 1];
    let mut w = Writer::new(&mut buffer);
    let written = w.u8(0x04).and_then(|()| event.write(&mut w));
    debug_assert!(written.is_ok(), "no event is longer than EVENT_MAX");
    w.written().to_vec()
}

/// Num_HCI_Command_Packets: one command at a time.
const COMMANDS: u8 = 1;

/// The central's clock accuracy in reports to the peripheral: 50 ppm.
const CLOCK_ACCURACY: u8 = 5;
