//! Calls of the application on links and channels.

use std::rc::Rc;

use bindrune::{Cid, Connection, ConnectionParameters, Level, PhyMask, Psm, Uuid};
use embassy_futures::select::select;
use embedded_io_async::Read;

use super::{
    app::{App, Until, keep, take},
    calls::CHANNEL,
    config::{ASKED, LEVEL},
    numbered,
    peers::PSM,
    step::Bytes,
    world::World,
};

impl<'h> App<'h> {
    /// Keeps a new link, and serves it if `serve` is set.
    pub(crate) async fn linked(self: Rc<Self>, link: Connection<'h>, serves: bool) {
        keep(&self.links, link.clone());
        if serves {
            self.serve(link).await;
        }
    }
}

impl<'h> World<'h> {
    /// Makes a call on a link.
    pub(crate) fn link_call(&mut self, link: u8, what: u8, octets: &Bytes) {
        let Some(link) = self.app.link(link) else { return };
        match what & 7 {
            0 | 1 => self.client_call(link, what >> 3, octets),
            2..5 => self.server_call(link, what >> 3, octets),
            5 => self.security_call(link, what >> 3),
            6 => self.channel_open(link, what >> 3, octets),
            _ => self.procedure(link, what >> 3, octets),
        }
    }

    fn client_call(&mut self, link: Connection<'h>, what: u8, octets: &Bytes) {
        let app = self.app.clone();
        let [how, more, ..] = *octets;
        let handle = u16::from(how & 7);
        match what & 15 {
            0..3 => self.spawn("read", Until::Soon, async move {
                _ = link.read(handle, &mut [0; 512]).await;
            }),
            3 => self.spawn("read multiple", Until::Soon, async move {
                _ = link.read_multiple(&[3, handle], &mut [0; 512]).await;
            }),
            4 | 5 => self.spawn("write", Until::Soon, async move {
                _ = link.write(handle, &[3; 255][..more.into()]).await;
            }),
            6 => self.spawn("write reliably", Until::Soon, async move {
                _ = link.write_reliably(&[(3, &[1; 30]), (handle, &[2; 3])]).await;
            }),
            7 | 8 => self.spawn("write without response", Until::Soon, async move {
                _ = link.write_without_response(handle, &[4; 255][..more.into()]).await;
            }),
            9 => self.spawn("exchange MTU", Until::Soon, async move {
                _ = link.exchange_mtu().await;
            }),
            10 | 11 => self.spawn("discover", Until::LinkEnds, async move {
                let mut services = link.services();
                while let Ok(Some(service)) = services.next().await {
                    let mut characteristics = service.characteristics();
                    while let Ok(Some(one)) = characteristics.next().await {
                        if how & 1 == 0
                            && let Ok(subscription) = link.subscribe(&one).await
                        {
                            keep(&app.subscriptions, subscription);
                        }
                    }
                }
            }),
            12 => self.spawn("read by UUID", Until::LinkEnds, async move {
                let mut values = link.values_by_uuid(1, 0xffff, Uuid::new_16(0x2a19));
                while let Ok(Some(_)) = values.next(&mut [0; 64]).await {}
            }),
            13 => {
                let listened = link.listen(handle);
                listened.into_iter().for_each(|one| keep(&app.subscriptions, one));
            }
            14 => {
                let Some(mut one) = take(&app.subscriptions, how) else { return };
                self.spawn("next value", Until::LinkEnds, async move {
                    while one.next(&mut [0; 64][..usize::from(more >> 2) + 1]).await.is_ok() {}
                });
            }
            _ => {
                let Some(one) = take(&app.subscriptions, how) else { return };
                self.spawn("unsubscribe", Until::Soon, async move {
                    _ = one.unsubscribe().await;
                });
            }
        }
    }

    fn server_call(&mut self, link: Connection<'h>, what: u8, octets: &Bytes) {
        let [how, ..] = *octets;
        let value = [5; 20];
        let len = usize::from(how & 15) + 1;
        match what & 7 {
            0..3 => self.spawn("notify", Until::Soon, async move {
                _ = link.notify(&LEVEL, &value[..len]).await;
            }),
            3 | 4 => self.spawn("indicate", Until::Soon, async move {
                _ = link.indicate(&LEVEL, &value[..len]).await;
            }),
            5 => self.spawn("serve", Until::LinkEnds, self.app.clone().serve(link)),
            6 => _ = link.subscribed(&ASKED),
            _ => _ = link.authorize(how & 1 == 0),
        }
    }

    fn security_call(&mut self, link: Connection<'h>, what: u8) {
        match what & 7 {
            0..3 => self.spawn("pair", Until::Soon, async move {
                _ = link.pair().await;
            }),
            3 | 4 => self.spawn("encrypt", Until::Soon, async move {
                _ = link.encrypt().await;
            }),
            5 => self.spawn("secure", Until::Soon, async move {
                _ = link.secure(Level::Authenticated).await;
            }),
            6 => self.spawn("secure", Until::Soon, async move {
                _ = link.secure(Level::Encrypted).await;
            }),
            _ => _ = link.identity(),
        }
    }

