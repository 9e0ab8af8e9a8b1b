//! Commands of GAP.
#![expect(clippy::wildcard_enum_match_arm, reason = "each function has a part of the commands")]

use std::rc::Rc;

use bindrune::{Address, Discoverable, Error, Opcode};
use bindrune_btp::{
    List8, Service, Status,
    gap::{Command, Event, Response},
};

use super::tester::{CONTROLLER, Tester, supported};

/// Returns the status of an error, which the log explains.
pub(super) fn failed(doing: &str, error: impl std::fmt::Display) -> Status {
    log::warn!("{doing}: {error}");
    Status::FAIL
}

impl Tester {
    pub(super) async fn gap(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        Ok(match command {
            Command::ReadSupportedCommands {} => {
                Response::SupportedCommands { commands: supported(Service::GAP) }
            }
            Command::ReadIndexList {} => Response::IndexList { indices: List8(vec![CONTROLLER]) },
            Command::ReadControllerInfo {} => self.controller_info(),
            Command::Reset {} => {
                self.reset().await;
                Response::WasReset { settings: self.current() }
            }
            Command::SetPowered { on } => {
                self.set_powered(on).await?;
                Response::Powered { settings: self.current() }
            }
            Command::PasskeyEntry { peer, passkey } => {
                self.answer_question(peer, |request| request.passkey(passkey))?;
                Response::PasskeyEntered {}
            }
            Command::PasskeyConfirm { peer, matches } => {
                self.answer_yes_or_no(peer, matches)?;
                Response::PasskeyConfirmed {}
            }
            Command::PairingConsent { peer, consent } => {
                self.answer_yes_or_no(peer, consent)?;
                Response::Consented {}
            }
            Command::SetFastConnectable { .. } | Command::SetPrivateAddressTimeout { .. } => {
                return Err(Status::UNKNOWN_COMMAND);
            }
            other => return self.gap_settings(other).await,
        })
    }

    /// Commands that change settings.
    async fn gap_settings(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        Ok(match command {
            Command::SetConnectable { on } => {
                self.settings.borrow_mut().connectable = on;
                Response::Connectable { settings: self.current() }
            }
            Command::SetDiscoverable { mode } => {
                self.settings.borrow_mut().discoverable = match mode {
                    0 => Discoverable::No,
                    1 => Discoverable::General,
                    2 => Discoverable::Limited,
                    _ => return Err(Status::FAIL),
                };
                Response::Discoverable { settings: self.current() }
            }
            Command::SetPrivacy { on } => {
                self.settings.borrow_mut().privacy = on;
                Response::PrivacySet { settings: self.current() }
            }
            Command::SetExtendedAdvertising { on } => {
                self.settings.borrow_mut().extended = on;
                Response::ExtendedAdvertisingSet { settings: self.current() }
            }
            Command::SetFilterList { peers } => {
                self.settings.borrow_mut().filter = peers.0;
                Response::FilterListSet {}
            }
            Command::SetBondable { on } => {
                self.change_pairing(|pairing| pairing.bondable = on)?;
                Response::Bondable { settings: self.current() }
            }
            Command::SetSecureConnections { on } => {
                self.change_pairing(|pairing| pairing.secure_connections = on)?;
                Response::SecureConnectionsSet { settings: self.current() }
            }
            Command::SetSecureConnectionsOnly { on } => {
                self.change_pairing(|pairing| pairing.secure_connections_only = on)?;
                Response::SecureConnectionsOnlySet { settings: self.current() }
            }
            other => return self.gap_security(other).await,
        })
    }

    /// Commands that change how to pair.
    async fn gap_security(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        Ok(match command {
            Command::SetIoCapability { io } => {
                let io = super::pairing::io(io).ok_or(Status::FAIL)?;
                self.change_pairing(|pairing| pairing.io = io)?;
                Response::IoCapabilitySet {}
            }
            Command::SetMitm { on } => {
                self.change_pairing(|pairing| pairing.mitm = Some(on))?;
                Response::MitmSet {}
            }
            Command::SetMinKeySize { size } => {
                if !(7..=16).contains(&size) {
                    return Err(Status::FAIL);
                }
                self.change_pairing(|pairing| pairing.min_key_size = size)?;
                Response::MinKeySizeSet {}
            }
            Command::OobLegacySetData { key } => {
                self.change_pairing(|pairing| pairing.temporary_key = Some(key))?;
                Response::OobLegacySet {}
            }
            Command::OobSetRemoteData { random, confirm } => {
                self.change_pairing(|pairing| pairing.remote = Some((random, confirm)))?;
                Response::OobRemoteSet {}
            }
            other => return self.gap_radio(other).await,
        })
    }

    /// Commands that need the controller.
    async fn gap_radio(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        if !self.settings.borrow().powered {
            return Err(Status::NOT_READY);
        }
        Ok(match command {
            Command::StartAdvertising { data, duration, own_address } => {
                self.start_advertising(&data, duration, own_address).await?;
                Response::AdvertisingStarted { settings: self.current() }
            }
            Command::StartDirectedAdvertising { peer, options } => {
                self.start_directed_advertising(peer, options).await?;
                Response::DirectedAdvertisingStarted { settings: self.current() }
            }
            Command::StopAdvertising {} => {
                self.stop_advertising().await;
                Response::AdvertisingStopped { settings: self.current() }
            }
            Command::StartDiscovery { flags } => {
                self.start_discovery(flags).await?;
                Response::DiscoveryStarted {}
            }
            Command::StopDiscovery {} => {
                self.stop_discovery().await;
                Response::DiscoveryStopped {}
            }
            Command::OobGetLocalData {} => {
                let made = self.host.oob().await;
                let (random, confirm) = made.map_err(|e| failed("making out-of-band data", e))?;
                Response::OobLocalData { random, confirm }
            }
            other => return self.gap_links(other).await,
        })
    }

