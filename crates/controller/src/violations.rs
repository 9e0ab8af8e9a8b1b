use core::fmt;

/// A host's violations of HCI rules, counted for each controller since it was added.
///
/// A correct host keeps all counts at zero, so a test asserts: `assert_eq!(world.violations(id),
/// Violations::default())`. A host cannot know of an event that it has not read yet, so an action that races such an
/// event is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// Octets that start no packet; the controller waits for HCI_Reset. [Vol 4] Part A, 4
    pub sync_lost: u32,
    /// Commands sent beyond Num_HCI_Command_Packets. [Vol 4] Part E, 4.4
    pub command_overrun: u32,
    /// Commands whose parameters are too short or too long.
    pub command_length: u32,
    /// ACL packets on a handle without a link.
    pub acl_unknown_handle: u32,
    /// ACL packets longer than the buffers.
    pub acl_too_long: u32,
    /// ACL packets beyond the free buffers. [Vol 4] Part E, 4.1
    pub acl_overrun: u32,
    /// ACL packets with a boundary or broadcast flag that a host may not send on the link's transport.
    pub acl_flags: u32,
    /// Host Number Of Completed Packets that is malformed, or was sent without host flow control.
    pub host_completed_malformed: u32,
    /// Host Number Of Completed Packets for a handle without a link.
    pub host_completed_unknown_handle: u32,
    /// Packets that the host completed although they were never sent to it.
    pub host_completed_excess: u32,
    /// Changes of the resolving list or of address resolution while advertising, scanning or initiating.
    /// [Vol 4] Part E, 7.8.38, 7.8.44
    pub resolving_list_in_use: u32,
}

impl Violations {
    /// Returns the sum of all counts.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.sync_lost
            .saturating_add(self.command_overrun)
            .saturating_add(self.command_length)
            .saturating_add(self.acl_unknown_handle)
            .saturating_add(self.acl_too_long)
            .saturating_add(self.acl_overrun)
            .saturating_add(self.acl_flags)
            .saturating_add(self.host_completed_malformed)
            .saturating_add(self.host_completed_unknown_handle)
            .saturating_add(self.host_completed_excess)
            .saturating_add(self.resolving_list_in_use)
    }

    /// Returns whether all counts are zero.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.total() == 0
    }
}

impl fmt::Display for Violations {
    /// Writes, for example, `2 acl_overrun, 1 command_length`, or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.sync_lost, "sync_lost"),
            (self.command_overrun, "command_overrun"),
            (self.command_length, "command_length"),
            (self.acl_unknown_handle, "acl_unknown_handle"),
            (self.acl_too_long, "acl_too_long"),
            (self.acl_overrun, "acl_overrun"),
            (self.acl_flags, "acl_flags"),
            (self.host_completed_malformed, "host_completed_malformed"),
            (self.host_completed_unknown_handle, "host_completed_unknown_handle"),
            (self.host_completed_excess, "host_completed_excess"),
            (self.resolving_list_in_use, "resolving_list_in_use"),
        ];
        let mut separator = "";
        for (count, name) in all.into_iter().filter(|&(count, _)| count > 0) {
            write!(f, "{separator}{count} {name}")?;
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}
