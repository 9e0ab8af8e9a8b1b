/// Declares a newtype of a number with named values, which accepts every number.
///
/// It has the layout of its number, so it can be a field of a `zerocopy` structure. `Debug` prints the name, or the
/// number in hexadecimal if the value has no name. `else` and a function after the values adds names declared
/// elsewhere.
///
/// ```
/// bindrune_wire::open_enum! {
///     /// The link's role. [Vol 4] Part E, 7.7.65.1
///     pub struct Role(u8) {
///         /// Central.
///         CENTRAL = 0x00,
///         /// Peripheral.
///         PERIPHERAL = 0x01,
///     }
/// }
/// assert_eq!(format!("{:?} {:?}", Role::CENTRAL, Role(7)), "CENTRAL 0x07");
/// ```
#[macro_export]
macro_rules! open_enum {
    ($(#[$meta:meta])* $vis:vis struct $name:ident(u8) { $($body:tt)* } $(else $more:path)?) => {
        $crate::open_enum!(
            @make [] $(#[$meta])* $vis $name u8 "0x{:02x}" { $($body)* } $(else $more)?
        );
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident(u16) { $($body:tt)* } $(else $more:path)?) => {
        $crate::open_enum!(
            @make [little] $(#[$meta])* $vis $name u16 "0x{:04x}" { $($body)* } $(else $more)?
        );
    };
    (@make [] $(#[$meta:meta])* $vis:vis $name:ident $int:ident $format:literal { $($body:tt)* } $(else $more:path)?) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::zerocopy::FromBytes, $crate::zerocopy::IntoBytes,
            $crate::zerocopy::Immutable, $crate::zerocopy::KnownLayout, $crate::zerocopy::Unaligned,
        )]
        #[zerocopy(crate = "bindrune_wire::zerocopy")]
        #[repr(transparent)]
        $vis struct $name(pub $int);
        $crate::open_enum!(@names $name $format { $($body)* } $(else $more)?);
    };
    (@make [little] $(#[$meta:meta])* $vis:vis $name:ident $int:ident $format:literal { $($body:tt)* } $(else $more:path)?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(pub $int);
        $crate::open_enum!(@names $name $format { $($body)* } $(else $more)?);
    };
    (@names $name:ident $format:literal { $($(#[$value_meta:meta])* $value:ident = $number:literal),* $(,)? } $(else $more:path)?) => {
        impl $name {
            $($(#[$value_meta])* pub const $value: Self = Self($number);)*

            /// Returns the value's name, if it has one.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$value => Some(stringify!($value)),)*
                    _ => $crate::open_enum!(@more self $($more)?),
                }
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, $format, self.0),
                }
            }
        }
    };
    (@more $self:ident) => { None };
    (@more $self:ident $more:path) => { $more($self) };
}
