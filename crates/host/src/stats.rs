//! What the host counted since it was made.

/// Counters that only grow. What the host had to drop shows here: nothing is lost in silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Stats {
    /// HCI events handled.
    pub events: u32,
    /// HCI ACL packets received for a live link.
    pub acl_in: u32,
    /// HCI ACL packets handed to the transport.
    pub acl_out: u32,
    /// Times that framing was lost on the transport.
    pub sync_lost: u32,
    /// Times that the controller was reset to recover, the first reset aside.
    pub recoveries: u32,
    /// Octets discarded while framing was lost, and answers among them that could not be trusted.
    pub discarded_octets: u32,
    /// Events that came while the controller was being reset: its answers, and whatever else was ignored.
    pub events_in_reset: u32,
    /// Packets that are neither ACL data nor events.
    pub ignored_packets: u32,
    /// Commands that the controller left without an answer for 2 s.
    pub command_timeouts: u32,
    /// Events whose parameters were malformed.
    pub malformed_events: u32,
    /// Events that the host does not know.
    pub unknown_events: u32,
    /// Completions of commands that were not outstanding.
    pub stray_completions: u32,
    /// Credits that the controller returned beyond what it held, and completions for unknown handles.
    pub stray_credits: u32,
    /// ACL packets for no live link.
    pub stray_acl: u32,
    /// ACL octets or whole L2CAP PDUs discarded in reassembly.
    pub discarded_pdus: u32,
    /// PDUs on channels that do not exist.
    pub unknown_channel: u32,
    /// Signalling commands that were malformed, unexpected, or more than can be answered at once.
    pub dropped_signals: u32,
    /// PDUs of the application (frames of channels, PDUs of fixed channels, notifications, commands) that were accepted for
    /// sending and had not left for the controller when their channel or link ended; with them, PDUs of the host itself that were
    /// about to leave.
    pub unsent_pdus: u32,
    /// SDUs of channels, whole or in part, that were received and discarded unread at the end of the channel.
    pub unread_sdus: u32,
    /// Attribute PDUs that broke the protocol: malformed, longer than the MTU, unexpected, or sent before the last request
    /// was answered.
    pub att_violations: u32,
    /// Requests that a peer sent before its last one was answered, and that were not answered: one is kept, a further one is
    /// dropped. Those that a link took with it at its end count too, and writes that were refused because the application keeps
    /// too many of ended links.
    pub dropped_requests: u32,
    /// Requests answered with Unlikely Error because the application did not take them within 5 s.
    pub untaken_requests: u32,
    /// Write commands that were not carried out: not permitted, of a wrong length, signed, or from a peer that does not know
    /// the present table.
    pub ignored_commands: u32,
    /// Notifications that nobody was subscribed to.
    pub unclaimed_notifications: u32,
    /// Notifications, indications, write commands and PDUs of an own fixed channel that were dropped: for want of a free packet
    /// or of room in an append buffer, or unread since their channel was closed
    /// or the slot of their link that had ended was needed for another one.
    pub dropped_pushes: u32,
    /// Advertising reports that gave way to newer ones unread.
    pub lost_reports: u32,
    /// Links that were disconnected because the controller could send none of their packets for 30 s beyond the
    /// supervision timeout.
    pub stalled_links: u32,
    /// Links that were refused because every link slot was taken, or because nobody wanted them.
    pub refused_links: u32,
}

impl Stats {
    /// Adds one to a counter; at its highest value it stays.
    pub(crate) const fn count(counter: &mut u32) {
        *counter = counter.saturating_add(1);
    }

    /// Adds several to a counter; at its highest value it stays.
    pub(crate) fn add(counter: &mut u32, count: usize) {
        *counter = counter.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }
}
