//! The declaration of a table and of a closed list of words.

/// Declares a table as written.
///
/// `required key: Type` must be written, `optional key: Type` may be. Every field becomes an
/// `Option<At<Type>>`: a broken value was reported when it was read and is then absent.
/// A table `by kind` is one of several and has that key as well.
macro_rules! written {
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident = $title:literal $(by $kind:ident)? {
        $($(#[doc = $field_doc:literal])* $need:ident $field:ident: $ty:ty,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        $vis struct $name {
            $($(#[doc = $field_doc])* pub $field: Option<$crate::place::At<$ty>>,)*
        }

        impl $crate::written::decode::Written for $name {
            const NAME: Option<&'static str> = Some($title);

            fn decode(node: &$crate::tree::Node, to: &mut $crate::written::decode::Collector) -> Option<Self> {
                let known = &[$(stringify!($kind),)? $($crate::written::decode::key_of(stringify!($field))),*];
                to.table(node, $title, known)?;
                Some(Self { $($field: to.$need(node, $crate::written::decode::key_of(stringify!($field))),)* })
            }

            fn schema(defs: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut table = $crate::written::decode::TableSchema::new(concat!($($doc),*));
                $(table.required::<String>(defs, stringify!($kind), "Which one it is.");)?
                $(table.$need::<$ty>(defs, $crate::written::decode::key_of(stringify!($field)), concat!($($field_doc),*));)*
                table.finish()
            }

            fn tidy(node: &mut $crate::tree::Node) {
                let known = &[$(stringify!($kind),)? $($crate::written::decode::key_of(stringify!($field))),*];
                $crate::written::decode::sort_entries(node, known);
                $($crate::written::decode::tidy_entry::<$ty>(node, $crate::written::decode::key_of(stringify!($field)));)*
            }
        }
    };
}

/// Gives a closed list of words to a type that has one value per word.
macro_rules! words {
    ($ty:ty = $doc:literal { $($word:literal => $value:expr,)* }) => {
        impl $crate::written::decode::Written for $ty {
            fn decode(node: &$crate::tree::Node, to: &mut $crate::written::decode::Collector) -> Option<Self> {
                match to.word(node, &[$($word),*])? {
                    $($word => Some($value),)*
                    _ => None,
                }
            }

            fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "description": $doc, "enum": [$($word),*] })
            }
        }
    };
}

/// Declares a table whose `kind` decides which keys it has.
macro_rules! kinds {
    ($(#[doc = $doc:literal])* $vis:vis enum $name:ident = $title:literal {
        $($word:literal => $variant:ident($inner:ty),)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        $vis enum $name {
            $(#[doc = $word] $variant($inner),)*
        }

        impl $crate::written::decode::Written for $name {
            const NAME: Option<&'static str> = Some($title);

            fn decode(node: &$crate::tree::Node, to: &mut $crate::written::decode::Collector) -> Option<Self> {
                match to.kind(node, $title, &[$($word),*])? {
                    $($word => <$inner>::decode(node, to).map(Self::$variant),)*
                    _ => None,
                }
            }

            fn schema(defs: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let kinds = [$($crate::written::decode::of_kind(<$inner>::schema(defs), $word)),*];
                schemars::json_schema!({ "description": concat!($($doc),*).trim(), "oneOf": kinds })
            }

            fn tidy(node: &mut $crate::tree::Node) {
                match node.get("kind").and_then($crate::tree::Node::text) {
                    $(Some($word) => <$inner>::tidy(node),)*
                    _ => {}
                }
            }
        }
    };
}
