//! Counters of the host since it was created.

use bindrune_wire::counters;

counters! {
    /// Counters that only grow. Everything that the host had to drop is counted here: no loss is silent.
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
        /// Losses of sync on the transport.
        sync_lost,
        /// Resets of the controller for recovery, not counting the first reset.
        recoveries,
        /// Bytes discarded during a loss of sync, and answers among them that could not be trusted.
        discarded_bytes,
        /// Events that arrived while the controller was being reset: answers to earlier commands, and everything else
        /// that was ignored.
        events_in_reset,
        /// Packets that are neither ACL data nor events.
        ignored_packets,
        /// Commands that the controller left without an answer for 2 s.
        command_timeouts,
        /// Events with malformed parameters.
        malformed_events,
        /// Events of an unknown type.
        unknown_events,
        /// Completions of commands that were not outstanding.
        stray_completions,
        /// Credits that the controller returned beyond those that it held, and completions for unknown handles.
        stray_credits,
        /// ACL packets without a live link.
        stray_acl,
        /// Bytes of ACL data, or whole L2CAP PDUs, discarded in reassembly.
        discarded_pdus,
        /// PDUs on channels that do not exist.
        unknown_channel,
        /// Signalling commands that were malformed, unexpected, or more than can be answered at once.
        dropped_signals,
        /// PDUs of the application (frames of channels, PDUs of fixed channels, notifications, commands) that were
        /// accepted for sending and had not left for the controller when their channel or link ended. PDUs of the host
        /// itself that were about to leave count too.
        unsent_pdus,
        /// SDUs of channels, whole or in part, that were received and discarded unread at the end of the channel.
        unread_sdus,
        /// Attribute PDUs that broke the protocol: malformed, longer than the MTU, unexpected, or sent before the last
        /// request was answered.
        att_violations,
        /// Requests that a peer sent before its last one was answered and that were not answered: one is kept, another
        /// one is dropped. Requests lost at the end of a link count too, and writes that were refused because the
        /// application keeps too many requests of ended links.
        dropped_requests,
        /// Requests answered with Unlikely Error because the application did not take them within 5 s.
        untaken_requests,
        /// Write commands without effect: not permitted, of a wrong length, signed, or from a peer that does not know
        /// the present table.
        ignored_commands,
        /// Notifications without a subscription.
        unclaimed_notifications,
        /// Notifications, indications, write commands and PDUs of an own fixed channel that were dropped: because no
        /// packet was free, because an append buffer was full, or unread because their channel was closed or the slot
        /// of their ended link was needed for another one.
        dropped_pushes,
        /// Advertising reports that were replaced by newer ones before they were read.
        lost_reports,
        /// Links that were disconnected because the controller sent none of their packets for 30 s beyond the
        /// supervision timeout.
        stalled_links,
        /// Links that were refused because all link slots were in use, or because no request was waiting for them.
        refused_links,
    }
}
