//! Controllers with the traits of bt-hci 0.10.

#[path = "typed/mod.rs"]
mod typed;

pub use ::bt_hci_0_10 as bt_hci;

pub use typed::*;

use bt_hci::{
    cmd::{
        Cmd as _,
        le::{
            LeRemoteConnectionParameterRequestNegativeReply,
            LeRemoteConnectionParameterRequestReply,
        },
        link_control::Disconnect,
    },
    controller::{Controller, ControllerCmdAsync},
};
use dispatch::read;

crate::commands! {
    in self::typed;
    /// Disconnect, which this version treats as a command that Command Complete answers.
    pub struct Disconnecting {
        begun: [Disconnect],
    }
}

/// Answers to the peer's requests for connection parameters; without this set the controller answers them. bt-hci
/// treats these commands as commands that Command Status answers.
#[derive(Clone, Copy, Debug)]
pub struct ParameterRequests;

impl<C> Commands<C> for ParameterRequests
where
    C: Controller
        + ControllerCmdAsync<LeRemoteConnectionParameterRequestReply>
        + ControllerCmdAsync<LeRemoteConnectionParameterRequestNegativeReply>,
{
    fn contains(opcode: u16) -> bool {
        opcode == LeRemoteConnectionParameterRequestReply::OPCODE.to_raw()
            || opcode == LeRemoteConnectionParameterRequestNegativeReply::OPCODE.to_raw()
    }

    async fn execute(controller: &C, opcode: u16, parameters: &[u8]) -> Result<Reply, C::Error> {
        let reply = if opcode == LeRemoteConnectionParameterRequestReply::OPCODE.to_raw() {
            let command = read(parameters, LeRemoteConnectionParameterRequestReply::from);
            dispatch::status(controller, command).await?
        } else if opcode == LeRemoteConnectionParameterRequestNegativeReply::OPCODE.to_raw() {
            let command = read(parameters, LeRemoteConnectionParameterRequestNegativeReply::from);
            dispatch::status(controller, command).await?
        } else {
            return Ok(Reply::UNKNOWN);
        };
        Ok(reply.with_handle(parameters))
    }
}
