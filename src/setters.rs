//! Methods that set one public field each, for types that may get more fields and so cannot be built by their fields.

/// Makes methods that are called as fields and give back the whole: `handles: Handles` takes the field's own type,
/// `name: into String` all that becomes it, `rate: some Rate` the value of an option.
macro_rules! setters {
    ($type:ident { $($rules:tt)* }) => {
        impl $type {
            $crate::setters::setters! { @ $type $($rules)* }
        }
    };
    (@ $type:ident) => {};
    (@ $type:ident $field:ident: into $kind:ty $(, $($rest:tt)*)?) => {
        #[doc = concat!("Sets [`", stringify!($type), "::", stringify!($field), "`](#structfield.", stringify!($field), ").")]
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$kind>) -> Self {
            self.$field = $field.into();
            self
        }
        $crate::setters::setters! { @ $type $($($rest)*)? }
    };
    (@ $type:ident $field:ident: some into $kind:ty $(, $($rest:tt)*)?) => {
        #[doc = concat!("Sets [`", stringify!($type), "::", stringify!($field), "`](#structfield.", stringify!($field), ").")]
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$kind>) -> Self {
            self.$field = Some($field.into());
            self
        }
        $crate::setters::setters! { @ $type $($($rest)*)? }
    };
    (@ $type:ident $field:ident: some $kind:ty $(, $($rest:tt)*)?) => {
        #[doc = concat!("Sets [`", stringify!($type), "::", stringify!($field), "`](#structfield.", stringify!($field), ").")]
        #[must_use]
        pub fn $field(mut self, $field: $kind) -> Self {
            self.$field = Some($field);
            self
        }
        $crate::setters::setters! { @ $type $($($rest)*)? }
    };
    (@ $type:ident $field:ident: $kind:ty $(, $($rest:tt)*)?) => {
        #[doc = concat!("Sets [`", stringify!($type), "::", stringify!($field), "`](#structfield.", stringify!($field), ").")]
        #[must_use]
        pub fn $field(mut self, $field: $kind) -> Self {
            self.$field = $field;
            self
        }
        $crate::setters::setters! { @ $type $($($rest)*)? }
    };
}

pub(crate) use setters;
