//! Discovery of tables in a directory of data: which there are, in which form, with which columns.

use std::collections::HashSet;
use std::path::Path;

use super::address::{Address, common_prefix};
use super::columns::Columns;
use super::draft::{TableDraft, add_partitions};
use super::file_sample::{groups, read_samples};
use super::nested_samples::opened;
use super::sample::Sample;
use super::walk::{DataFile, FileKind, Walk};
use super::words;
use crate::error::{Error, Result};
use crate::zip;

/// Files of different names in one folder that may be a table each, at most.
const FILES_AS_TABLES: usize = 20;
/// Letters of a name that says what a file has.
const WORD_LETTERS: usize = 3;

/// The tables, and what was not read.
///
/// # Errors
/// Where the directory cannot be read, has nothing that COPY could load, or a file among several of one kind is broken.
pub fn tables(directory: &Path, snake_case: bool) -> Result<(Vec<TableDraft>, Vec<String>)> {
    let mut walk = Walk::new(directory)?;
    walk.note_others();
    // What `init` writes must not be data.
    let is_here = std::path::absolute(directory).ok() == std::path::absolute(".").ok();
    let ours = if is_here { &["infra.toml", "sql/schema/01_x.sql"][..] } else { &[] };
    walk.others.extend(ours.iter().map(|key| (*key).to_owned()));
    let (found, failures) = find(&walk.files, directory)?;
    if found.is_empty() {
        return Err(failures.into_iter().next().unwrap_or_else(|| nothing(directory)));
    }
    walk.notes.extend(failures.iter().map(unread));
    let drafts = drafts(found, &walk, 1, &[], snake_case)?;
    Ok((drafts, walk.notes))
}

/// The tables of some files of a directory, beside tables of `taken` names, numbered from `number` on; and what no table has.
///
/// # Errors
/// As `tables`, but not where there is nothing.
pub fn tables_beside(
    directory: &Path,
    walk: &Walk,
    files: &[DataFile],
    number: usize,
    taken: &[String],
    snake_case: bool,
) -> Result<(Vec<TableDraft>, Vec<String>)> {
    let (found, failures) = find(files, directory)?;
    Ok((drafts(found, walk, number, taken, snake_case)?, failures.iter().map(unread).collect()))
}

fn unread(failure: &Error) -> String {
    format!("{}: no table has it", with_cause(failure))
}

/// Samples with the names of their tables.
type NamedSamples = Vec<(String, Sample)>;

/// Samples of the files, and the failures of those that could not be read.
fn find(files: &[DataFile], directory: &Path) -> Result<(NamedSamples, Vec<Error>)> {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for files in groups(files, |file| file.unit().to_owned()) {
        let unit = files[0].unit().to_owned();
        let mut samples = Vec::new();
        for files in groups(&files, |file| file.kind.name().to_owned() + file_packing(file)) {
            samples.extend(joined(opened(read_samples(&files, &mut failures)?)));
        }
        let is_alone = samples.len() == 1;
        for sample in samples {
            // Objects without keys make no table, unless Hive's folders do.
            let has_columns = sample.columns.len() > 0
                || sample.layout.is_none() && add_partitions(&sample.files, &mut Columns::default());
            match sample.columns.records > 0 && has_columns {
                false => failures.push(no_record(&sample)),
                true => found.push((name(&sample, &unit, is_alone, directory), sample)),
            }
        }
    }
    Ok((found, failures))
}

fn drafts(
    found: NamedSamples,
    walk: &Walk,
    number: usize,
    taken: &[String],
    snake_case: bool,
) -> Result<Vec<TableDraft>> {
    let names = unique(&found, taken);
    let mut drafts = Vec::new();
    for (at, (name, (_, sample))) in names.into_iter().zip(found).enumerate() {
        let address = address(&sample, walk);
        drafts.push(TableDraft::new(number + at, name, address, sample, snake_case)?);
    }
    Ok(drafts)
}

/// Where the files of a table are, and none of the others.
fn address(sample: &Sample, walk: &Walk) -> Address {
    let own: HashSet<&str> = sample.files.iter().map(|file| file.key.as_str()).collect();
    let all = walk.files.iter().map(|file| file.key.as_str()).chain(walk.others.iter().map(String::as_str));
    let others: Vec<&str> = all.filter(|key| !own.contains(key)).collect();
    Address::new(&sample.files, &others)
}

