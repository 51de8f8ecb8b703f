//! The region that a request is for: that in the scope of its signature.

/// The region of a credential, `key/date/region/service/aws4_request`, where it is one.
pub fn region_of(credential: &str) -> Option<&str> {
    credential.split('/').nth(2).filter(|region| is_region(region))
}

/// Returns true if a text may be the name of a region, whether AWS has that region or not.
pub fn is_region(text: &str) -> bool {
    let is_sign = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
    !text.is_empty() && text.bytes().all(is_sign)
}
