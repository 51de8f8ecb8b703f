//! Prints DuckDB's SQL for a statement of Redshift's:
//!
//! ```sh
//! cargo run -p redshift-sql --example translate -- "select top 3 nvl(a, 0) from t"
//! ```

#![expect(clippy::print_stdout, reason = "an example prints")]

use redshift_sql::{Command, Parameters, QueryCommand, TranslateError, TranslateOptions, translate};

fn main() -> Result<(), TranslateError> {
    let statement = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    match translate(&statement, &Parameters::default(), TranslateOptions::new(None, false))? {
        Command::Query(QueryCommand { sql, .. }) | Command::Change { sql, .. } | Command::Truncate { sql, .. } => {
            println!("{sql}")
        }
        Command::Define(statements) | Command::Changes { statements, .. } => println!("{}", statements.join(";\n")),
        // What the engine does itself, as a COPY.
        other => println!("{other:#?}"),
    }
    Ok(())
}