fn nothing(directory: &Path) -> Error {
    Error::usage(format!("there is nothing to load in {}", directory.display())).hint(
        "Files that are read end in .json, .jsonl, .ndjson, .geojson, .topojson, .csv or .tsv, also with .gz or .zst behind, \
         or in .parquet; or they are JSON or CSV in a .zip.",
    )
}

fn no_record(sample: &Sample) -> Error {
    let path = sample.files.first().map(|file| file.path.display().to_string()).unwrap_or_default();
    Error::usage(format!("there is no record in {path}")).hint("The columns follow from the data: it must have some.")
}

/// An error in one line.
fn with_cause(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!("{error}{cause}")
}

/// Files of CSV are of one kind only where they are packed alike.
fn file_packing(file: &DataFile) -> &'static str {
    if file.kind == FileKind::Json { "" } else { file.packed.option().unwrap_or_default() }
}

fn are_most(samples: &[Sample], is: impl Fn(&Sample) -> bool) -> bool {
    2 * samples.iter().filter(|sample| is(sample)).count() > samples.len()
}

/// How many kinds of samples there are.
fn count_kinds(samples: &[Sample]) -> usize {
    let mut kinds: Vec<&Sample> = Vec::new();
    for sample in samples {
        if !kinds.iter().any(|kind| kind.is_alike(sample, true)) {
            kinds.push(sample);
        }
    }
    kinds.len()
}

/// Samples of one kind as tables. A folder of files with words for names that are not alike has a table in each, where they
/// are few or of as many kinds; else files that are alike are one.
fn joined(samples: Vec<Sample>) -> Vec<Sample> {
    let folders: HashSet<&str> = samples.iter().flat_map(|sample| &sample.files).map(DataFile::folder).collect();
    let is_word = |file: &DataFile| file.stem().chars().filter(|sign| sign.is_alphabetic()).count() >= WORD_LETTERS;
    let are_words = are_most(&samples, |sample| sample.files.first().is_some_and(is_word));
    let is_few = samples.len() <= FILES_AS_TABLES;
    let have_rows = is_few || are_most(&samples, |sample| !sample.has_one_object_a_file());
    let is_strict = folders.len() == 1 && are_words && have_rows;
    let kinds = if is_strict { count_kinds(&samples) } else { 1 };
    if kinds > 1 && (is_few || 2 * kinds > samples.len()) {
        return samples;
    }
    let mut tables: Vec<Sample> = Vec::new();
    for mut sample in samples {
        match tables.iter_mut().find(|table| table.is_alike(&sample, is_strict)) {
            Some(table) => table.join(&mut sample),
            None => tables.push(sample),
        }
    }
    tables
}

/// The name of a table: that of its folder where it has no other table, else that of its files.
fn name(sample: &Sample, unit: &str, is_alone: bool, directory: &Path) -> String {
    let here = || {
        let path = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    };
    // `flights.csv.zip` is named as `flights.csv` would be.
    let unit = match unit.strip_suffix(zip::ENDING) {
        Some(archive) => archive.split('.').next().unwrap_or_default(),
        None => unit,
    };
    let folder = if unit.is_empty() { here() } else { unit.to_owned() };
    if is_alone && !unit.is_empty() {
        return words::table_name(&folder);
    }
    let title = title(&sample.files).unwrap_or(folder);
    match sample.nesting.as_ref().and_then(|nesting| nesting.title.as_ref()) {
        Some(part) => words::table_name(&format!("{title}_{part}")),
        None => words::table_name(&title),
    }
}

/// A title from the names of files, if they have more than numbers.
fn title(files: &[DataFile]) -> Option<String> {
    let first = files.first()?;
    let common = common_prefix(&files.iter().map(DataFile::stem).collect::<Vec<_>>());
    let stem = match files {
        // Below Hive's folders names say nothing.
        _ if !first.partitions().is_empty() => "",
        [_] => first.stem(),
        _ => common.trim_end_matches(|sign: char| !sign.is_alphabetic()),
    };
    let letters = stem.chars().filter(|sign| sign.is_alphabetic()).count();
    let is_part = stem == "part" || stem.starts_with("part-") || stem.starts_with("part_");
    match letters > 0 && !is_part {
        true => Some(stem.to_owned()),
        // `customers/part-1.csv`
        false => {
            let folders = first.folder().trim_end_matches('/').rsplit('/');
            folders.map(str::to_owned).find(|folder| folder.contains(char::is_alphabetic) && !folder.contains('='))
        }
    }
}

