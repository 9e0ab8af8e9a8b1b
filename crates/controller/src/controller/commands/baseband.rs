//! Reset, event masks, host flow control. [Vol 4] Part E, 7.3, 7.8.1

use bindrune_hci::{
    Opcode, Status,
    cmd::{
        Unanswered,
        baseband::{
            CompletedPackets, EventMask, FlowControl, HostBufferSize, HostNumberOfCompletedPackets,
            ReadTransmitPowerLevel, Reset, SetControllerToHostFlowControl, SetEventMask,
            SetEventMaskPage2, TransmitPowerLevel,
        },
        le::{self, LeEventMask},
    },
};

use super::{Call, DONE, Reply};

impl Call<'_> {
    pub(super) fn baseband(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::RESET => self.reply(Reset::parse(p), |call, Reset| {
                call.air.reset(call.id);
                Ok(DONE)
            }),
            Opcode::SET_EVENT_MASK => self.reply(SetEventMask::parse(p), |call, c| {
                call.controller().event_mask = EventMask::from_bits_retain(c.mask.get());
                Ok(DONE)
            }),
            Opcode::SET_EVENT_MASK_PAGE_2 => self.reply(SetEventMaskPage2::parse(p), |call, c| {
                call.controller().classic.event_mask_2 = c.mask.get();
                Ok(DONE)
            }),
            Opcode::LE_SET_EVENT_MASK => self.reply(le::SetEventMask::parse(p), |call, c| {
                call.controller().le_event_mask = LeEventMask::from_bits_retain(c.mask.get());
                Ok(DONE)
            }),
            Opcode::READ_TRANSMIT_POWER_LEVEL => {
                self.reply(ReadTransmitPowerLevel::parse(p), |call, c| {
                    call.link(c.handle)?;
                    if c.kind > 1 {
                        return Err(Status::INVALID_PARAMETERS);
                    }
                    let status = Status::SUCCESS;
                    Ok(TransmitPowerLevel { status, handle: c.handle, level: 0 })
                })
            }
            Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL => {
                self.reply(SetControllerToHostFlowControl::parse(p), Self::set_flow_control)
            }
            Opcode::HOST_BUFFER_SIZE => {
                self.reply(HostBufferSize::parse(p), Self::set_host_buffers)
            }
            Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS => self.host_completed(),
            _ => return None,
        })
    }

    fn set_flow_control(
        &mut self,
        c: SetControllerToHostFlowControl,
    ) -> Result<super::Done, Status> {
        let controller = self.controller();
        if !controller.links.is_empty() || !controller.classic.links.is_empty() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if c.flow_control.0 > FlowControl::BOTH.0 {
            return Err(Status::INVALID_PARAMETERS);
        }
        let acl = matches!(c.flow_control, FlowControl::ACL | FlowControl::BOTH);
        self.controller().flow.set(acl);
        Ok(DONE)
    }

    fn set_host_buffers(&mut self, c: HostBufferSize) -> Result<super::Done, Status> {
        if c.acl_len.get() == 0 || c.acl_count.get() == 0 {
            return Err(Status::INVALID_PARAMETERS);
        }
        self.controller().flow.buffers = Some((c.acl_len.get(), c.acl_count.get()));
        Ok(DONE)
    }

    fn host_completed(&mut self) -> Reply {
        let parsed = HostNumberOfCompletedPackets::parse(self.parameters);
        let well_formed = parsed.is_ok() && self.controller().flow.is_on();
        if !well_formed {
            let count = &mut self.controller().violations.host_completed_malformed;
            *count = count.saturating_add(1);
        }
        match parsed {
            Err(_) => Reply::Complete(vec![Status::INVALID_PARAMETERS.0]),
            Ok(_) if !well_formed => Reply::Complete(vec![Status::COMMAND_DISALLOWED.0]),
            Ok(command) => self.reply(Ok(command), |call, c| {
                let results: Vec<_> =
                    c.links.iter().map(|link| call.complete_for_host(link)).collect();
                call.controller().release_acl();
                results.into_iter().collect::<Result<(), _>>()?;
                Ok(Unanswered { status: Status::SUCCESS })
            }),
        }
    }

    fn complete_for_host(&mut self, completed: &CompletedPackets) -> Result<(), Status> {
        let (handle, count) = (completed.handle.raw(), completed.count.get());
        let controller = self.controller();
        if !controller.has_link(handle) {
            if controller.closes(handle) {
                let _excess = controller.flow.completed(handle, count);
                return Ok(());
            }
            let unknown = &mut controller.violations.host_completed_unknown_handle;
            *unknown = unknown.saturating_add(1);
            return Err(Status::INVALID_PARAMETERS);
        }
        let excess = controller.flow.completed(handle, count);
        let total = &mut controller.violations.host_completed_excess;
        *total = total.saturating_add(excess.into());
        if excess > 0 { Err(Status::INVALID_PARAMETERS) } else { Ok(()) }
    }
}
