//! HCI commands of the application. [Vol 4] Part E, 4.4

use bindrune_hci::{
    Command, Opcode, Status,
    cmd::{Failure, RawCommand},
};

use crate::{
    Error, Host,
    stack::Stack,
    waiters::{HostKey, Key},
};

impl Host {
    /// Sends an HCI command of the application and returns its return parameters.
    ///
    /// Do not send commands that the host itself sends (Reset, advertising, scanning, connecting): the host's state
    /// would no longer match the controller's.
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] if the controller refused, [`Error::Timeout`] if it did not answer within 2 s,
    /// [`Error::ControllerLost`] if it is being reset, [`Error::NoAnswer`] if it is silent or [`run`](crate::Host::run)
    /// is not running, [`Error::Unsupported`] if its initialization failed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before the command left, nothing is sent. If it is dropped later, the answer is
    /// discarded.
    pub async fn command<C: Command>(&self, command: &C) -> Result<C::Return, Error> {
        let answer = self.exchange(
            |w| command.write(w).is_ok(),
            |octets| {
                C::returned(octets).map_err(|failure| match failure {
                    Failure::Status(status) => Error::Controller(status),
                    Failure::Malformed(_) => Error::Controller(Status::UNSPECIFIED),
                })
            },
        );
        answer.await
    }

    /// Sends any HCI command, including vendor commands. Copies the return parameters, beginning with the status, and
    /// returns their length.
    ///
    /// # Errors
    ///
    /// As for [`Self::command`], except that a refusal is a status in `returned`. [`Error::TooLong`] if the parameters
    /// exceed 255 bytes, [`Error::BufferTooSmall`] if the return parameters exceed `returned`.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::command`].
    pub async fn raw_command(
        &self,
        opcode: Opcode,
        parameters: &[u8],
        returned: &mut [u8],
    ) -> Result<usize, Error> {
        let command = RawCommand { opcode, parameters };
        let answer = self.exchange(
            |w| command.write(w).is_ok(),
            |octets| {
                let needed = octets.len();
                let room = returned.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?;
                room.copy_from_slice(octets);
                Ok(needed)
            },
        );
        answer.await
    }

    async fn exchange<T>(
        &self,
        write: impl Fn(&mut bindrune_wire::Writer<'_>) -> bool,
        mut read: impl FnMut(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let key = Key::Host(HostKey::Command);
        self.wait(key, |core, first| core.stack.poll_app_command(first, &write)).await?;
        self.wait_or_abandon(
            key,
            |stack| stack.poll_app_answer(&mut read),
            Stack::abandon_app_command,
        )
        .await
    }
}
