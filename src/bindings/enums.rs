//! Enums of the core as JavaScript's. A new variant in the core fails to compile until JavaScript has it too.

/// Declares an enum for JavaScript with the variants of one of the core's, and its conversion: `=> core` into the core's,
/// `<= core` from it.
macro_rules! mirrored {
    ($(#[$attribute:meta])* pub enum $name:ident => $core:path { $($(#[$of:meta])* $variant:ident,)* }) => {
        $(#[$attribute])*
        pub enum $name { $($(#[$of])* $variant,)* }

        impl From<$name> for $core {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant,)* }
            }
        }
    };
    ($(#[$attribute:meta])* pub enum $name:ident <= $core:path { $($(#[$of:meta])* $variant:ident,)* }) => {
        $(#[$attribute])*
        pub enum $name { $($(#[$of])* $variant,)* }

        impl From<$core> for $name {
            fn from(value: $core) -> Self {
                type Core = $core;
                match value { $(Core::$variant => Self::$variant,)* }
            }
        }
    };
}

pub(super) use mirrored;
