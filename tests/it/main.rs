//! The real binary in a clean environment, and what it left, seen through the AWS SDK.
#![expect(clippy::unwrap_used, reason = "tests")]

mod advice;
mod authorization;
mod bad_input;
mod broken;
mod calls;
mod clients;
mod copy;
mod copy_limits;
mod copy_values;
mod counts;
mod damage;
mod documents;
mod foreign;
mod forms;
#[cfg(target_os = "linux")]
mod full_disk;
mod gather_forms;
mod help;
mod init;
mod init_data;
mod install;
mod job_policy;
mod kill;
mod lag;
mod least_privilege;
mod life;
mod listing;
mod load;
mod matrix;
mod mistakes;
mod objects;

mod output;
mod parameters;
mod possibilities;
mod project;
mod quarantine;
mod query;
mod real_data;
mod recorded;
mod regions;
mod report;
mod rules;
mod serve;
mod served;
mod signatures;
mod simulate;
mod standin;
mod state;
mod students;
mod trust;
mod unknown;
mod validation;
mod waiting;
mod whose;
