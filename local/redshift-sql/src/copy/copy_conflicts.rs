//! Options of COPY that Redshift refuses beside each other (R45, C12).

use std::collections::BTreeSet;

use crate::copy::copy_format::Format;
use crate::error::TranslateError;

/// copy-parameters-data-format, CSV.
const NOT_WITH_CSV: &[&str] = &["ESCAPE", "FIXEDWIDTH", "REMOVEQUOTES"];
/// copy-parameters-data-format, FIXEDWIDTH; copy-parameters-data-conversion, ESCAPE.
const NOT_WITH_FIXEDWIDTH: &[&str] = &["DELIMITER", "ESCAPE"];
/// copy-parameters-data-format, JSON; PARQUET is another format.
const NOT_WITH_JSON: &[&str] = &[
    "CSV",
    "DELIMITER",
    "ESCAPE",
    "FILLRECORD",
    "FIXEDWIDTH",
    "IGNOREBLANKLINES",
    "NULL",
    "PARQUET",
    "QUOTE",
    "REMOVEQUOTES",
    "SERIALIZETOJSON",
];
/// copy-usage_notes-copy-from-columnar; SERIALIZETOJSON is in ingest-super.
const WITH_PARQUET: &[&str] = &[
    "ACCEPTINVCHARS",
    "ACCESS_KEY_ID",
    "CREDENTIALS",
    "EXPLICIT_IDS",
    "FILLRECORD",
    "IAM_ROLE",
    "MANIFEST",
    "PARQUET",
    "SECRET_ACCESS_KEY",
    "SERIALIZETOJSON",
    "SESSION_TOKEN",
    "STATUPDATE",
    "WITH",
];

/// Refuses options that do not go together; `named` holds their names in upper case.
pub fn check(format: &Format, named: &BTreeSet<String>) -> Result<(), TranslateError> {
    let has = |name: &&&str| named.contains(**name);
    let refused = |message: String| Err(TranslateError::new("0A000", message));
    if named.contains("MAXERROR") && named.contains("IGNOREALLERRORS") {
        return refused("IGNOREALLERRORS cannot be specified together with MAXERROR".into());
    }
    match format {
        Format::Parquet => {
            if let Some(name) = named.iter().find(|name| !WITH_PARQUET.contains(&name.as_str())) {
                return refused(format!("{name} argument is not supported for PARQUET based COPY"));
            }
        }
        Format::Json(_) => {
            if let Some(name) = NOT_WITH_JSON.iter().find(has) {
                return refused(format!("{name} cannot stand beside FORMAT JSON"));
            }
        }
        Format::Text(_) => {
            let beside = [("CSV", NOT_WITH_CSV), ("FIXEDWIDTH", NOT_WITH_FIXEDWIDTH)];
            for (shape, refused_names) in beside.iter().filter(|(shape, _)| named.contains(*shape)) {
                if let Some(name) = refused_names.iter().find(has) {
                    return refused(format!("{shape} is not supported with {name}"));
                }
            }
            if named.contains("SERIALIZETOJSON") {
                return refused("SERIALIZETOJSON is supported for PARQUET only".into());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::command::Command;
    use crate::options::TranslateOptions;
    use crate::parse::parameters::Parameters;
    use crate::translate::translate;

    /// What is said of these options, nothing where they are taken.
    fn refusal(options: &str) -> String {
        let sql = format!("copy t from 's3://b/k' iam_role default {options}");
        match translate(&sql, &Parameters::default(), TranslateOptions::default()) {
            Ok(Command::Copy(_)) => String::new(),
            Ok(other) => panic!("{options}: {other:?}"),
            Err(error) => format!("{} {}", error.sqlstate, error.message),
        }
    }

    #[test]
    fn options_that_do_not_go_together() {
        for (options, says) in [
            ("csv removequotes", "0A000 CSV is not supported with REMOVEQUOTES"),
            ("fixedwidth 'a:1' csv", "0A000 CSV is not supported with FIXEDWIDTH"),
            ("csv fixedwidth 'a:1'", "0A000 CSV is not supported with FIXEDWIDTH"),
            ("escape format as csv", "0A000 CSV is not supported with ESCAPE"),
            ("fixedwidth 'a:1' delimiter ','", "0A000 FIXEDWIDTH is not supported with DELIMITER"),
            ("fixedwidth 'a:1' escape", "0A000 FIXEDWIDTH is not supported with ESCAPE"),
            ("json 'auto' fillrecord", "0A000 FILLRECORD cannot stand beside FORMAT JSON"),
            ("json 'auto' null as 'x'", "0A000 NULL cannot stand beside FORMAT JSON"),
            ("parquet json 'auto'", "0A000 PARQUET cannot stand beside FORMAT JSON"),
            ("maxerror 5 csv ignoreallerrors", "0A000 IGNOREALLERRORS cannot be specified together with MAXERROR"),
            ("parquet maxerror 5", "0A000 MAXERROR argument is not supported for PARQUET based COPY"),
            ("parquet ignoreallerrors", "0A000 IGNOREALLERRORS argument is not supported for PARQUET based COPY"),
            ("noload parquet", "0A000 NOLOAD argument is not supported for PARQUET based COPY"),
            ("orc noload", "0A000 COPY option ORC is not supported by the local Redshift"),
            ("format as orc", "0A000 COPY FORMAT ORC is not supported by the local Redshift"),
            ("parquet acceptanydate", "0A000 ACCEPTANYDATE argument is not supported for PARQUET based COPY"),
            ("region 'us-west-2' parquet", "0A000 REGION argument is not supported for PARQUET based COPY"),
            ("parquet truncatecolumns", "0A000 TRUNCATECOLUMNS argument is not supported for PARQUET based COPY"),
            ("parquet compupdate off", "0A000 COMPUPDATE argument is not supported for PARQUET based COPY"),
            ("parquet gzip", "0A000 GZIP argument is not supported for PARQUET based COPY"),
            ("parquet csv", "0A000 CSV argument is not supported for PARQUET based COPY"),
            ("csv serializetojson", "0A000 SERIALIZETOJSON is supported for PARQUET only"),
            ("format gzip", "0A000 COPY FORMAT GZIP is not supported by the local Redshift"),
            ("acceptinvchars 'é'", "22023 ACCEPTINVCHARS 'é' must be a single ASCII character, not NUL"),
            ("parquet manifest statupdate on fillrecord acceptinvchars explicit_ids serializetojson", ""),
            ("json 'auto' ignoreheader 1 maxerror 5 acceptinvchars '^' region 'us-west-2'", ""),
            ("format delimiter ',' escape removequotes", ""),
            ("format as csv quote as '%' ignoreallerrors", ""),
        ] {
            assert_eq!(refusal(options), says, "{options}");
        }
    }
}
