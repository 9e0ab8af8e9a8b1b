//! Resets a host to its initial state, so that a test can run many scenarios on one host.

use bindrune_gatt::GapConfig as GattGap;
use bindrune_hci::Status;
use bindrune_l2cap::{Listener, Pools};

use super::{LISTENERS, Link, Phase, Stack, gap};
use crate::{Config, ConfigError, config::table_error, stats::Counters};

impl Stack {
    /// Forgets everything. On an error, only the links and requests are gone.
    pub(crate) fn reset(&mut self, config: Config) -> Result<(), ConfigError> {
        self.stop(Status::LOCAL_HOST_TERMINATED);
        let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
        self.channels.reset(&mut pools);
        for link in self.links.iter_mut() {
            let _unread = link.forget_received(&mut self.rx);
            let peer = link.peer.take();
            let generation = link.generation.wrapping_add(1);
            *link = Link { peer, generation, ..Link::FREE };
        }
        self.rx.reset();
        self.tx.pool.reset();
        let packet_size = self.rx.pool.packet_size();
        self.gap.reset(gap::gap_config(&config, &self.rx, packet_size));
        self.listeners = [Listener::FREE; LISTENERS];
        self.channel_users.fill(0);
        self.app.fail();
        self.abandon_app_command();
        self.worker = super::worker::Worker::new();
        self.security.reset();
        self.privacy = super::privacy::Privacy::new(config.privacy);
        self.classic.reset();
        self.phase = Phase::Down;
        self.recovery = super::resetting::Recovery::new();
        self.named = None;
        self.shutdown = super::shutdown::Shutdown::No;
        self.stats = Counters::ZERO;
        let gatt = GattGap { appearance: config.appearance, ..GattGap::new(config.name) };
        self.server.reset(config.services, &gatt).map_err(table_error)?;
        self.config = config;
        Ok(())
    }
}
