//! Where the bucket stands in an address: before the host (`bucket.s3.us-west-2.amazonaws.com`) or in the path.

use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// The bucket that a `Host` header names, if it names one.
pub fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |h| h.0);
    match name.find(".s3.") {
        Some(at) => Some(&name[..at]),
        None => name.strip_suffix(".localhost").filter(|bucket| *bucket != "s3"),
    }
}

pub struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        Ok(match bucket_of_host(host) {
            Some(bucket) => VirtualHost::new(&host[bucket.len() + 1..]).with_bucket(bucket),
            None => VirtualHost::new(host),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_stands_before_the_host_or_in_the_path() {
        for (host, bucket) in [
            ("data.s3.us-west-2.amazonaws.com", Some("data")),
            ("data.s3.amazonaws.com:443", Some("data")),
            ("my.data.s3.localhost:4566", Some("my.data")),
            ("data.localhost:4566", Some("data")),
            ("s3.us-west-2.amazonaws.com", None),
            ("s3.localhost:4566", None),
            ("localhost:4566", None),
            ("127.0.0.1:4566", None),
        ] {
            assert_eq!(bucket_of_host(host), bucket, "{host}");
        }
    }
}
