//! Days and timestamps over Redshift's whole range, and the zones of their texts.

use super::Warehouse;

/// r_Datetime_types: 4713 BC to 294276 AD.
#[test]
fn times_reach_from_4713_bc_to_294276_ad() {
    let mut w = Warehouse::new();
    assert_eq!(
        w.rows(
            "select '0044-03-15 BC'::date, date '4713-01-01 BC', timestamp '4713-01-01 00:00:00 BC',
             timestamptz '0044-03-15 10:00:00+02 BC', cast('12345-01-02 03:04:05' as timestamp), '294276-12-31'::date"
        ),
        [
            "0044-03-15 BC|4713-01-01 BC|4713-01-01 00:00:00 BC|0044-03-15 08:00:00+00 BC|12345-01-02 03:04:05|294276-12-31"
        ]
    );
    w.does("create table t (d date, at timestamp, tz timestamptz)");
    w.does("insert into t values ('0044-03-15 BC', '0044-03-15 10:00:00 BC', '0044-03-15 10:00:00 BC')");
    w.does("insert into t values ('294276-12-31', '294246-12-31 23:59:59', '9999-12-31 23:59:59-08')");
    assert_eq!(
        w.rows("select * from t order by d"),
        [
            "0044-03-15 BC|0044-03-15 10:00:00 BC|0044-03-15 10:00:00+00 BC",
            "294276-12-31|294246-12-31 23:59:59|10000-01-01 07:59:59+00"
        ]
    );
    assert_eq!(w.rows("select count(*) from t where d < '0001-01-01' and at = '0044-03-15 10:00:00 BC'"), ["1"]);
    assert_eq!(w.rows("select to_char('0044-03-15 BC'::date, 'YYYY-MM-DD BC')"), ["0044-03-15 BC"]);
    for beyond in [
        "select '294277-01-01'::date",
        "select '4714-12-31 BC'::date",
        "select timestamp '4714-12-31 00:00:00 BC'",
        "select '4714-12-31 00:00:00 BC'::timestamptz",
        "insert into t (d) values ('294277-01-01')",
        "insert into t (at) values ('4714-12-31 00:00:00 BC')",
    ] {
        let error = w.fails(beyond);
        assert!(error.contains("out of range"), "{beyond}: {error}");
    }
    assert_eq!(w.rows("select try_cast('4714-12-31 00:00:00 BC' as timestamp)"), ["NULL"]);
}

/// automatic-recognition: what a cast reads, COPY reads with 'auto'.
#[test]
fn a_julian_day_is_one() {
    let mut w = Warehouse::new();
    w.does("create table formattest (test char(21))");
    w.does("insert into formattest values ('J2345678 04:05:06.789')");
    assert_eq!(
        w.rows("select cast(test as timestamp), cast(test as date) from formattest"),
        ["1710-02-23 04:05:06.789|1710-02-23"]
    );
}

/// r_Datetime_types, TIMESTAMP: "Time zone values in input strings are ignored".
#[test]
fn a_timestamp_without_a_zone_passes_over_one() {
    let mut w = Warehouse::new();
    let expected = "2025-09-22 14:42:59";
    for text in ["2025-09-22T14:42:59+05:30", "2025-09-22 14:42:59-08", "2025-09-22 14:42:59 PST"] {
        let casts = format!("'{text}'::timestamp, timestamp '{text}', try_cast('{text}' as timestamp)");
        assert_eq!(w.rows(&format!("select {casts}")), [[expected; 3].join("|")], "{text}");
        assert_eq!(w.rows(&format!("select timestamp '{expected}' = '{text}'")), ["true"], "{text}");
        w.does("drop table if exists t");
        w.does("create table t (at timestamp)");
        w.does(&format!("insert into t values ('{text}')"));
        assert_eq!(w.rows("select at from t"), [expected], "{text}");
    }
}
