//! The codec: big-endian integers and length-prefixed bytes, read without allocation and never past
//! the end of the input.

use strongroom_base::Secret;
use zeroize::Zeroize;

/// The input is not an encoding of what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The longest byte string a field may hold; longer than any that a frame can carry.
pub const BYTES_MAX: usize = u16::MAX as usize;

/// The most elements a list field may hold.
pub const LIST_MAX: usize = u8::MAX as usize;

/// Reads fields from a byte slice.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next field.
    pub fn field<F: Field<'a>>(&mut self) -> Result<F, Malformed> {
        F::read(self)
    }

    /// Succeeds when nothing is left.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// All that is left.
    pub fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// A value with exactly one encoding.
pub trait Field<'a>: Sized {
    /// Reads one value.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed>;
    /// Appends the value. Byte strings over [`BYTES_MAX`] and lists over [`LIST_MAX`] are a bug of
    /// the caller and are cut, which the reader then refuses.
    fn write(&self, out: &mut Vec<u8>);
}

/// Decodes a whole message: no byte may be left over.
pub fn decode<'a, F: Field<'a>>(bytes: &'a [u8]) -> Result<F, Malformed> {
    let mut reader = Reader::new(bytes);
    let value = reader.field()?;
    reader.end()?;
    Ok(value)
}

/// Encodes a message.
pub fn encode<'a, F: Field<'a>>(value: &F) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Field<'_> for $integer {
            fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                let bytes = reader.take(size_of::<Self>())?;
                Ok(Self::from_be_bytes(bytes.try_into().map_err(|_| Malformed)?))
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }
    )*};
}

integers!(u8, u16, u32, u64);

impl Field<'_> for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        match reader.field::<u8>()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl<const N: usize> Field<'_> for [u8; N] {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<'a> Field<'a> for &'a [u8] {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let length = usize::from(reader.field::<u16>()?);
        reader.take(length)
    }

    fn write(&self, out: &mut Vec<u8>) {
        debug_assert!(self.len() <= BYTES_MAX);
        let length = u16::try_from(self.len()).unwrap_or(u16::MAX);
        length.write(out);
        out.extend(self.iter().take(usize::from(length)));
    }
}

impl Field<'_> for Vec<u8> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.field::<&[u8]>().map(<[u8]>::to_vec)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.as_slice().write(out);
    }
}

impl<T: Zeroize + for<'b> Field<'b>> Field<'_> for Secret<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.field::<T>().map(Self::new)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.expose().write(out);
    }
}

impl Field<'_> for String {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        String::from_utf8(reader.field()?).map_err(|_| Malformed)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.as_bytes().write(out);
    }
}

impl<'a> Field<'a> for () {
    fn read(_: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(())
    }

    fn write(&self, _: &mut Vec<u8>) {}
}

/// A list of at most [`LIST_MAX`] values.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<'a, T: Field<'a>> Field<'a> for List<T> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let count = reader.field::<u8>()?;
        (0..count)
            .map(|_| reader.field())
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        debug_assert!(self.0.len() <= LIST_MAX);
        let count = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        count.write(out);
        for value in self.0.iter().take(usize::from(count)) {
            value.write(out);
        }
    }
}

/// Declares structs whose encoding is their fields in order.
#[macro_export]
macro_rules! message {
    ($($(#[$meta:meta])* $name:ident $(<$life:lifetime>)? { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        pub struct $name $(<$life>)? { $($(#[$field_meta])* pub $field: $type),* }

        $crate::message!(@impl $name [$($life)?] { $($field),* });
    )*};
    (@impl $name:ident [] { $($field:ident),* }) => {
        impl $crate::wire::Field<'_> for $name {
            $crate::message!(@body $($field),*);
        }
    };
    (@impl $name:ident [$life:lifetime] { $($field:ident),* }) => {
        impl<$life> $crate::wire::Field<$life> for $name<$life> {
            $crate::message!(@borrowed $life $($field),*);
        }
    };
    (@body $($field:ident),*) => {
        fn read(_reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::Malformed> {
            Ok(Self { $($field: _reader.field()?),* })
        }

        fn write(&self, _out: &mut Vec<u8>) {
            $($crate::wire::Field::write(&self.$field, _out);)*
        }
    };
    (@borrowed $life:lifetime $($field:ident),*) => {
        fn read(reader: &mut $crate::wire::Reader<$life>) -> Result<Self, $crate::wire::Malformed> {
            Ok(Self { $($field: reader.field()?),* })
        }

        fn write(&self, out: &mut Vec<u8>) {
            $($crate::wire::Field::write(&self.$field, out);)*
        }
    };
}

/// Declares fieldless enums that travel as a `u8` or `u16`; unknown numbers are malformed.
#[macro_export]
macro_rules! numbers {
    ($($(#[$meta:meta])* $name:ident: $integer:ty { $($(#[$variant_meta:meta])* $variant:ident = $number:literal),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant),* }

        impl $name {
            /// Every value, in the order of the numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            pub fn number(self) -> $integer {
                match self { $(Self::$variant => $number),* }
            }
        }

        impl $crate::wire::Field<'_> for $name {
            fn read(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::Malformed> {
                match reader.field::<$integer>()? {
                    $($number => Ok(Self::$variant),)*
                    _ => Err($crate::wire::Malformed),
                }
            }

            fn write(&self, out: &mut Vec<u8>) {
                $crate::wire::Field::write(&self.number(), out);
            }
        }
    )*};
}
