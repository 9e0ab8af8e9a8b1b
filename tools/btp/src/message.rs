//! A declaration of messages makes their types, their opcodes, and the code that parses and writes them.

/// Declares the commands, responses or events of a service: one line for each, with its opcode, name and fields.
macro_rules! messages {
    (
        $(#[$meta:meta])*
        pub enum $name:ident, $(#[$opcode_meta:meta])* $opcodes:ident {
            $($(#[$doc:meta])* $constant:ident = $number:literal, $variant:ident { $($field:ident: $kind:ty),* $(,)? })*
        }
    ) => {
        bindrune_wire::open_enum! {
            $(#[$opcode_meta])*
            pub struct $opcodes(u8) {
                $($(#[$doc])* $constant = $number,)*
            }
        }

        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "fields have the names of the protocol's documents")]
        pub enum $name {
            $($(#[$doc])* $variant { $($field: $kind),* },)*
        }

        #[allow(unused_mut, reason = "some kinds of messages have no fields")]
        impl $name {
            /// Opcodes of all messages of this kind.
            pub const OPCODES: &[$opcodes] = &[$($opcodes::$constant),*];

            /// Parses the data of a message.
            ///
            /// # Errors
            ///
            /// [`Status::UNKNOWN_COMMAND`](crate::Status::UNKNOWN_COMMAND) for another opcode;
            /// [`Status::FAIL`](crate::Status::FAIL) if the data is too short, too long or has no meaning.
            pub fn parse(opcode: u8, data: &[u8]) -> Result<Self, crate::Status> {
                let mut r = bindrune_wire::Reader::new(data);
                let message = match $opcodes(opcode) {
                    $($opcodes::$constant => Self::$variant { $($field: crate::Field::read(&mut r)?),* },)*
                    _ => return Err(crate::Status::UNKNOWN_COMMAND),
                };
                r.finish()?;
                Ok(message)
            }

            /// Returns the opcode.
            #[must_use]
            pub const fn opcode(&self) -> $opcodes {
                match self {
                    $(Self::$variant { .. } => $opcodes::$constant,)*
                }
            }

            /// Returns the data, without the header.
            #[must_use]
            pub fn data(&self) -> Vec<u8> {
                let mut out = Vec::new();
                match self {
                    $(Self::$variant { $($field),* } => { $(crate::Field::write($field, &mut out);)* })*
                }
                out
            }
        }
    };
}
pub(crate) use messages;
