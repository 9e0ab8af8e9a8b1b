//! Counters of the root and of the machines that it owns.

use super::Stack;
use crate::Stats;

impl Stack {
    /// Returns the counters.
    pub(crate) fn stats(&self) -> Stats {
        let mut counters = self.stats;
        counters.unknown_channel.add(self.channels.stray_frames());
        let drops = self.channels.drops();
        counters.unsent_pdus.add(drops.unsent);
        counters.unread_sdus.add(drops.unread);
        for link in self.links.iter().filter(|link| link.is_up()) {
            link.count_drops(&mut counters);
        }
        Stats {
            ignored_commands: self.server.ignored(),
            lost_reports: self.gap.lost_reports_in_all(),
            ..counters.read()
        }
    }
}
