//! Dispatch from opcodes to the methods of a controller.

use core::future::Future;

use super::{Reply, bt_hci::controller::Controller};

/// A set of commands of a controller. Tuples join sets; [`crate::commands`] declares one.
pub trait Commands<C: Controller> {
    /// Returns whether the set has this opcode.
    fn contains(opcode: u16) -> bool;

    /// Executes a command, and returns its answer: Unknown HCI Command (0x01) if the set does not have it, Invalid HCI
    /// Command Parameters (0x12) if its parameters do not match its type.
    ///
    /// # Errors
    ///
    /// An error of the driver, which ends the run of the adapter.
    fn execute(
        controller: &C,
        opcode: u16,
        parameters: &[u8],
    ) -> impl Future<Output = Result<Reply, C::Error>>;
}

/// Declares that tuples of sets are sets.
macro_rules! tuples {
    ($(($($set:ident)+))*) => { $(
        impl<C: Controller, $($set: Commands<C>),+> Commands<C> for ($($set,)+) {
            fn contains(opcode: u16) -> bool {
                $($set::contains(opcode))||+
            }

            async fn execute(
                controller: &C,
                opcode: u16,
                parameters: &[u8],
            ) -> Result<Reply, C::Error> {
                $(if $set::contains(opcode) {
                    return $set::execute(controller, opcode, parameters).await;
                })+
                Ok(Reply::UNKNOWN)
            }
        }
    )* };
}

tuples! {
    (S1)
    (S1 S2)
    (S1 S2 S3)
    (S1 S2 S3 S4)
    (S1 S2 S3 S4 S5)
    (S1 S2 S3 S4 S5 S6)
    (S1 S2 S3 S4 S5 S6 S7)
    (S1 S2 S3 S4 S5 S6 S7 S8)
}
