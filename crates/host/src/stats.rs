//! What the host counted since it was made.

use bindrune_wire::counters;

counters! {
    /// Counters that only grow. What the host had to drop shows here: nothing is lost in silence.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[non_exhaustive]
    pub struct Stats from Counters {
        /// HCI events handled.
        events,
        /// HCI ACL packets received for a live link.
        acl_in,
        /// HCI ACL packets handed to the transport.
        acl_out,
        /// Times that framing was lost on the transport.
        sync_lost,
        /// Times that the controller was reset to recover, the first reset aside.
        recoveries,
        /// Octets discarded while framing was lost, and answers among them that could not be trusted.
        discarded_octets,
        /// Events that came while the controller was being reset: its answers, and whatever else was ignored.
        events_in_reset,
        /// Packets that are neither ACL data nor events.
        ignored_packets,
        /// Commands that the controller left without an answer for 2 s.
        command_timeouts,
        /// Events whose parameters were malformed.
        malformed_events,
        /// Events that the host does not know.
        unknown_events,
        /// Completions of commands that were not outstanding.
        stray_completions,
        /// Credits that the controller returned beyond what it held, and completions for unknown handles.
        stray_credits,
        /// ACL packets for no live link.
        stray_acl,
        /// ACL octets or whole L2CAP PDUs discarded in reassembly.
        discarded_pdus,
        /// PDUs on channels that do not exist.
        unknown_channel,
        /// Signalling commands that were malformed, unexpected, or more than can be answered at once.
        dropped_signals,
        /// PDUs of the application (frames of channels, PDUs of fixed channels, notifications, commands) that were accepted for
        /// sending and had not left for the controller when their channel or link ended; with them, PDUs of the host itself that were
        /// about to leave.
        unsent_pdus,
        /// SDUs of channels, whole or in part, that were received and discarded unread at the end of the channel.
        unread_sdus,
        /// Attribute PDUs that broke the protocol: malformed, longer than the MTU, unexpected, or sent before the last request
        /// was answered.
        att_violations,
        /// Requests that a peer sent before its last one was answered, and that were not answered: one is kept, a further one is
        /// dropped. Those that a link took with it at its end count too, and writes that were refused because the application keeps
        /// too many of ended links.
        dropped_requests,
        /// Requests answered with Unlikely Error because the application did not take them within 5 s.
        untaken_requests,
        /// Write commands that were not carried out: not permitted, of a wrong length, signed, or from a peer that does not know
        /// the present table.
        ignored_commands,
        /// Notifications that nobody was subscribed to.
        unclaimed_notifications,
        /// Notifications, indications, write commands and PDUs of an own fixed channel that were dropped: for want of a free packet
        /// or of room in an append buffer, or unread since their channel was closed
        /// or the slot of their link that had ended was needed for another one.
        dropped_pushes,
        /// Advertising reports that gave way to newer ones unread.
        lost_reports,
        /// Links that were disconnected because the controller could send none of their packets for 30 s beyond the
        /// supervision timeout.
        stalled_links,
        /// Links that were refused because every link slot was taken, or because nobody wanted them.
        refused_links,
    }
}