    fn channel_open(&mut self, link: Connection<'h>, what: u8, octets: &Bytes) {
        let app = self.app.clone();
        if what & 7 > 1 {
            self.spawn("open a channel", Until::Soon, async move {
                if let Ok(channel) = link.open_channel(Psm(PSM), CHANNEL).await {
                    keep(&app.channels, channel);
                }
            });
            return;
        }
        if what & 7 == 0 {
            return link.fixed_channel(Cid(0x3e)).into_iter().for_each(|one| keep(&app.fixed, one));
        }
        let Some(mut fixed) = take(&app.fixed, octets[0]) else { return };
        let sends = octets[1] & 1 == 0;
        self.spawn("a fixed channel", Until::LinkEnds, async move {
            if sends {
                _ = fixed.send(&[6; 30]).await;
            } else {
                _ = fixed.recv(&mut [0; 64]).await;
            }
            keep(&app.fixed, fixed);
        });
    }

    fn procedure(&mut self, link: Connection<'h>, what: u8, octets: &Bytes) {
        match what & 7 {
            0 | 1 => self.spawn("disconnect", Until::Soon, async move {
                _ = link.disconnect().await;
            }),
            2 => self.spawn("RSSI", Until::Soon, async move {
                _ = link.rssi().await;
            }),
            3 => self.spawn("update parameters", Until::Soon, async move {
                _ = link.update_parameters(ConnectionParameters::DEFAULT).await;
            }),
            4 => self.spawn("set PHY", Until::Soon, async move {
                _ = link.set_phy(PhyMask(2), PhyMask(2)).await;
            }),
            5 => {
                let length = 27 + u16::from(octets[0] & 0x7f);
                self.spawn("set data length", Until::Soon, async move {
                    _ = link.set_data_length(length, 2120).await;
                });
            }
            6 => self.spawn("disconnected", Until::LinkEnds, async move {
                link.disconnected().await;
            }),
            _ => self.spawn("watch services", Until::Soon, async move {
                _ = link.watch_services().await;
            }),
        }
    }

    /// Makes a call on a channel.
    pub(crate) fn channel_call(&mut self, channel: u8, what: u8, octets: &Bytes) {
        let app = self.app.clone();
        let Some(mut channel) = take(&app.channels, channel) else { return };
        let len = usize::from(octets[0]);
        match what & 15 {
            0..5 => self.spawn("send", Until::LinkEnds, async move {
                _ = channel.send(&[8; 255][..len]).await;
                keep(&app.channels, channel);
            }),
            5..9 => self.spawn("receive", Until::LinkEnds, async move {
                let mut sdu = [0; 128];
                if let Ok(len) = channel.recv(&mut sdu).await {
                    numbered::received(&sdu[..len], true);
                }
                keep(&app.channels, channel);
            }),
            9 => self.spawn("receive a chunk", Until::LinkEnds, async move {
                if let Ok(piece) = channel.next_chunk().await
                    && piece.is_first()
                {
                    numbered::received(&piece, true);
                }
                keep(&app.channels, channel);
            }),
            10 => self.spawn("send in place", Until::LinkEnds, async move {
                if let Ok(outgoing) = channel.reserve(len & 63).await {
                    _ = outgoing.send().await;
                }
                keep(&app.channels, channel);
            }),
            11 => self.spawn("flush", Until::LinkEnds, async move {
                _ = channel.flush().await;
                keep(&app.channels, channel);
            }),
            12 => self.spawn("close", Until::Soon, async move {
                _ = channel.close().await;
            }),
            13 => self.spawn("bytes both ways", Until::LinkEnds, async move {
                let (mut sender, mut receiver) = channel.split();
                let sends = async { while sender.send_all(&[9; 300][..=len]).await.is_ok() {} };
                let receives = async {
                    let mut buffer = [0; 50];
                    while let Ok(1..) = receiver.read(&mut buffer).await {
                        assert!(receiver.available() <= 192, "more than the window holds");
                    }
                };
                select(sends, receives).await;
            }),
            14 => self.spawn("both ways", Until::LinkEnds, async move {
                let (mut sender, mut receiver) = channel.split();
                let sends = async { while sender.send(&[9; 90][..len.min(90)]).await.is_ok() {} };
                let receives = async {
                    let mut sdu = [0; 128];
                    while let Ok(len) = receiver.recv(&mut sdu).await {
                        numbered::received(&sdu[..len], true);
                    }
                };
                select(sends, receives).await;
            }),
            _ => drop(channel),
        }
    }
}
