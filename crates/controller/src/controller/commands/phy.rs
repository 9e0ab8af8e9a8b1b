//! PHYs of links. [Vol 4] Part E, 7.8.47 to 7.8.49

use bindrune_hci::{
    Opcode, PhyMask, Status,
    cmd::le::{CurrentPhy, ReadPhy, SetDefaultPhy, SetPhy},
};

use super::{ACCEPTED, Call, DONE, Reply};
use crate::link::PhyRequest;

impl Call<'_> {
    pub(super) fn phy(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::LE_READ_PHY => self.reply(ReadPhy::parse(p), |call, c| {
                let (link, end, _) = call.link(c.handle)?;
                let (tx, rx) = link.phys(end);
                let (tx, rx) = (tx.to_hci(), rx.to_hci());
                Ok(CurrentPhy { status: Status::SUCCESS, handle: c.handle, tx, rx })
            }),
            Opcode::LE_SET_DEFAULT_PHY => self.reply(SetDefaultPhy::parse(p), |call, c| {
                let two = call.controller().config.phy_2m;
                call.controller().default_phy = request(c.no_preference, c.tx, c.rx, two)?;
                Ok(DONE)
            }),
            Opcode::LE_SET_PHY => self.reply(SetPhy::parse(p), |call, c| {
                let two = call.controller().config.phy_2m;
                let (link, end, m) = call.link(c.handle)?;
                if c.options.get() > 2 {
                    return Err(Status::INVALID_PARAMETERS);
                }
                link.set_phy(end, request(c.no_preference, c.tx, c.rx, two)?, m)?;
                Ok(ACCEPTED)
            }),
            _ => return None,
        })
    }
}

fn request(no_preference: u8, tx: PhyMask, rx: PhyMask, two: bool) -> Result<PhyRequest, Status> {
    let any = if two { PhyMask::LE_1M | PhyMask::LE_2M } else { PhyMask::LE_1M };
    let tx = if no_preference & 1 == 0 { tx } else { any };
    let rx = if no_preference & 2 == 0 { rx } else { any };
    if no_preference > 3 || tx.is_empty() || rx.is_empty() {
        return Err(Status::INVALID_PARAMETERS);
    }
    if !any.contains(tx) || !any.contains(rx) {
        return Err(Status::UNSUPPORTED_FEATURE);
    }
    Ok(PhyRequest {
        tx_one: tx.contains(PhyMask::LE_1M),
        tx_two: tx.contains(PhyMask::LE_2M),
        rx_one: rx.contains(PhyMask::LE_1M),
        rx_two: rx.contains(PhyMask::LE_2M),
    })
}
