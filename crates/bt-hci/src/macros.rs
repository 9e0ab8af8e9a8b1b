/// Declares a set of commands that a controller type has, for `Typed::run`.
///
/// The first argument is the module of the version of `bt-hci`; its `bt_hci` has the commands' types. Lists of commands
/// follow, by how a controller answers them [Vol 4] Part E, 4.4; each may be left out, and ends with a comma:
///
/// | list | the controller answers | the method is that of |
/// |---|---|---|
/// | `complete` | with Command Complete | `ControllerCmdSync` |
/// | `status` | with Command Status, and later with an event | `ControllerCmdAsync` |
/// | `begun` | with Command Status, and later with an event | `ControllerCmdSync` |
/// | `unanswered` | only if it fails | `ControllerCmdSync` |
///
/// `by` names a function that creates the command from its parameters, for a type that bt-hci cannot parse.
///
/// ```
/// # #[cfg(feature = "bt-hci-0-10")]
/// # mod example {
/// use bindrune_bt_hci::bt_hci_0_10::{Peripheral, bt_hci::cmd::{le::LeReadChannelMap, status::ReadRssi}};
///
/// bindrune_bt_hci::commands! {
///     in bindrune_bt_hci::bt_hci_0_10;
///     /// Commands that the application sends itself.
///     pub struct Mine { complete: [LeReadChannelMap, ReadRssi], }
/// }
///
/// /// Both sets.
/// pub type All = (Peripheral, Mine);
/// # }
/// ```
#[macro_export]
macro_rules! commands {
    (
        in $($module:ident)::+;
        $(#[$meta:meta])*
        $visibility:vis struct $set:ident {
            $(complete: [$($complete:ident $(<$complete_life:lifetime>)? $(by $complete_by:path)?),* $(,)?],)?
            $(status: [$($status:ident $(by $status_by:path)?),* $(,)?],)?
            $(begun: [$($begun:ident),* $(,)?],)?
            $(unanswered: [$($unanswered:ident $(<$unanswered_life:lifetime>)?),* $(,)?],)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $visibility struct $set;

        const _: () = {
            use $($module)::+::{
                Commands, Reply, dispatch,
                bt_hci::{cmd::Cmd as _, controller::{self, Controller}},
            };

            impl<C: Controller> Commands<C> for $set
            where
                $($($(for<$complete_life>)? C: controller::ControllerCmdSync<$complete $(<$complete_life>)?>,)*)?
                $($(C: controller::ControllerCmdAsync<$status>,)*)?
                $($(C: controller::ControllerCmdSync<$begun>,)*)?
                $($($(for<$unanswered_life>)? C: controller::ControllerCmdSync<$unanswered $(<$unanswered_life>)?>,)*)?
            {
                fn contains(opcode: u16) -> bool {
                    [
                        $($($complete::OPCODE,)*)?
                        $($($status::OPCODE,)*)?
                        $($($begun::OPCODE,)*)?
                        $($($unanswered::OPCODE,)*)?
                    ]
                    .iter()
                    .any(|known| opcode == known.to_raw())
                }

                async fn execute(
                    controller: &C,
                    opcode: u16,
                    parameters: &[u8],
                ) -> Result<Reply, C::Error> {
                    $($(if opcode == $complete::OPCODE.to_raw() {
                        let command = $crate::commands!(@ parameters $complete $($complete_by)?);
                        return dispatch::complete(controller, command).await;
                    })*)?
                    $($(if opcode == $status::OPCODE.to_raw() {
                        let command = $crate::commands!(@ parameters $status $($status_by)?);
                        return dispatch::status(controller, command).await;
                    })*)?
                    $($(if opcode == $begun::OPCODE.to_raw() {
                        let command = $crate::commands!(@ parameters $begun);
                        return Ok(dispatch::complete(controller, command).await?.by_status());
                    })*)?
                    $($(if opcode == $unanswered::OPCODE.to_raw() {
                        let command = $crate::commands!(@ parameters $unanswered);
                        return Ok(dispatch::complete(controller, command).await?.unless_failed());
                    })*)?
                    Ok(Reply::UNKNOWN)
                }
            }
        };
    };
    (@ $parameters:ident $command:ident) => {
        dispatch::read($parameters, $command::from)
    };
    (@ $parameters:ident $command:ident $by:path) => {
        $by($parameters)
    };
}
