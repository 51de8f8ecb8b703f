//! Public data sets as PyPI and npm ship them, from `init` to counted tables in five commands each. `.ci/foreign` installs them
//! and says where they are in SPARKIFY_TEST_DATA_SETS; without it, the test says that it was not run.

use std::io::Write as _;

use crate::clients::{client, ends_well};
use crate::project::Project;

#[test]
fn every_row_of_a_public_data_set_is_in_its_table() {
    let Some(home) = std::env::var_os("SPARKIFY_TEST_DATA_SETS") else {
        let _ = writeln!(std::io::stderr(), "NOT RUN: data_sets.py (no SPARKIFY_TEST_DATA_SETS)");
        return;
    };
    let project = Project::bare();
    let Some(mut command) = client("data_sets.py", &project) else { return };
    command.arg(env!("CARGO_BIN_EXE_sparkify-infra")).arg(home);
    ends_well(command);
}
