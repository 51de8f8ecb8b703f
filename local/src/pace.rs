//! How long things take. A laptop should not wait for what needs minutes on AWS; whoever wants to know how long it
//! would be there runs the stand-in at AWS's pace, on a clock that does not wait (tokio's, paused).

use std::time::Duration;

/// How long the stand-in takes for what it does not really do.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub creating: Duration,
    pub deleting: Duration,
    pub modifying: Duration,
    /// Until Redshift knows of a role that IAM has just made (R3, R4).
    pub propagating: Duration,
    /// Until a describe finds what was just created (R16).
    pub appearing: Duration,
    /// How long a cluster that answers `available` still refuses changes (finding 4).
    pub settling: Duration,
    /// From any request to the first byte of its answer.
    pub answering: Duration,
    /// What a COPY takes over the Data API; none where it is as fast as it is.
    pub copying: Option<CopyPace>,
}

/// A model of COPY on AWS: it starts; then each slice loads its files one after the other, and a file has its price
/// whatever its size.
#[derive(Debug, Clone, Copy)]
pub struct CopyPace {
    pub start: Duration,
    /// For one file.
    pub file: Duration,
    /// That one slice loads in a second, unpacked.
    pub bytes: u64,
}

impl CopyPace {
    /// From two public points, on the 8 slices of the course's four dc2.large: 14,896 files of 3.7 MB together took 40
    /// minutes, one file of the same bytes a minute. The bytes a second are an assumption between public reports, and
    /// matter to neither point.
    pub const AWS: Self =
        Self { start: Duration::from_millis(58_278), file: Duration::from_micros(1_257_639), bytes: 8_000_000 };

    /// What a COPY of files of these sizes takes, `read` bytes when they are unpacked. Files go to the slices in turn,
    /// whatever their size (C1).
    pub fn takes(&self, sizes: &[u64], read: u64, slices: usize) -> Duration {
        let (total, slices) = (sizes.iter().sum::<u64>().max(1), slices.max(1));
        let slice = |first: usize| {
            let (files, bytes) = sizes
                .iter()
                .skip(first)
                .step_by(slices)
                .fold((0_u32, 0_u64), |(files, bytes), size| (files.saturating_add(1), bytes + size));
            // A slice's share of what all of it unpacks to.
            let unpacked = u128::from(bytes) * u128::from(read) / u128::from(total);
            let nanos = unpacked.saturating_mul(1_000_000_000) / u128::from(self.bytes.max(1));
            self.file.saturating_mul(files) + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        };
        self.start + (0..slices.min(sizes.len())).map(slice).max().unwrap_or_default()
    }
}

impl Pace {
    /// Nothing takes time.
    pub const AT_ONCE: Self = Self {
        creating: Duration::ZERO,
        deleting: Duration::ZERO,
        modifying: Duration::ZERO,
        propagating: Duration::ZERO,
        appearing: Duration::ZERO,
        settling: Duration::ZERO,
        answering: Duration::ZERO,
        copying: None,
    };

    /// Transitions that can be seen, and that nobody has to wait for.
    pub const LAPTOP: Self = Self {
        creating: Duration::from_millis(300),
        deleting: Duration::from_millis(150),
        modifying: Duration::from_millis(150),
        ..Self::AT_ONCE
    };

    /// A model of AWS: clusters in minutes, 100 ms to the first byte (S3's own figure for small objects is 100 to 200),
    /// roles known after 2 s (R3), and COPY.
    pub const AWS: Self = Self {
        creating: Duration::from_secs(240),
        deleting: Duration::from_secs(120),
        modifying: Duration::from_secs(30),
        propagating: Duration::from_secs(2),
        appearing: Duration::from_secs(1),
        settling: Duration::from_secs(10),
        answering: Duration::from_millis(100),
        copying: Some(CopyPace::AWS),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of the same size that are `bytes` together, and what they take on 8 slices, in seconds.
    fn takes(files: usize, bytes: u64) -> f64 {
        let sizes = vec![bytes / files as u64; files];
        CopyPace::AWS.takes(&sizes, bytes, 8).as_secs_f64()
    }

    #[test]
    fn the_model_meets_the_two_public_points() {
        assert!((takes(14_896, 3_716_227) - 2400.0).abs() < 1.0, "{}", takes(14_896, 3_716_227));
        assert!((takes(1, 3_716_227) - 60.0).abs() < 0.1, "{}", takes(1, 3_716_227));
    }

    #[test]
    fn many_bytes_want_as_many_files_as_there_are_slices() {
        let bytes = 10_000_000_000;
        assert!(takes(1, bytes) > 6.0 * takes(8, bytes));
        assert!(takes(9, bytes) > takes(8, bytes));
        assert!(takes(64, bytes) < takes(9, bytes));
        assert!(takes(100_000, bytes) > takes(64, bytes));
    }

    #[test]
    fn what_is_packed_is_loaded_as_what_it_unpacks_to() {
        let pace = CopyPace::AWS;
        assert_eq!(pace.takes(&[10, 10], 16_000_000, 2), pace.start + pace.file + Duration::from_secs(1));
        assert_eq!(pace.takes(&[], 0, 2), pace.start);
    }
}
