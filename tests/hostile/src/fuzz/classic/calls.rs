//! Calls of the application on BR/EDR of the host.

use bindrune::{
    ClassicChannelConfig, ClassicDiscoverable, Inquiry, Level, Port, ServiceRecord, Uuid,
};
use embassy_time::Duration;

use super::{OPEN, PEERS, SECRET, SERIAL, Step, address, oob, signs};
use crate::fuzz::{
    app::{Until, keep, take},
    reach::reached,
    step::Bytes,
    world::World,
};

/// Returns the configuration of a channel.
pub(super) const fn config(how: u8) -> ClassicChannelConfig {
    let config = match how & 3 {
        0 | 1 => ClassicChannelConfig::BASIC,
        2 => ClassicChannelConfig::ENHANCED,
        _ => ClassicChannelConfig::STREAMING,
    };
    if how & 4 == 0 { config } else { config.require_mode() }
}

impl World<'_> {
    /// Runs a step of BR/EDR.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other steps are of the controller")]
    pub(crate) fn classic_step(&mut self, step: Step) {
        match step {
            Step::Call(what, bytes) => self.classic_call(what, &bytes),
            Step::HandleCall(which, what, how) => self.classic_handle_call(which, what, how),
            Step::Drop(what, which) => {
                let app = &self.app.classic;
                match what & 7 {
                    0 | 1 => drop(take(&app.links, which)),
                    2..5 => drop(take(&app.channels, which)),
                    5 | 6 => drop(take(&app.streams, which)),
                    _ => drop(take(&app.records, which)),
                }
            }
            Step::Lie(..) if self.controller().setup.spared.lies => {}
            Step::Fault(..) if self.controller().setup.spared.faults => {}
            Step::Frame(..) if self.controller().setup.spared.strange => {}
            Step::Ends(..) if self.controller().setup.spared.ends => {}
            step => {
                if matches!(step, Step::Lie(..) | Step::Frame(..)) {
                    crate::fuzz::numbered::loosen();
                    signs::loosen();
                }
                if matches!(step, Step::Data(_, how) if how & 1 == 0) {
                    signs::loosen();
                }
                self.controller().classic_step(step);
                let lied = self.controller().lied;
                self.honest &= !lied;
            }
        }
    }

    /// Starts the tasks that the application runs by itself.
    pub(crate) fn classic_habits(&mut self, habits: u8) {
        _ = self.host.classic().set_connectable(true);
        for what in [8, 9, 10] {
            if habits >> (what - 8) & 1 == 0 {
                self.classic_call(what, &[habits; 13]);
            }
        }
    }

    fn classic_call(&mut self, what: u8, bytes: &Bytes) {
        let (classic, app) = (self.host.classic(), self.app.clone());
        let [how, more, ..] = *bytes;
        let device = address(more % PEERS);
        match what & 15 {
            0 | 1 => self.spawn("connect by BR/EDR", Until::Soon, async move {
                if let Ok(link) = classic.connect(device).await {
                    keep(&app.classic.links, link);
                }
            }),
            2 | 3 => self.spawn("open a channel by BR/EDR", Until::Soon, async move {
                let psm = if how & 0x80 == 0 { SECRET } else { OPEN };
                if let Ok(channel) = classic.open_channel(device, psm, config(how)).await {
                    app.classic.keep_channel(channel);
                }
            }),
            4 => self.spawn("search", Until::Soon, async move {
                let found =
                    classic.services(device, &[Uuid::new_16(0x100)], &mut [0; 90]).await.is_ok();
                reached(if found { "a search" } else { "a search that fails" });
            }),
            5 => self.spawn("name", Until::Soon, async move {
                _ = classic.name(device, &mut [0; 248]).await;
            }),
            6 => self.spawn("inquiry", Until::Soon, async move {
                let inquiry = if how & 1 == 0 { Inquiry::GENERAL } else { Inquiry::LIMITED };
                let Ok(mut found) = classic.discover(inquiry).await else { return };
                while let Ok(Some(_)) = found.next(&mut [0; 240]).await {}
            }),
            7 => self.spawn("connect by RFCOMM", Until::Soon, async move {
                if let Ok(port) = classic.rfcomm_connect(device, SERIAL).await {
                    app.classic.keep_stream(port);
                }
            }),
            8..11 => self.classic_listen(what, how),
            _ => self.classic_setting(what, how, more),
        }
    }

    fn classic_listen(&mut self, what: u8, how: u8) {
        let (classic, app) = (self.host.classic(), self.app.clone());
        match what & 15 {
            8 | 9 => self.spawn("listen by BR/EDR", Until::Dropped, async move {
                let (psm, level) =
                    if what & 1 == 0 { (OPEN, Level::Open) } else { (SECRET, Level::Encrypted) };
                let Ok(mut listener) = classic.listen(psm, config(how >> 4).level(level)) else {
                    return;
                };
                while let Ok(channel) = listener.accept().await {
                    app.classic.keep_channel(channel);
                }
            }),
            _ => self.spawn("listen by RFCOMM", Until::Dropped, async move {
                let listener = classic.rfcomm_listen(Some(SERIAL), Level::Encrypted);
                let Ok(mut listener) = listener else { return };
                while let Ok(port) = listener.accept().await {
                    app.classic.keep_stream(port);
                }
            }),
        }
    }

    fn classic_setting(&mut self, what: u8, how: u8, more: u8) {
        let (classic, app) = (self.host.classic(), self.app.clone());
        let device = address(more % PEERS);
        match what & 15 {
            11 if what & 0x30 == 0x10 => self.spawn("OOB", Until::Soon, async move {
                if classic.oob().await.is_ok() {
                    reached("out-of-band data of the host");
                }
            }),
            11 if what & 0x20 != 0 => {
                _ = classic.set_peer_oob(device, oob::of_peer(more % PEERS, how));
            }
            11 => {
                if classic.remove_bond(device) {
                    reached("a bond of BR/EDR is removed");
                    signs::removed(more % PEERS);
                }
            }
            12 => self.spawn("packet timeout", Until::Soon, async move {
                let timeout = (how & 1 == 0).then_some(Duration::from_millis(how.into()));
                if classic.set_packet_timeout(device, timeout).await.is_ok() {
                    reached("a packet timeout");
                }
            }),
            13 => {
                let class = [Uuid::new_16(0x1101)];
                let record = ServiceRecord::new(&class, Port::L2cap(OPEN.0));
                classic
                    .advertise(&record)
                    .into_iter()
                    .for_each(|one| keep(&app.classic.records, one));
            }
            14 => {
                _ = classic.set_discoverable(match how & 3 {
                    0 => ClassicDiscoverable::No,
                    1 => ClassicDiscoverable::Limited(Duration::from_secs(10)),
                    _ => ClassicDiscoverable::General,
                });
                _ = classic.set_connectable(how & 4 == 0);
            }
            _ => self.app.holds.set(how & 1 == 1),
        }
    }

    /// Checks that no bond that was removed came back.
    pub(crate) fn removed_bonds_stay_away(&self) {
        for (device, _) in self.host.classic().bonds() {
            let number = super::number(&device.octets());
            assert!(!number.is_some_and(signs::is_removed), "the bond with {device} came back");
        }
    }
}
