//! Calls of the application about roles, modes and echoes of links, and about the ports of connections.

use bindrune::{
    BitRate, ClassicConnection, ClassicLinkMode, ClassicSniff, LineStatus, Parity, PortSettings,
    Role,
};
use embassy_time::Duration;

use super::{app::Stream, signs};
use crate::fuzz::{
    app::{Until, keep},
    reach::reached,
    world::World,
};

impl<'h> World<'h> {
    pub(super) fn classic_mode_call(&mut self, link: ClassicConnection<'h>, how: u8) {
        let (app, more) = (self.app.clone(), how >> 3);
        match how & 7 {
            0 => self.spawn("switch the role", Until::Soon, async move {
                let role = if more & 1 == 0 { Role::CENTRAL } else { Role::PERIPHERAL };
                _ = link.switch_role(role).await;
                keep(&app.classic.links, link);
            }),
            1 | 2 => self.spawn("sniff mode", Until::Soon, async move {
                let longest = [20, 500, 1_300, 12_000][usize::from(more & 3)];
                let max_interval = Duration::from_millis(longest);
                let min_interval = max_interval / (1 + u32::from(more >> 2));
                let sniff = ClassicSniff { min_interval, max_interval, ..ClassicSniff::IDLE };
                _ = link.request_sniff(sniff).await;
                keep(&app.classic.links, link);
            }),
            3 => self.spawn("active mode", Until::Soon, async move {
                _ = link.exit_sniff().await;
                keep(&app.classic.links, link);
            }),
            4 => self.spawn("supervision timeout", Until::Soon, async move {
                let timeout = Duration::from_millis(100 + u64::from(more) * 1_000);
                _ = link.set_supervision_timeout(timeout).await;
                keep(&app.classic.links, link);
            }),
            5 | 6 => self.spawn("echo", Until::Soon, async move {
                let data = [more; 44];
                if let Ok(echo) = link.echo(&data[..usize::from(more)]).await {
                    assert!(echo.is_equal || signs::is_loose(), "an echo with other data");
                    reached("an echo of the host");
                }
                keep(&app.classic.links, link);
            }),
            _ => self.spawn("a change of mode", Until::LinkEnds, async move {
                if more & 1 == 0 {
                    _ = link.mode_changed(ClassicLinkMode::Active).await;
                } else {
                    _ = link.role_changed(Role::CENTRAL).await;
                }
                keep(&app.classic.links, link);
            }),
        }
    }

    pub(super) fn classic_port_call(&mut self, stream: Stream<'h>, how: u8) {
        let (app, more) = (self.app.clone(), how >> 2);
        match how & 3 {
            0 => self.spawn("set a port", Until::Soon, async move {
                let rate = [BitRate::B2400, BitRate::B115200][usize::from(more & 1)];
                let parity = [Parity::None, Parity::Even][usize::from(more >> 1 & 1)];
                let settings = PortSettings::default().with_rate(rate).with_parity(parity);
                if stream.port.set_port_settings(settings).await.is_ok() {
                    reached("settings of a port");
                }
                keep(&app.classic.streams, stream);
            }),
            1 => self.spawn("ask for a port", Until::Soon, async move {
                _ = stream.port.peer_port_settings().await;
                keep(&app.classic.streams, stream);
            }),
            2 => self.spawn("report a line", Until::Soon, async move {
                if stream.port.report_line(LineStatus::ERROR | LineStatus::PARITY).await.is_ok() {
                    reached("a line status of the host");
                }
                keep(&app.classic.streams, stream);
            }),
            _ => self.spawn("wait for a line", Until::LinkEnds, async move {
                if stream.port.next_line_status().await.is_ok() {
                    reached("a line status of the peer");
                }
                keep(&app.classic.streams, stream);
            }),
        }
    }
}
