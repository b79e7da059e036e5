//! The public key with which a mail service signs its calls, as its page shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// What stands before the point of every uncompressed P-256 key (RFC 5480 section 2).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// An uncompressed point: 4, then both coordinates.
const POINT_OCTETS: usize = 65;

/// A P-256 key, ready to check signatures with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct P256Key(Vec<u8>);

impl P256Key {
    /// Reads base64 of the key's DER.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let der = BASE64.decode(text.trim()).unwrap_or_default();
        let point = der.strip_prefix(&P256).filter(|point| point.len() == POINT_OCTETS && point[0] == 4);
        point
            .map(|point| Self(point.to_vec()))
            .ok_or("is no P-256 key; copy the verification key from the service's page")
    }

    /// The uncompressed point.
    pub fn point(&self) -> &[u8] {
        &self.0
    }
}
