//! What the translation of a statement costs: microseconds, the median of many.
//!
//! `cargo bench --profile dev -p redshift-sql --bench translate`

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use redshift_sql::{
    Catalog, Name, Parameters, RelationColumn, Signature, TranslateOptions, Type, ValueType, translate,
};

const ROUNDS: usize = 2_000;
/// A translation of a point query may take so long.
const LIMIT: Duration = Duration::from_micros(100);

/// Every relation has the columns of a small table.
struct OneTable(Arc<[RelationColumn]>);

impl Catalog for OneTable {
    fn columns(&self, _: &Name) -> Option<Arc<[RelationColumn]>> {
        Some(self.0.clone())
    }

    fn function(&self, _: &str) -> Option<Signature> {
        None
    }

    fn is_system_view(&self, _: &str) -> bool {
        false
    }
}

fn median(sql: &str, catalog: &dyn Catalog) -> Duration {
    let mut taken: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            let translated = translate(sql, &Parameters::default(), TranslateOptions::new(Some(catalog), false));
            assert!(translated.is_ok(), "{sql}: {translated:?}");
            begun.elapsed()
        })
        .collect();
    taken.sort_unstable();
    taken[ROUNDS / 2]
}

fn main() {
    let column = |name: &str, kind: Type| RelationColumn { name: name.into(), value_type: ValueType::Of(kind) };
    let columns = [column("id", Type::Integer), column("name", Type::Varchar(20)), column("at", Type::Timestamp)];
    let catalog = OneTable(columns.into());
    let sums = ["id * 2"; 40].join(" + ");
    let divisions = ["(id + 0.5) / 3.1"; 40].join(" + ");
    for (what, sql) in [
        ("a point query", "select id, name, at from t where id = 7".to_owned()),
        ("an INSERT", "insert into t values (1, 'one', '2020-01-01 10:00')".to_owned()),
        (
            "a join, grouped",
            "select a.name, count(*), max(b.at) from t a join t b using (id) group by 1 order by 2 desc limit 10"
                .to_owned(),
        ),
        ("40 multiplications", format!("select {sums} from t")),
        ("40 decimal divisions", format!("select {divisions} from t")),
    ] {
        println!("{:>8.1} µs  {what}", median(&sql, &catalog).as_secs_f64() * 1e6);
    }
    println!("{:>8.1} µs  may a point query take", LIMIT.as_secs_f64() * 1e6);
}
