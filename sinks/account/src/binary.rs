//! Rows in the store's format RowBinary, made as soon as a row is: nothing else has to be kept of it.
//! Source: ClickHouse's documentation of the formats RowBinary and RowBinaryWithNamesAndTypes.

use std::fmt::Display;

use serde::ser::{Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};

/// Appends a row, its fields in their order.
///
/// # Errors
/// [`Unfit`] when a field has a type that no column of ours has.
pub(crate) fn append<R: Serialize>(row: &R, to: &mut Vec<u8>) -> Result<(), Unfit> {
    row.serialize(&mut Binary(to))
}

/// Appends what stands before the rows of the format RowBinaryWithNamesAndTypes.
pub(crate) fn append_head<'a>(
    columns: impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone,
    to: &mut Vec<u8>,
) {
    put_length(columns.len(), to);
    columns.clone().for_each(|(name, _)| put_text(name, to));
    columns.for_each(|(_, kind)| put_text(kind, to));
}

/// A field that no column can hold.
#[derive(Debug, thiserror::Error)]
#[error("encode row: {0}")]
pub(crate) struct Unfit(String);

impl serde::ser::Error for Unfit {
    fn custom<T: Display>(told: T) -> Self {
        Self(told.to_string())
    }
}

fn unfit<T>(what: &str) -> Result<T, Unfit> {
    Err(Unfit(format!("no column is {what}")))
}

/// LEB128 without a sign, as lengths are written.
fn put_length(length: usize, to: &mut Vec<u8>) {
    let mut rest = length;
    while rest >= 0x80 {
        to.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    to.push(rest as u8);
}

fn put_text(text: &str, to: &mut Vec<u8>) {
    put_length(text.len(), to);
    to.extend_from_slice(text.as_bytes());
}

struct Binary<'a>(&'a mut Vec<u8>);

macro_rules! numbers {
    ($($name:ident $type:ty),*) => {
        $(#[inline]
        fn $name(self, number: $type) -> Result<(), Unfit> {
            self.0.extend_from_slice(&number.to_le_bytes());
            Ok(())
        })*
    };
}

macro_rules! none_such {
    ($($name:ident $type:ty),*) => {
        $(fn $name(self, _: $type) -> Result<(), Unfit> {
            unfit(stringify!($type))
        })*
    };
}

impl Serializer for &mut Binary<'_> {
    type Ok = ();
    type Error = Unfit;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeStruct = Self;
    type SerializeTupleStruct = Impossible<(), Unfit>;
    type SerializeTupleVariant = Impossible<(), Unfit>;
    type SerializeMap = Impossible<(), Unfit>;
    type SerializeStructVariant = Impossible<(), Unfit>;

    numbers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128,
        serialize_f64 f64
    );
    none_such!(serialize_f32 f32, serialize_char char, serialize_bytes &[u8]);

    #[inline]
    fn serialize_bool(self, flag: bool) -> Result<(), Unfit> {
        self.serialize_u8(flag.into())
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Unfit> {
        put_text(text, self.0);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Unfit> {
        self.serialize_u8(1)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unfit> {
        self.0.push(0);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unfit> {
        unfit("a unit")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Unfit> {
        unfit(name)
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, _: &'static str) -> Result<(), Unfit> {
        unfit(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unfit> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unfit> {
        unfit(name)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Unfit> {
        match length {
            Some(length) => put_length(length, self.0),
            None => return unfit("a list of unknown length"),
        }
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Unfit> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Impossible<(), Unfit>, Unfit> {
        unfit(name)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Unfit>, Unfit> {
        unfit(name)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Impossible<(), Unfit>, Unfit> {
        unfit("a map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unfit> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Unfit>, Unfit> {
        unfit(name)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

impl SerializeSeq for &mut Binary<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Unfit> {
        Ok(())
    }
}

impl SerializeTuple for &mut Binary<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Unfit> {
        Ok(())
    }
}

impl SerializeStruct for &mut Binary<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Unfit> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Unfit> {
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
