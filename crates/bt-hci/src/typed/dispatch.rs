//! Functions that the code of the macro `commands` calls.

use super::{
    Reply,
    bt_hci::{
        AsHciBytes, FromHciBytes,
        cmd::{AsyncCmd, Cmd, Error, SyncCmd},
        controller::{ControllerCmdAsync, ControllerCmdSync},
    },
};

/// Creates a command from its parameters; `None` if they do not match its type.
pub fn read<'p, K: Cmd<Params: FromHciBytes<'p>>>(
    parameters: &'p [u8],
    make: impl FnOnce(K::Params) -> K,
) -> Option<K> {
    K::Params::from_hci_bytes_complete(parameters).ok().map(make)
}

/// Executes a command with return parameters.
///
/// # Errors
///
/// An error of the driver.
pub async fn complete<C, K>(controller: &C, command: Option<K>) -> Result<Reply, C::Error>
where
    K: SyncCmd<Return: AsHciBytes>,
    C: ControllerCmdSync<K>,
{
    let Some(command) = command else { return Ok(Reply::complete(Reply::INVALID, &[])) };
    match controller.exec(&command).await {
        Ok(returned) => Ok(Reply::complete(0, returned.as_hci_bytes())),
        Err(Error::Hci(error)) => Ok(Reply::complete(error.into(), &[])),
        Err(Error::Io(error)) => Err(error),
    }
}

/// Executes a command that ends later, with an event.
///
/// # Errors
///
/// An error of the driver.
pub async fn status<C, K>(controller: &C, command: Option<K>) -> Result<Reply, C::Error>
where
    K: AsyncCmd,
    C: ControllerCmdAsync<K>,
{
    let Some(command) = command else { return Ok(Reply::status(Reply::INVALID)) };
    match controller.exec(&command).await {
        Ok(()) => Ok(Reply::status(0)),
        Err(Error::Hci(error)) => Ok(Reply::status(error.into())),
        Err(Error::Io(error)) => Err(error),
    }
}
