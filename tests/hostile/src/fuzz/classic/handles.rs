//! Calls of the application on links, channels and connections of BR/EDR.

use bindrune::{ClassicConnection, ClassicMode, Level, ModemStatus};

use super::{
    OPEN, SECRET,
    app::{Held, Stream},
    calls::config,
    signs,
};
use crate::fuzz::{
    app::{Until, keep, take},
    numbered,
    reach::reached,
    world::World,
};

impl<'h> World<'h> {
    pub(super) fn classic_handle_call(&mut self, which: u8, what: u8, how: u8) {
        match what & 7 {
            0..2 => {
                let Some(link) = take(&self.app.classic.links, which) else { return };
                self.classic_link_call(link, what >> 3, how);
            }
            2..6 => {
                let Some(held) = take(&self.app.classic.channels, which) else { return };
                self.classic_channel_call(held, what >> 3, how);
            }
            _ => {
                let Some(stream) = take(&self.app.classic.streams, which) else { return };
                self.classic_stream_call(stream, what >> 3, how);
            }
        }
    }

    fn classic_link_call(&mut self, link: ClassicConnection<'h>, what: u8, how: u8) {
        let app = self.app.clone();
        match what & 15 {
            0 | 1 => self.spawn("open a channel of a link", Until::Soon, async move {
                let psm = if how & 0x80 == 0 { SECRET } else { OPEN };
                if let Ok(channel) = link.open_channel(psm, config(how)).await {
                    app.classic.keep_channel(channel);
                }
                keep(&app.classic.links, link);
            }),
            2 | 3 => self.spawn("secure BR/EDR", Until::Soon, async move {
                let level = if how & 1 == 0 { Level::Encrypted } else { Level::Authenticated };
                _ = link.secure(level).await;
                keep(&app.classic.links, link);
            }),
            4 => self.spawn("pair by BR/EDR", Until::Soon, async move {
                _ = link.pair(Level::Encrypted).await;
                keep(&app.classic.links, link);
            }),
            5 => self.spawn("disconnect BR/EDR", Until::Soon, async move {
                _ = link.disconnect().await;
            }),
            6 => self.spawn("disconnected BR/EDR", Until::LinkEnds, async move {
                link.disconnected().await;
            }),
            _ => {
                _ = link.security();
                self.classic_mode_call(link, how);
            }
        }
    }

    fn classic_channel_call(&mut self, held: Held<'h>, what: u8, how: u8) {
        let app = self.app.clone();
        match what & 15 {
            0..5 => self.spawn("send by BR/EDR", Until::LinkEnds, async move {
                let longest = held.channel.peer_mtu();
                let len = (usize::from(how) * 2).min(longest.into());
                let datagram = signs::datagram(held.stream, len, false);
                if held.channel.send(&datagram).await.is_err() {
                    numbered::take_back(held.stream);
                }
                keep(&app.classic.channels, held);
            }),
            5..11 => self.spawn("receive by BR/EDR", Until::LinkEnds, async move {
                for _ in 0..how >> 5 {
                    let mut datagram = [0; 700];
                    let Ok(len) = held.channel.recv(&mut datagram).await else { break };
                    let lost = held.channel.lost().received;
                    signs::received(&datagram[..len], held.is_secret(), lost == 0);
                }
                keep(&app.classic.channels, held);
            }),
            11 => self.spawn("flush BR/EDR", Until::LinkEnds, async move {
                let flushed = held.channel.flush().await.is_ok();
                if flushed && held.channel.mode() == ClassicMode::ENHANCED_RETRANSMISSION {
                    numbered::all_arrived(held.stream);
                    reached("a flush, enhanced");
                }
                keep(&app.classic.channels, held);
            }),
            12 => self.spawn("set the MTU", Until::Soon, async move {
                _ = held.channel.set_mtu(u16::from(how) * 2 + 48).await;
                keep(&app.classic.channels, held);
            }),
            13 => self.spawn("close BR/EDR", Until::Soon, async move {
                _ = held.channel.close().await;
            }),
            _ => keep(&app.classic.channels, held),
        }
    }

    fn classic_stream_call(&mut self, mut stream: Stream<'h>, what: u8, how: u8) {
        let app = self.app.clone();
        match what & 15 {
            0..5 => self.spawn("write by RFCOMM", Until::LinkEnds, async move {
                let mut count = stream.sent;
                let bytes = count.next(how.into());
                if let Ok(written) = stream.port.write(&bytes).await {
                    stream.sent.next(written);
                }
                keep(&app.classic.streams, stream);
            }),
            5..8 => self.spawn("read by RFCOMM", Until::LinkEnds, async move {
                for _ in 0..how >> 5 {
                    let mut bytes = [0; 60];
                    let Ok(len @ 1..) = stream.port.read(&mut bytes).await else { break };
                    stream.received.arrived(&bytes[..len]);
                }
                keep(&app.classic.streams, stream);
            }),
            11 => self.spawn("flush RFCOMM", Until::LinkEnds, async move {
                _ = stream.port.flush().await;
                keep(&app.classic.streams, stream);
            }),
            12 => {
                _ = stream.port.set_modem(ModemStatus::empty());
                keep(&app.classic.streams, stream);
            }
            13 => self.spawn("close RFCOMM", Until::Soon, async move {
                _ = stream.port.close().await;
            }),
            _ => self.classic_port_call(stream, how),
        }
    }
}
