//! The resolving list. [Vol 4] Part E, 7.8.38 to 7.8.45, 7.8.77

use bindrune_hci::{
    AddressType, DeviceAddress, Opcode, PrivacyMode, Status,
    cmd::{
        Done,
        le::{
            AddToResolvingList, ClearResolvingList, ReadLocalResolvableAddress,
            ReadPeerResolvableAddress, ReadResolvingListSize, RemoveFromResolvingList,
            ResolvableAddress, ResolvingListSize, SetAddressResolutionEnable, SetPrivacyMode,
            SetRpaTimeout,
        },
    },
};
use bindrune_wire::Address;
use embassy_time::Duration;

use super::{Call, DONE, Reply};
use crate::privacy::{Privacy, Resolving};

impl Call<'_> {
    pub(super) fn privacy(&mut self) -> Option<Reply> {
        let p = self.parameters;
        let status = Status::SUCCESS;
        Some(match self.opcode {
            Opcode::LE_ADD_TO_RESOLVING_LIST => {
                self.reply(AddToResolvingList::parse(p), Self::add_resolving)
            }
            Opcode::LE_REMOVE_FROM_RESOLVING_LIST => {
                self.reply(RemoveFromResolvingList::parse(p), |call, c| {
                    let peer = identity(c.peer)?;
                    let list = &mut call.idle_privacy()?.list;
                    let before = list.len();
                    list.retain(|entry| entry.peer != peer);
                    if list.len() == before { Err(Status::UNKNOWN_CONNECTION) } else { Ok(DONE) }
                })
            }
            Opcode::LE_CLEAR_RESOLVING_LIST => {
                self.reply(ClearResolvingList::parse(p), |call, _| {
                    call.idle_privacy()?.list.clear();
                    Ok(DONE)
                })
            }
            Opcode::LE_READ_RESOLVING_LIST_SIZE => {
                self.reply(ReadResolvingListSize::parse(p), |call, _| {
                    let size = call.controller().config.resolving_list;
                    Ok(ResolvingListSize { status, size })
                })
            }
            Opcode::LE_READ_PEER_RESOLVABLE_ADDRESS => {
                self.reply(ReadPeerResolvableAddress::parse(p), |call, c| {
                    let peer = identity(c.peer)?;
                    let seen = call.controller().privacy.entry(peer).and_then(|entry| entry.seen);
                    let address = seen.ok_or(Status::UNKNOWN_CONNECTION)?.octets();
                    Ok(ResolvableAddress { status, address })
                })
            }
            Opcode::LE_READ_LOCAL_RESOLVABLE_ADDRESS => {
                self.reply(ReadLocalResolvableAddress::parse(p), |call, c| {
                    let (peer, now) = (identity(c.peer)?, call.air.medium.now);
                    let own = call.controller().local_private(peer, now);
                    let address = own.ok_or(Status::UNKNOWN_CONNECTION)?.octets();
                    Ok(ResolvableAddress { status, address })
                })
            }
            _ => return self.resolution(),
        })
    }

    fn resolution(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::LE_SET_ADDRESS_RESOLUTION_ENABLE => {
                self.reply(SetAddressResolutionEnable::parse(p), |call, c| {
                    if c.enable > 1 {
                        return Err(Status::INVALID_PARAMETERS);
                    }
                    call.idle()?.enabled = c.enable == 1;
                    Ok(DONE)
                })
            }
            Opcode::LE_SET_RPA_TIMEOUT => self.reply(SetRpaTimeout::parse(p), |call, c| {
                let seconds = c.timeout.get();
                if !(1..=3600).contains(&seconds) {
                    return Err(Status::INVALID_PARAMETERS);
                }
                call.controller().privacy.timeout = Duration::from_secs(seconds.into());
                Ok(DONE)
            }),
            Opcode::LE_SET_PRIVACY_MODE => self.reply(SetPrivacyMode::parse(p), |call, c| {
                let peer = identity(c.peer)?;
                if c.mode.0 > PrivacyMode::DEVICE.0 {
                    return Err(Status::INVALID_PARAMETERS);
                }
                let list = &mut call.idle_privacy()?.list;
                let entry = list.iter_mut().find(|entry| entry.peer == peer);
                entry.ok_or(Status::UNKNOWN_CONNECTION)?.mode = c.mode;
                Ok(DONE)
            }),
            _ => return None,
        })
    }

    fn add_resolving(&mut self, c: AddToResolvingList) -> Result<Done, Status> {
        let peer = identity(c.peer)?;
        let size = usize::from(self.controller().config.resolving_list);
        let (peer_irk, local_irk) = (c.peer_irk.0, c.local_irk.0);
        let list = &mut self.idle_privacy()?.list;
        let twice = list
            .iter()
            .any(|entry| entry.peer == peer || peer_irk != [0; 16] && entry.peer_irk == peer_irk);
        if twice {
            return Err(Status::INVALID_PARAMETERS);
        }
        if list.len() >= size {
            return Err(Status::MEMORY_CAPACITY_EXCEEDED);
        }
        let mode = PrivacyMode::NETWORK;
        list.push(Resolving { peer, peer_irk, local_irk, mode, seen: None });
        Ok(DONE)
    }

    /// Returns the list, unless it is in use. [Vol 4] Part E, 7.8.38
    fn idle_privacy(&mut self) -> Result<&mut Privacy, Status> {
        if self.controller().privacy.enabled {
            self.idle()
        } else {
            Ok(&mut self.controller().privacy)
        }
    }

    /// Returns the list, if nothing advertises, scans or initiates. [Vol 4] Part E, 7.8.44
    fn idle(&mut self) -> Result<&mut Privacy, Status> {
        let controller = self.controller();
        let busy = controller.is_advertising()
            || controller.scanner.running.is_some()
            || controller.initiator.is_some();
        if busy {
            let count = &mut controller.violations.resolving_list_in_use;
            *count = count.saturating_add(1);
            return Err(Status::COMMAND_DISALLOWED);
        }
        Ok(&mut controller.privacy)
    }
}

/// Returns an identity address in the form of the list.
fn identity(peer: DeviceAddress) -> Result<Address, Status> {
    match peer.kind {
        AddressType::PUBLIC | AddressType::RANDOM => peer.get().ok_or(Status::INVALID_PARAMETERS),
        _ => Err(Status::INVALID_PARAMETERS),
    }
}
