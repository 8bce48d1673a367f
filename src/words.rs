//! Options that are one word out of a few.

/// Makes an enum that is read from, printed as and serialised as one lower-case word per variant.
macro_rules! word_enum {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(text: &str) -> $crate::Result<$name> {
                match text {
                    $($word => Ok($name::$variant),)+
                    _ => Err($crate::Error::new(
                        $crate::ErrorKind::Option,
                        format!(concat!("unknown ", $what, " {:?}; expected one of {}"), text, [$($word),+].join(", ")),
                    )),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $($name::$variant => $word,)+ })
            }
        }
    };
}

pub(crate) use word_enum;