    /// Commands about a peer.
    async fn gap_links(self: &Rc<Self>, command: Command) -> Result<Response, Status> {
        Ok(match command {
            Command::Connect { peer, own_address } => {
                self.start_connecting(peer, own_address).await?;
                Response::Connecting {}
            }
            Command::Disconnect { peer } => {
                self.disconnect(peer).await?;
                Response::Disconnecting {}
            }
            Command::Pair { peer } => {
                self.pair(peer)?;
                Response::Pairing {}
            }
            Command::PairV2 { peer, mode, level, flags } => {
                self.pair_to(peer, mode, level, flags)?;
                Response::PairingV2 {}
            }
            Command::Unpair { peer } => {
                self.unpair(peer).await?;
                Response::Unpaired {}
            }
            Command::UpdateParameters { peer, interval_min, interval_max, latency, timeout } => {
                let parameters =
                    bindrune::ConnectionParameters { interval_min, interval_max, latency, timeout };
                parameters.validate().map_err(|_| Status::FAIL)?;
                let connection = self.links.find(peer)?;
                self.spawn(async move {
                    if let Err(error) = connection.update_parameters(parameters).await {
                        log::warn!("other connection parameters: {error}");
                    }
                });
                Response::UpdatingParameters {}
            }
            _ => return Err(Status::UNKNOWN_COMMAND),
        })
    }

    /// Returns the bits of the current settings.
    pub(super) fn current(&self) -> u32 {
        self.settings.borrow().current()
    }

    /// Sends New Settings.
    pub(super) async fn new_settings(&self) {
        self.event(Event::NewSettings { settings: self.current() }).await;
    }

    fn controller_info(&self) -> Response {
        let (mut name, mut short_name) = ([0; 249], [0; 11]);
        // Both names end with a zero.
        if let Some((_, room)) = name.split_last_mut()
            && let Err(Error::BufferTooSmall { needed }) = self.host.device_name(room)
        {
            log::debug!("the name of {needed} bytes is longer than a tester reads");
        }
        for (to, from) in short_name.iter_mut().take(10).zip(name) {
            *to = from;
        }
        let settings = self.settings.borrow();
        Response::ControllerInfo {
            address: settings.address.octets(),
            supported: settings.supported(),
            current: settings.current(),
            class_of_device: [0; 3],
            name: Box::new(name),
            short_name,
        }
    }

    /// Turns the controller on or off.
    async fn set_powered(self: &Rc<Self>, on: bool) -> Result<(), Status> {
        if self.settings.borrow().powered == on {
            return Ok(());
        }
        if on {
            self.power.notify_one();
            self.host.controller().await.map_err(|e| failed("turning the controller on", e))?;
            // The command has an answer only after the host accepts requests again.
            let _ = self.host.raw_command(Opcode(0x1001), &[], &mut [0; 16]).await;
        } else {
            self.stop_all().await;
            self.host.shutdown().await.map_err(|e| failed("turning the controller off", e))?;
        }
        self.settings.borrow_mut().powered = on;
        Ok(())
    }

    /// Ends advertising, discovery and the attempt to connect.
    async fn stop_all(&self) {
        self.stop_advertising().await;
        self.stop_discovery().await;
        let connecting = self.settings.borrow_mut().connecting.take();
        if let Some((_, task)) = connecting {
            task.stop().await;
        }
    }

    /// Ends everything that the tester began, forgets bonds, and restores the default settings.
    pub(super) async fn reset(self: &Rc<Self>) {
        if let Err(status) = self.set_powered(true).await {
            log::warn!("the controller could not be turned on: {status:?}");
        }
        self.stop_all().await;
        self.channels.clear();
        self.links.disconnect_all().await;
        self.questions.clear();
        if let Err(error) = self.host.bonds().clear().await {
            log::warn!("bonds could not be removed: {error}");
        }
        self.table.borrow_mut().reset(self.host.gatt());
        let identity = {
            let mut settings = self.settings.borrow_mut();
            settings.restore();
            settings.identity()
        };
        if let Err(error) = self.host.set_address_mode(identity).await {
            log::warn!("the identity address: {error}");
        }
        if let Err(status) = self.change_pairing(|_| {}) {
            log::warn!("the default settings of pairing: {status:?}");
        }
    }

    /// Puts addresses of a kind on the air.
    pub(super) async fn use_address(
        &self,
        mode: Option<bindrune::AddressMode>,
    ) -> Result<(), Status> {
        let mode = mode.ok_or(Status::FAIL)?;
        if self.host.address_mode() == Some(mode) {
            return Ok(());
        }
        let set = self.host.set_address_mode(mode).await;
        set.map_err(|error| failed("another kind of address", error))
    }
}

/// The address that means any peer of the filter list.
pub(super) const ANY: Address = Address::public([0; 6]);
