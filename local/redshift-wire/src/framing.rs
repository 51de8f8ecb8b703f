//! Messages of a client, cut out of its stream and checked before they are decoded: the protocol library reads the
//! fields of a message without looking whether they are there.

use bytes::{Buf, BytesMut};

/// Bytes of a message before anybody has logged in, as PostgreSQL bounds them.
const STARTUP_BYTES: usize = 10_000;
/// Bytes of a message with a statement or with the values of its parameters: a statement has 16 MB at most.
const STATEMENT_BYTES: usize = 64 << 20;
/// Bytes of any other message.
const CONTROL_BYTES: usize = 10_000;

/// What a client has said so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its first message has no type.
    Startup,
    Authentication,
    Queries,
}

/// Why a connection ends: the client does not speak the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolViolation {
    #[error("invalid message length")]
    Length,
    #[error("invalid frontend message type {0}")]
    Type(u8),
    #[error("invalid message format")]
    Format,
}

/// Cuts the next whole message off, length and all; `None` while bytes are missing.
///
/// # Errors
/// A length that no message of this type has, an unknown type, fields that are cut off or left over.
pub fn next_message(bytes: &mut BytesMut, phase: Phase) -> Result<Option<BytesMut>, ProtocolViolation> {
    let type_bytes = usize::from(phase != Phase::Startup);
    if bytes.len() < type_bytes + 4 {
        return match (phase, bytes.first()) {
            (Phase::Queries | Phase::Authentication, Some(kind)) => bound(*kind, phase).map(|_| None),
            _ => Ok(None),
        };
    }
    let most = match phase {
        Phase::Startup => STARTUP_BYTES,
        _ => bound(bytes[0], phase)?,
    };
    let length = (&bytes[type_bytes..]).get_i32();
    let length = usize::try_from(length).map_err(|_| ProtocolViolation::Length)?;
    let least = if phase == Phase::Startup { 8 } else { 4 };
    if !(least..=most).contains(&length) {
        return Err(ProtocolViolation::Length);
    }
    if bytes.len() < type_bytes + length {
        return Ok(None);
    }
    let message = bytes.split_to(type_bytes + length);
    let body = Fields(&message[type_bytes + 4..]);
    let is_whole = match phase {
        Phase::Startup => body.are_of_startup(),
        _ => body.are_of(message[0]),
    };
    if is_whole { Ok(Some(message)) } else { Err(ProtocolViolation::Format) }
}

/// Bytes that a message of this type may have.
fn bound(kind: u8, phase: Phase) -> Result<usize, ProtocolViolation> {
    match (kind, phase) {
        (b'p', _) => Ok(STARTUP_BYTES),
        (b'X', Phase::Authentication) => Ok(CONTROL_BYTES),
        (_, Phase::Authentication) => Err(ProtocolViolation::Type(kind)),
        (b'Q' | b'P' | b'B' | b'd', _) => Ok(STATEMENT_BYTES),
        (b'C' | b'D' | b'E' | b'H' | b'S' | b'X' | b'c' | b'f', _) => Ok(CONTROL_BYTES),
        _ => Err(ProtocolViolation::Type(kind)),
    }
}

/// The fields of a message that were not read yet.
struct Fields<'m>(&'m [u8]);

