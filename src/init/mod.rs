//! `init`: an infra.toml and a sql/ for a directory of one's own data, which run as they are.

pub mod example;
pub mod infer;
mod look;
mod records;
pub mod words;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::interrupt;
use look::Found;
use records::{Form, Packed};

/// What was written, and what of.
pub struct Written {
    pub files: Vec<PathBuf>,
    /// Table, files, columns.
    pub tables: Vec<(String, usize, usize)>,
    /// What was not read, and what would be lost.
    pub notes: Vec<String>,
}

/// Into the working directory.
///
/// # Errors
/// Where there is an infra.toml or a sql/ already: nothing is ever overwritten. As `look::look`.
pub fn write(data: &Path, stack: &str, region: &str) -> Result<Written> {
    require_free()?;
    let (found, mut notes) = look::look(data)?;
    // All files or none: a look may have taken long.
    interrupt::safe_point()?;
    let mut files = vec![(PathBuf::from("infra.toml"), infra(&found, data, stack, region))];
    for (number, source) in (1..).zip(&found) {
        let name = &source.name;
        let sql = Path::new("sql");
        files.push((sql.join(format!("schema/{number:02}_{name}.sql")), schema(source)));
        files.push((sql.join(format!("copy/{name}.sql")), copy(source)));
        files.push((sql.join(format!("check/{name}_has_rows.sql")), check(source)));
        files.push((sql.join(format!("analysis/{name}_at_a_glance.sql")), analysis(source)));
    }
    let files: Vec<PathBuf> = files.into_iter().map(|(path, text)| write_file(path, &text)).collect::<Result<_>>()?;
    notes.extend(found.iter().flat_map(|source| source.notes.iter().cloned()));
    let tables = found.iter().map(|source| (source.name.clone(), source.files, source.columns.len())).collect();
    Ok(Written { files, tables, notes })
}

/// Fails where there is an infra.toml or a sql/ already.
fn require_free() -> Result<()> {
    for taken in ["infra.toml", "sql"].map(Path::new) {
        if taken.exists() {
            return Err(Error::usage(format!("{} is there already; nothing was written", taken.display()))
                .hint("Begin in an empty directory, or remove it."));
        }
    }
    Ok(())
}

/// Writes a file and the folders above it, and returns its path.
fn write_file(path: PathBuf, text: &str) -> Result<PathBuf> {
    let unwritable = |error| Error::failed(format!("cannot write {}", path.display())).because(error);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text)).map_err(unwritable)?;
    Ok(path)
}

fn infra(found: &[Found], data: &Path, stack: &str, region: &str) -> String {
    let bucket = format!("{stack}-data");
    let mut text = format!(
        "# The warehouse that `sparkify-infra up` brings up, `load` fills and `down` takes away again.\n\
         # Made by `sparkify-infra init`; everything in it is yours to change.\n\n\
         # Names every resource and tags it: nothing without this tag is ever changed or deleted.\n\
         stack = \"{stack}\"\nregion = \"{region}\"\n\
         # account = \"123456789012\"   # where set, no other account is ever touched\n\
         # expires = \"12h\"            # `down --all-expired` takes it down after that\n\n\
         [cluster]\nnode_type = \"ra3.large\"\nnodes = 1\ndatabase = \"dev\"\n\n\
         # [load]\n# mode = \"append\"            # only objects that were not loaded before\n"
    );
    for source in found {
        let name = &source.name;
        let url = toml::Value::from(format!("s3://{bucket}/{}", source.prefix));
        text.push_str(&format!("\n[sources.{name}]\nurl = {url}\n"));
        // Gathering joins JSON as it is; COPY reads the rest where it lies.
        if source.form != Form::Json || source.packed != Packed::No {
            text.push_str("gather = \"never\"\n");
        }
    }
    text.push_str(&format!(
        "\n# On the local target this directory plays the bucket above. On AWS it has to be one that exists:\n\
         # `aws s3 sync {} s3://{bucket}`.\n[local.buckets.{bucket}]\npath = {}\n",
        data.display(),
        toml::Value::from(data.display().to_string())
    ));
    text
}

fn schema(source: &Found) -> String {
    let names: Vec<String> = source.columns.iter().map(|(name, _)| words::quoted(name)).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let column =
        |(name, (_, seen)): (&String, &(String, infer::Seen))| format!("    {name:width$} {}", seen.data_type());
    let columns: Vec<String> = names.iter().zip(&source.columns).map(column).collect();
    format!(
        "-- One row: one record of {}, as it was written. Types and lengths follow from what was seen of it.\n\
         create table if not exists {} (\n{}\n)\ndiststyle auto;\n",
        source.name,
        source.name,
        columns.join(",\n")
    )
}

fn copy(source: &Found) -> String {
    let (list, format) = match source.form {
        Form::Json => {
            let auto = if source.ignore_case { "auto ignorecase" } else { "auto" };
            (String::new(), format!("format as json '{auto}'"))
        }
        Form::Csv(delimiter, has_header) => {
            let names: Vec<String> = source.columns.iter().map(|(name, _)| words::quoted(name)).collect();
            let delimiter = match delimiter {
                b',' => String::new(),
                b'\t' => " delimiter '\\t'".to_owned(),
                sign => format!(" delimiter '{}'", char::from(sign)),
            };
            let header = if has_header { " ignoreheader 1" } else { "" };
            (format!(" ({})", names.join(", ")), format!("format as csv{delimiter}{header} emptyasnull"))
        }
    };
    let packed = match source.packed {
        Packed::No => "",
        Packed::Gzip => "\ngzip",
        Packed::Zstd => "\nzstd",
    };
    let times = if source.columns.iter().any(|(_, seen)| seen.is_time()) {
        "\ntimeformat 'auto' dateformat 'auto'"
    } else {
        ""
    };
    format!(
        "-- One row: one record. `maxerror 100` before :options lets up to 99 bad ones pass.\n-- source: {0}\ncopy {0}{list}\nfrom :'from'\n\
         iam_role :'iam_role'\n{format}{packed}{times}\n:options;\n",
        source.name
    )
}

fn check(source: &Found) -> String {
    format!(
        "-- Is {0} empty? Then the source was not what it should be.\nselect '{0}' as empty where not exists (select 1 from {0});\n",
        source.name
    )
}

fn analysis(source: &Found) -> String {
    let mut columns = vec!["count(*) as \"rows\"".to_owned()];
    if let Some((name, _)) = source.columns.iter().find(|(_, seen)| seen.is_time()) {
        let name = words::quoted(name);
        columns.push(format!("min({name}) as first"));
        columns.push(format!("max({name}) as last"));
    }
    format!("-- How many rows has {0}, and from when to when?\nselect {1} from {0};\n", source.name, columns.join(", "))
}