/// Names that are each taken once, and none that is taken already: by their folder, by their kind, by what their files have
/// behind the stem, by a number.
fn unique(found: &[(String, Sample)], taken: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, sample) in found {
        let count = found.iter().filter(|(other, _)| other == name).count();
        let kind = sample.files.first().map_or("", |file| file.kind.name());
        let is_of_kinds = found.iter().any(|(other, sample)| other == name && sample.files[0].kind.name() != kind);
        let middle = sample.files.first().map_or("", DataFile::middle);
        let is_of_middles = found.iter().any(|(other, sample)| other == name && sample.files[0].middle() != middle);
        let own = match count > 1 || taken.contains(name) {
            true if is_of_kinds || taken.contains(name) => format!("{name}_{kind}"),
            true if is_of_middles => words::table_name(&format!("{name}{middle}")),
            _ => name.clone(),
        };
        let numbered = (2..).map(|number| format!("{own}_{number}"));
        let mut free = std::iter::once(own.clone()).chain(numbered);
        let is_free = |name: &String| !names.contains(name) && !taken.contains(name);
        let name = free.find(is_free).unwrap_or_default();
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_at(files: &[(&str, &str)]) -> Vec<(String, String, usize)> {
        let directory = tempfile::tempdir().expect("directory");
        for (name, text) in files {
            let path = directory.path().join("data").join(name);
            std::fs::create_dir_all(path.parent().expect("folder")).expect("folder");
            std::fs::write(path, text).expect("file");
        }
        let (drafts, _) = tables(&directory.path().join("data"), false).expect("tables");
        drafts.into_iter().map(|draft| (draft.name, draft.address.prefix, draft.files)).collect()
    }

    fn names(files: &[(&str, &str)]) -> Vec<String> {
        look_at(files).into_iter().map(|(name, ..)| name).collect()
    }

    #[test]
    fn a_folder_is_a_table_or_each_of_its_files() {
        let one = |name: &str, prefix: &str, files| (name.to_owned(), prefix.to_owned(), files);
        let json = "[{\"id\": 1, \"name\": \"x\", \"price\": 1.5}]";
        let other = "{\"id\": 1, \"name\": \"x\", \"email\": \"a\", \"phone\": \"1\"}";
        assert_eq!(
            look_at(&[("products.json", json), ("users.json", other), ("orders.csv", "a,b\n1,2\n")]),
            [one("orders", "orders.csv", 1), one("products", "products.json", 1), one("users", "users.json", 1)]
        );
        assert_eq!(look_at(&[("shop/1.json", json), ("shop/2.json", other)]), [one("shop", "shop/", 2)]);
        assert_eq!(look_at(&[("shop/dt=1/a.json", json), ("shop/dt=2/b.json", json)]), [one("shop", "shop/", 2)]);
        assert_eq!(look_at(&[("dt=1/a.json", json), ("dt=2/a.json", json)]), [one("data", "", 2)]);
        let late = "{\"id\": 1, \"v\": 1, \"late\": 1}";
        assert_eq!(names(&[("ev/a.json", late), ("ev/b.json", "{\"id\": 1, \"v\": 1, \"other\": 1}")]), ["ev"]);
        let two = [("o_2024.csv", "a,b\n1,2\n"), ("o_2025.csv", "a,b\n3,4\n"), ("c.csv", "c\n1\n")];
        assert_eq!(names(&two), ["c", "o"]);
    }

    #[test]
    fn files_of_one_value_are_rows_of_what_is_in_them() {
        let rows = "[{\"id\": 1, \"name\": \"x\"}, {\"id\": 2, \"name\": \"y\"}]";
        let nested = format!("{{\"rows\": {rows}}}");
        let one = |name: &str, prefix: &str, files| (name.to_owned(), prefix.to_owned(), files);
        assert_eq!(look_at(&[("a/countries.json", &nested)]), [one("a", "a/", 1)]);
        let two = format!("{{\"nodes\": {rows}, \"links\": {rows}}}");
        let both = [("people_nodes", "people.json"), ("people_links", "people.json"), ("towns", "towns.json")];
        let both = both.map(|(name, prefix)| one(name, prefix, 1));
        assert_eq!(look_at(&[("people.json", &two), ("towns.json", rows)]), both);
        // One file a record: what lies in it stays there.
        let order = "{\"id\": 1, \"items\": [{\"sku\": \"x\", \"price\": 1.5}, {\"sku\": \"y\", \"price\": 2.5}]}";
        assert_eq!(look_at(&[("orders/ann.json", order), ("orders/bea.json", order)]), [one("orders", "orders/", 2)]);
        let features = "{\"type\": \"FeatureCollection\", \"features\": [{\"id\": 1}]}";
        assert_eq!(look_at(&[("map/oslo.geojson", features), ("map/rome.geojson", features)]), [one("map", "map/", 2)]);
        // Lists of values differ by their files only.
        assert_eq!(names(&[("words/male.json", "[\"a\"]"), ("words/female.json", "[\"b\", 1]")]), ["female", "male"]);
        let other = format!("{{\"3166-1\": {rows}}}");
        assert_eq!(names(&[("iso/iso3166.json", &other), ("iso/iso639.json", &nested)]), ["iso3166", "iso639"]);
        // A first line of many.
        for name in ["l/a.jsonl", "l/a.ndjson"] {
            assert_eq!(look_at(&[(name, &two)]), [one("l", "l/", 1)]);
        }
        assert_eq!(look_at(&[("p/page-1.json", &nested), ("p/page-2.json", &nested)]), [one("p", "p/", 2)]);
    }

    #[test]
    fn one_file_for_each_customer_is_a_row() {
        let files = |count: u8| -> Vec<(String, &'static str)> {
            let all = "{\"home\": {\"x\": 1}, \"work\": {\"x\": 1}, \"billing\": {\"x\": 1}}";
            let some = "{\"home\": {\"x\": 1}, \"work\": {\"x\": 1}}";
            let name = |at: u8| format!("cust/{}", char::from(b'a' + at).to_string().repeat(3) + ".json");
            (0..count).map(|at| (name(at), if at < 11 { all } else { some })).collect()
        };
        for count in [3, 26] {
            let files = files(count);
            let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
            assert_eq!(look_at(&files), [("cust".to_owned(), "cust/".to_owned(), usize::from(count))]);
        }
    }

    #[test]
    fn objects_without_keys_are_no_table() {
        assert_eq!(names(&[("a.json", "{}"), ("b.json", "{\"id\": 1, \"v\": 1}"), ("c.csv", "x\n1\n")]).len(), 2);
        assert_eq!(names(&[("few/a.json", "{}"), ("c/c.csv", "x\n1\n")]), ["c"]);
        assert_eq!(names(&[("few/dt=1/a.json", "{}")]), ["few"]);
    }

    #[test]
    fn many_files_of_many_kinds_are_tables_each() {
        let files: Vec<(String, String)> = ('a'..='x')
            .map(|sign| (format!("v/{sign}{sign}{sign}.json"), format!("[{{\"{sign}\": 1}}, {{\"{sign}\": 2}}]")))
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(names(&files).len(), 24);
        let same: Vec<(&str, &str)> = files.iter().map(|(name, _)| (*name, "[{\"id\": 1}, {\"id\": 2}]")).collect();
        assert_eq!(names(&same), ["v"]);
    }

    #[test]
    fn tables_have_names_of_their_own() {
        let json = "{\"id\": 1}";
        assert_eq!(names(&[("t/part-1.json", json), ("t/part-2.csv", "a\n1\n")]), ["t_json", "t_csv"]);
        assert_eq!(
            names(&[("s/customers/part-1.json", json), ("s/orders/part-1.json", "{\"b\": 1}")]),
            ["customers", "orders"]
        );
        assert_eq!(names(&[("titanic.csv", "a\n1\n")]), ["titanic"]);
        assert_eq!(names(&[("2024-01.json", json), ("2024-02.json", json)]), ["data"]);
        assert_eq!(names(&[("x-y/a.json", json), ("x_y/a.json", json)]), ["x_y", "x_y_2"]);
        let map = [("m/towns.en.json", "[\"a\"]"), ("m/towns.de.json", "[\"b\"]"), ("m/lands.json", "[\"c\"]")];
        assert_eq!(names(&map), ["lands", "towns_de", "towns_en"]);
    }
}
