//! Commands about one link. [Vol 4] Part E, 7.1.6, 7.1.23, 7.5.4, 7.8.18 to 7.8.21, 7.8.31 to 7.8.35

use bindrune_hci::{
    Opcode, RawHandle, Status,
    cmd::{
        Accepted, HandleReturn,
        le::{
            ChannelMap, ConnectionUpdate, MaximumDataLength, ReadChannelMap, ReadMaximumDataLength,
            ReadRemoteFeatures, ReadSuggestedDefaultDataLength,
            RemoteConnectionParameterRequestNegativeReply, RemoteConnectionParameterRequestReply,
            SetDataLength, SuggestedDefaultDataLength, WriteSuggestedDefaultDataLength,
        },
        link::{Disconnect, ReadRemoteVersionInformation, ReadRssi, Rssi},
    },
};
use zerocopy::little_endian::U16;

use super::{ACCEPTED, Call, DONE, Reply, initiate::range};
use crate::{
    air::Medium,
    link::{End, Limits, Link},
};

impl Call<'_> {
    pub(super) fn link_commands(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::DISCONNECT => self.reply(Disconnect::parse(p), Self::disconnect),
            Opcode::READ_REMOTE_VERSION_INFORMATION => {
                self.reply(ReadRemoteVersionInformation::parse(p), |call, c| {
                    let (link, end, m) = call.link(c.handle)?;
                    link.read_version(end, m);
                    Ok(ACCEPTED)
                })
            }
            Opcode::READ_RSSI => self.reply(ReadRssi::parse(p), |call, c| {
                let (link, end, m) = call.link(c.handle)?;
                let pair = (link.side(end).controller, link.side(end.other()).controller);
                let rssi = m.radio.rssi(pair.0, pair.1);
                Ok(Rssi { status: Status::SUCCESS, handle: c.handle, rssi })
            }),
            Opcode::LE_CONNECTION_UPDATE => self.reply(ConnectionUpdate::parse(p), |call, c| {
                let (link, end, m) = call.link(c.handle)?;
                link.update(end, range(&c.connection)?, m)?;
                Ok(ACCEPTED)
            }),
            Opcode::LE_READ_CHANNEL_MAP => self.reply(ReadChannelMap::parse(p), |call, c| {
                call.link(c.handle)?;
                let map = [0xff, 0xff, 0xff, 0xff, 0x1f];
                Ok(ChannelMap { status: Status::SUCCESS, handle: c.handle, map })
            }),
            Opcode::LE_READ_REMOTE_FEATURES => {
                self.reply(ReadRemoteFeatures::parse(p), |call, c| {
                    let (link, end, m) = call.link(c.handle)?;
                    link.read_features(end, m);
                    Ok(ACCEPTED)
                })
            }
            Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY => {
                self.reply(RemoteConnectionParameterRequestReply::parse(p), |call, c| {
                    let (link, end, _) = call.link(c.handle)?;
                    link.answer_update(end, Ok(range(&c.connection)?))?;
                    Ok(handle_return(c.handle))
                })
            }
            Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY => {
                self.reply(RemoteConnectionParameterRequestNegativeReply::parse(p), |call, c| {
                    let (link, end, _) = call.link(c.handle)?;
                    link.answer_update(end, Err(c.reason))?;
                    Ok(handle_return(c.handle))
                })
            }
            _ => return self.data_length(),
        })
    }

    /// [Vol 4] Part E, 7.8.33 to 7.8.35, 7.8.46
    fn data_length(&mut self) -> Option<Reply> {
        let p = self.parameters;
        let status = Status::SUCCESS;
        Some(match self.opcode {
            Opcode::LE_SET_DATA_LENGTH => self.reply(SetDataLength::parse(p), |call, c| {
                let (link, end, m) = call.link(c.handle)?;
                link.set_length(end, limits(c.tx_octets, c.tx_time)?, m);
                Ok(handle_return(c.handle))
            }),
            Opcode::LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH => {
                self.reply(ReadSuggestedDefaultDataLength::parse(p), |call, _| {
                    let Limits { octets, time } = call.controller().suggested;
                    let (tx_octets, tx_time) = (U16::new(octets), U16::new(time));
                    Ok(SuggestedDefaultDataLength { status, tx_octets, tx_time })
                })
            }
            Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH => {
                self.reply(WriteSuggestedDefaultDataLength::parse(p), |call, c| {
                    call.controller().suggested = limits(c.tx_octets, c.tx_time)?;
                    Ok(DONE)
                })
            }
            Opcode::LE_READ_MAXIMUM_DATA_LENGTH => {
                self.reply(ReadMaximumDataLength::parse(p), |call, _| {
                    let most = Limits::of(call.controller().config.data_length);
                    let (octets, time) = (U16::new(most.octets), U16::new(most.time));
                    Ok(MaximumDataLength {
                        status,
                        tx_octets: octets,
                        tx_time: time,
                        rx_octets: octets,
                        rx_time: time,
                    })
                })
            }
            _ => return None,
        })
    }

    /// Returns the link with this handle, our end of it, and the medium.
    pub(super) fn link(
        &mut self,
        handle: RawHandle,
    ) -> Result<(&mut Link, End, &mut Medium), Status> {
        let unknown = Status::UNKNOWN_CONNECTION;
        let (id, end) = *self.controller().links.get(&handle.raw()).ok_or(unknown)?;
        let link = self.air.links.get_mut(&id).ok_or(unknown)?;
        Ok((link, end, &mut self.air.medium))
    }

    fn disconnect(&mut self, c: Disconnect) -> Result<Accepted, Status> {
        let (link, end, m) = self.link(c.handle)?;
        if !matches!(c.reason.0, 0x05 | 0x13..=0x15 | 0x1a | 0x29 | 0x3b) {
            return Err(Status::INVALID_PARAMETERS);
        }
        link.disconnect(end, c.reason, m)?;
        Ok(ACCEPTED)
    }
}

pub(super) const fn handle_return(handle: RawHandle) -> HandleReturn {
    HandleReturn { status: Status::SUCCESS, handle }
}

fn limits(octets: U16, time: U16) -> Result<Limits, Status> {
    let limits = Limits { octets: octets.get(), time: time.get() };
    if limits.is_valid() { Ok(limits) } else { Err(Status::INVALID_PARAMETERS) }
}
