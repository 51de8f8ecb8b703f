//! Buckets and objects in the store and on the disk: written, found, listed, read, removed. Nothing here knows who asks.

pub mod body;
pub mod body_source;
pub mod bucket;
pub mod buckets;
pub mod check;
pub mod collection;
pub mod found_file;
pub mod found_object;
pub mod in_flight_reads;
pub mod leases;
pub mod listing;
pub mod mount;
pub mod object;
pub mod upload;
pub mod upload_checksum;
