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
    /// Within a factor of two of the published runs that the tests below name, and not of those that they name as missed
    /// (R44). The constants are fitted to these runs; what a row of some of them weighs is an assumption.
    pub const AWS: Self = Self { start: Duration::from_secs(4), file: Duration::from_millis(100), bytes: 13_000_000 };

    /// About as fast as any published run (R44).
    pub const AWS_FASTEST: Self =
        Self { start: Duration::from_secs(3), file: Duration::from_millis(52), bytes: 13_500_000 };

    /// About as slow as any published run (R44). Its bytes a second are an assumption.
    pub const AWS_SLOWEST: Self =
        Self { start: Duration::from_secs(15), file: Duration::from_millis(323), bytes: 8_000_000 };

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

    /// A model of AWS. Documented or recorded: 100 ms to the first byte (S3's own figure for small objects is 100 to
    /// 200), roles known after 2 s (R3), COPY (R44). The life cycle of a cluster is an assumption.
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

    /// Seconds that files of the same size, `bytes` together, take.
    fn takes(pace: CopyPace, files: usize, bytes: u64, slices: usize) -> f64 {
        pace.takes(&vec![bytes / files as u64; files], bytes, slices).as_secs_f64()
    }

    /// A published run of COPY (R44). `bytes` are unpacked.
    struct Run {
        source: &'static str,
        files: usize,
        bytes: u64,
        slices: usize,
        /// From and to, in seconds.
        took: (f64, f64),
    }

    const RUNS: [Run; 4] = [
        // Both staging tables, on one dc2.large.
        Run {
            source: "https://github.com/Atlas7/udacity-dend-project-02-sparkify-etl-redshift",
            files: 14_896 + 30,
            bytes: 8_000_000,
            slices: 2,
            took: (600.0, 900.0),
        },
        // Four dc2.large.
        Run {
            source: "https://github.com/karllabatista/udacity_sparkify_dw_project2",
            files: 385_252,
            bytes: 96_000_000,
            slices: 8,
            took: (2520.0, 2520.0),
        },
        // Parquet of a million rows on four ra3.large, which count as two slices each. Neither size nor number of
        // files is published: what is compared is the least that one file takes.
        Run {
            source: "https://github.com/dbt-labs/dbt-adapters/issues/1899",
            files: 1,
            bytes: 1,
            slices: 8,
            took: (3.33, 3.33),
        },
        // LINEORDER of the Star Schema Benchmark, twice, on four dc2.large in another region than its files. An assumption:
        // 600 million rows of 99 bytes, in eight files.
        Run {
            source: "Shravan Kuchkula, Creating Redshift Cluster using the AWS python SDK (notebook)",
            files: 8,
            bytes: 59_400_000_000,
            slices: 8,
            took: (558.49, 712.86),
        },
    ];

    /// One gzip file, and its rows in ten files: recorded by two people on four dc2.large (R44).
    const SPLITS: [(&str, f64, f64); 2] = [
        ("https://github.com/Collumbus/AWS-Cloud-Data-Warehouses", 24.8, 13.6),
        ("Shravan Kuchkula, Creating Redshift Cluster using the AWS python SDK (notebook)", 24.6, 12.6),
    ];

    #[test]
    fn the_model_is_within_a_factor_of_two_of_these_runs() {
        for Run { source, files, bytes, slices, took: (least, most) } in RUNS {
            let model = takes(CopyPace::AWS, files, bytes, slices);
            assert!(model >= most / 2.0 && model <= least * 2.0, "{source}: {least} to {most} s, here {model}");
        }
        for (source, one, ten) in SPLITS {
            // The size is not published: it is what makes the one file take as long as it took.
            let pace = CopyPace::AWS;
            let loading = one - pace.start.as_secs_f64() - pace.file.as_secs_f64();
            let bytes = (loading * pace.bytes as f64) as u64;
            assert!((takes(pace, 1, bytes, 8) - one).abs() < 0.1);
            let model = takes(pace, 10, bytes, 8);
            assert!(model >= ten / 2.0 && model <= ten * 2.0, "{source}: {ten} s, here {model}");
        }
    }

    /// Runs that the model does not meet. The other three tables of that notebook, of sizes that it does not say, are
    /// missed as well: 16.4 to 27.4 s.
    const MISSED: [Run; 2] = [
        // DWDATE, one file of 2,556 rows: with an analysis of its compression, from another region. Again: 7.93 s.
        Run {
            source: "Shravan Kuchkula, Creating Redshift Cluster using the AWS python SDK (notebook)",
            files: 1,
            bytes: 273_420,
            slices: 8,
            took: (14.44, 14.44),
        },
        // The first builder of this warehouse. The cluster is not known: two slices are the least that there are.
        Run {
            source: "the first builder of this warehouse",
            files: 14_896,
            bytes: 3_716_227,
            slices: 2,
            took: (2400.0, 2400.0),
        },
    ];

    #[test]
    fn these_runs_are_missed_and_in_the_range() {
        for Run { source, files, bytes, slices, took: (least, most) } in MISSED {
            let model = takes(CopyPace::AWS, files, bytes, slices);
            assert!(model < least / 2.0, "{source}: {least} s, here {model}: it is met now");
            assert!(takes(CopyPace::AWS_SLOWEST, files, bytes, slices) >= most, "{source}");
        }
        // A minute before the first row is out of the range.
        assert!(CopyPace::AWS_SLOWEST.start < Duration::from_secs(20));
    }

    #[test]
    fn the_range_holds_these_runs() {
        for Run { source, files, bytes, slices, took: (least, most) } in RUNS {
            let fastest = takes(CopyPace::AWS_FASTEST, files, bytes, slices);
            let slowest = takes(CopyPace::AWS_SLOWEST, files, bytes, slices);
            assert!(fastest <= least && most <= slowest, "{source}: {least} to {most} s, here {fastest} to {slowest}");
        }
    }

    #[test]
    fn many_bytes_want_as_many_files_as_there_are_slices() {
        let bytes = 10_000_000_000;
        let takes = |files| takes(CopyPace::AWS, files, bytes, 8);
        assert!(takes(1) > 6.0 * takes(8));
        assert!(takes(9) > takes(8));
        assert!(takes(64) < takes(9));
        assert!(takes(100_000) > takes(64));
    }

    #[test]
    fn what_is_packed_is_loaded_as_what_it_unpacks_to() {
        let pace = CopyPace::AWS;
        assert_eq!(pace.takes(&[10, 10], 26_000_000, 2), pace.start + pace.file + Duration::from_secs(1));
        assert_eq!(pace.takes(&[], 0, 2), pace.start);
    }
}