impl<'m> Fields<'m> {
    fn bytes(&mut self, count: usize) -> Option<&'m [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A text that ends with a zero.
    fn text(&mut self) -> Option<&'m [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = self.bytes(end)?;
        self.bytes(1)?;
        Some(text)
    }

    fn number(&mut self) -> Option<i32> {
        self.bytes(4).map(|mut bytes| bytes.get_i32())
    }

    /// A count of 16 bits, and so many elements of `width` bytes.
    fn list(&mut self, width: usize) -> Option<()> {
        let count = self.count()?;
        self.bytes(count * width).map(drop)
    }

    fn count(&mut self) -> Option<usize> {
        self.bytes(2).map(|mut bytes| bytes.get_u16().into())
    }

    /// Values with their lengths; NULL is of length -1.
    fn values(&mut self) -> Option<()> {
        for _ in 0..self.count()? {
            match self.number()? {
                -1 => {}
                length => drop(self.bytes(usize::try_from(length).ok()?)?),
            }
        }
        Some(())
    }

    fn all_of(mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> bool {
        read(&mut self).is_some() && self.0.is_empty()
    }

    fn are_of(self, kind: u8) -> bool {
        self.all_of(|fields| match kind {
            b'Q' | b'p' | b'f' => fields.text().map(drop),
            b'P' => {
                fields.text()?;
                fields.text()?;
                fields.list(4)
            }
            b'B' => {
                fields.text()?;
                fields.text()?;
                fields.list(2)?;
                fields.values()?;
                fields.list(2)
            }
            b'C' | b'D' => match fields.bytes(1)? {
                b"S" | b"P" => fields.text().map(drop),
                _ => None,
            },
            b'E' => {
                fields.text()?;
                fields.number().map(drop)
            }
            b'd' => fields.bytes(fields.0.len()).map(drop),
            b'H' | b'S' | b'X' | b'c' => Some(()),
            _ => None,
        })
    }

    /// A version and pairs of texts behind which a zero stands, or one of the requests that have a code in its place.
    fn are_of_startup(self) -> bool {
        const CANCEL: i32 = 80_877_102;
        const TLS: i32 = 80_877_103;
        const GSS: i32 = 80_877_104;
        self.all_of(|fields| match fields.number()? {
            // The key of protocol 3.2 has any length.
            CANCEL => {
                fields.number()?;
                fields.number()?;
                fields.bytes(fields.0.len()).map(drop)
            }
            TLS | GSS => Some(()),
            _ => {
                while !fields.text()?.is_empty() {
                    fields.text()?;
                }
                Some(())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> BytesMut {
        let length = u32::try_from(body.len() + 4).expect("length");
        BytesMut::from(&[&[kind], &length.to_be_bytes()[..], body].concat()[..])
    }

    #[test]
    fn whole_messages_are_cut_off_one_by_one() {
        let mut bytes = message(b'Q', b"select 1\0");
        bytes.extend_from_slice(&message(b'S', b""));
        let first = next_message(&mut bytes, Phase::Queries).expect("first").expect("whole");
        assert_eq!(first, message(b'Q', b"select 1\0"));
        assert_eq!(next_message(&mut bytes, Phase::Queries).expect("second").expect("whole"), message(b'S', b""));
        assert_eq!(next_message(&mut bytes, Phase::Queries), Ok(None));
        let mut half = message(b'Q', b"select 1\0");
        half.truncate(9);
        assert_eq!(next_message(&mut half, Phase::Queries), Ok(None));
    }

    #[test]
    fn every_cut_and_every_wrong_length_is_refused() {
        let bind = b"portal\0statement\0\0\x01\0\x01\0\x02\0\0\0\x01a\xff\xff\xff\xff\0\x01\0\0";
        assert!(matches!(next_message(&mut message(b'B', bind), Phase::Queries), Ok(Some(_))));
        for end in 0..bind.len() {
            let cut = next_message(&mut message(b'B', &bind[..end]), Phase::Queries);
            assert_eq!(cut, Err(ProtocolViolation::Format), "{end}");
        }
        for (kind, body) in
            [(b'Q', &b"no end"[..]), (b'P', b"a\0b\0\0\x09"), (b'D', b"X\0"), (b'E', b"\0\0"), (b'S', b"x")]
        {
            assert_eq!(next_message(&mut message(kind, body), Phase::Queries), Err(ProtocolViolation::Format));
        }
        for length in [-1_i32, i32::MIN, 0, 3, i32::MAX] {
            let mut bytes = BytesMut::from(&[b"Q", &length.to_be_bytes()[..], b"select 1\0"].concat()[..]);
            assert_eq!(next_message(&mut bytes, Phase::Queries), Err(ProtocolViolation::Length), "{length}");
        }
        assert_eq!(next_message(&mut message(b'Z', b""), Phase::Queries), Err(ProtocolViolation::Type(b'Z')));
        assert_eq!(next_message(&mut message(b'Q', b"\0"), Phase::Authentication), Err(ProtocolViolation::Type(b'Q')));
    }

    #[test]
    fn a_startup_ends_with_a_zero() {
        let startup = |body: &[u8]| {
            let length = u32::try_from(body.len() + 8).expect("length");
            let mut bytes = BytesMut::from(&[&length.to_be_bytes()[..], &[0, 3, 0, 0], body].concat()[..]);
            next_message(&mut bytes, Phase::Startup)
        };
        assert!(matches!(startup(b"user\0ann\0\0"), Ok(Some(_))));
        assert_eq!(startup(b"user\0ann\0"), Err(ProtocolViolation::Format));
        assert_eq!(startup(b"user\0"), Err(ProtocolViolation::Format));
        assert_eq!(startup(b"user\0ann\0\0more"), Err(ProtocolViolation::Format));
    }
}
