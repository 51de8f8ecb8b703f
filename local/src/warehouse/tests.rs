//! Redshift's answers, statement by statement, from an engine of its own.

mod alter;
mod names;
mod promises;
mod schemas;
mod transactions;

use std::collections::BTreeSet;

use super::copy::{Access, Progress};
use super::{Engine, MemoryLimit, Outcome, Session, Slices, SqlError, Value};
use crate::account::Account;
use crate::s3::Buckets;

mod aggregates;
mod casts;
mod column_names;
mod damage;
mod super_values;
mod times;

/// A warehouse in a directory that goes with it.
pub struct Warehouse {
    pub session: Session,
    pub access: Access,
    _directory: tempfile::TempDir,
}

impl Warehouse {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("directory");
        let account = Account { id: "000000000000".into(), region: "us-west-2".into() };
        let slices = Slices { nodes: 2, per_node: 2 };
        let engine = Engine::open(directory.path(), "dwh", slices, MemoryLimit::default()).expect("engine");
        let session = engine.session("dwhadmin").expect("session");
        let buckets = Buckets::alone(&directory.path().join("state"));
        let access = Access {
            buckets,
            account,
            cluster: "dwh".into(),
            admin: "dwhadmin".into(),
            roles: BTreeSet::new(),
            default_role: None,
        };
        Self { session, access, _directory: directory }
    }

    fn run(&mut self, sql: &str) -> Result<Outcome, SqlError> {
        self.session.run(sql, &self.access, 1)
    }

    /// Runs what must succeed.
    fn does(&mut self, sql: &str) {
        self.run(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }

    /// The rows of a query, values joined by `|`.
    fn rows(&mut self, sql: &str) -> Vec<String> {
        let outcome = self.run(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
        let rows = outcome.rows.unwrap_or_else(|| panic!("{sql} answers no rows")).rows;
        rows.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>().join("|")).collect()
    }

    /// The SQLSTATE and the words of what must fail.
    fn fails(&mut self, sql: &str) -> String {
        match self.run(sql) {
            Ok(_) => panic!("{sql} must be refused"),
            Err(error) => format!("{} {}", error.sqlstate, error.message),
        }
    }

    /// The SQLSTATE of what must fail.
    fn refuses(&mut self, sql: &str) -> &'static str {
        match self.run(sql) {
            Ok(_) => panic!("{sql} must be refused"),
            Err(error) => error.sqlstate,
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

#[test]
fn functions_answer_as_documented() {
    let text = include_str!("function/examples.tsv");
    let mut warehouse = Warehouse::new();
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let mut columns = line.split('\t');
        let (Some(expression), Some(expected)) = (columns.next(), columns.next()) else { panic!("{line}") };
        let sql = if expression.to_lowercase().starts_with("select") {
            expression.to_owned()
        } else {
            format!("select {expression}")
        };
        let found = match warehouse.run(&sql) {
            Ok(outcome) => outcome
                .rows
                .and_then(|rows| rows.rows.first().map(|row| row.iter().map(shown).collect::<Vec<_>>().join("|")))
                .unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        if found != expected && !(found.is_empty() && expected == "''") {
            wrong.push(format!("{expression}\n    expected {expected}\n    found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn tables_change_and_keep_what_redshift_knows_of_them() {
    let mut w = Warehouse::new();
    w.does("create table t (id int identity(1,1), name varchar(3) not null encode zstd, n smallint default 7) distkey(name) sortkey(n)");
    w.does("insert into t (name) values ('a'), ('b')");
    w.does("alter table t add column note varchar(4) encode lzo default 'none'");
    assert_eq!(w.rows("select * from t order by id"), ["1|a|7|none", "2|b|7|none"]);
    assert_eq!(w.refuses("update t set note = 'longer'"), "22001");
    assert_eq!(w.refuses("insert into t (name) values ('long')"), "22001");
    w.does("alter table t alter column name type varchar(8)");
    w.does("insert into t (name) values ('longer')");
    w.does("alter table t rename column note to remark");
    assert_eq!(w.fails("alter table t drop column n"), "0A000 cannot drop sortkey column \"n\"");
    w.does("alter table t alter sortkey (name)");
    w.does("alter table t drop column n");
    assert_eq!(w.refuses("alter table t drop column n"), "42703");
    w.does("alter table t rename to renamed");
    w.does("create user somebody password disable");
    w.does("alter table renamed owner to somebody");
    w.does("alter table renamed add constraint pk primary key (id)");
    assert_eq!(w.rows("select id, name, remark from renamed order by id"), ["1|a|none", "2|b|none", "4|longer|none"]);
    assert_eq!(
        w.rows("select \"column\", type, encoding, distkey, sortkey, \"notnull\" from pg_table_def where tablename = 'renamed'"),
        ["id|integer|az64|false|0|true", "name|character varying(8)|zstd|true|1|true", "remark|character varying(4)|lzo|false|0|false"]
    );
    w.does("create table t (like renamed including defaults)");
    assert_eq!(w.rows("show table t").len(), 1);
    w.does("drop table renamed, t");
    assert_eq!(w.refuses("select * from t"), "42P01");
}

#[test]
fn a_table_from_a_query() {
    let mut w = Warehouse::new();
    w.does("create table a as select 1 as id, sum(2) as total, 'x'::varchar(5) as name");
    w.does("create temporary table n (one, \"Two\") diststyle all as select 1, 'x' as other");
    assert_eq!(w.rows("select one, \"Two\" from n"), ["1|x"]);
    assert_eq!(w.refuses("create table m (one, two)"), "42601");
    w.does("select id, total into b from a");
    w.does("create temp table c diststyle all as select * from b");
    w.does("create table #d (id int)");
    w.does("insert into #d select id from c");
    assert_eq!(w.rows("select b.total, d.id from b, #d d"), ["2|1"]);
    assert_eq!(
        w.rows("select column_name, data_type from svv_columns where table_name = 'a' order by ordinal_position"),
        ["id|integer", "total|bigint", "name|character varying"]
    );
    w.does("create view v as select id from a with no schema binding");
    w.does("create or replace view v as select id + 1 as id from a");
    assert_eq!(w.rows("select * from v"), ["2"]);
    assert_eq!(
        w.rows("select table_name, table_type from information_schema.tables where table_schema = 'public' order by 1"),
        ["a|BASE TABLE", "b|BASE TABLE", "v|VIEW"]
    );
}

#[test]
fn rows_change() {
    let mut w = Warehouse::new();
    w.does("create table t (id int, n int)");
    w.does("create table s (id int, n int)");
    w.does("insert into t values (1, 10), (2, 20), (3, 30)");
    w.does("insert into s values (2, 21), (4, 40)");
    w.does("update t set n = s.n from s where t.id = s.id");
    w.does("delete from t using s where t.id = s.id and s.n > 100");
    w.does("delete t where id = 3");
    w.does("merge into t using s on t.id = s.id when matched then update set n = s.n + 1 when not matched then insert (id, n) values (s.id, s.n)");
    assert_eq!(w.rows("select * from t order by id"), ["1|10", "2|22", "4|40"]);
    assert_eq!(w.rows("select id from t minus select id from s order by 1"), ["1"]);
    assert_eq!(w.rows("select top 1 id from t order by id desc"), ["4"]);
    assert_eq!(w.rows("select id from t qualify row_number() over (order by n desc) = 1"), ["4"]);
    assert_eq!(w.rows("select avg(n), avg(n::decimal(8,2)), sum(n) / 7, median(n) from t"), ["24|24.00|10|22"]);
}

#[test]
fn columns_without_a_name_are_called_as_redshift_calls_them() {
    let mut w = Warehouse::new();
    let outcome = w.run("select count(*), max(1), 1 + 1, 'x', 1::bigint, lower('A') || 'b', nvl(null, 1), case when true then 1 end, getdate(), extract(year from sysdate)").expect("rows");
    let names: Vec<String> = outcome.rows.expect("rows").columns.into_iter().map(|column| column.name).collect();
    assert_eq!(
        names,
        ["count", "max", "?column?", "?column?", "int8", "?column?", "coalesce", "case", "getdate", "date_part"]
    );
}

#[test]
fn what_the_session_holds() {
    let mut w = Warehouse::new();
    w.does("create schema other");
    w.does("create table other.t (id int)");
    assert_eq!(w.refuses("select * from t"), "42P01");
    w.does("set search_path to other, public");
    assert_eq!(w.rows("select count(*) from t"), ["0"]);
    assert_eq!(w.rows("show search_path"), ["other, public"]);
    w.does("set query_group to 'nightly'");
    assert_eq!(w.rows("show query_group"), ["nightly"]);
    w.does("reset query_group");
    assert_eq!(w.rows("select current_user, current_schema(), current_database()"), ["dwhadmin|other|dwh"]);
    assert_eq!(w.refuses("set timezone to 'Europe/Zurich'"), "0A000");

    assert_eq!(w.refuses("declare c cursor for select 1"), "25P01");
    w.does("begin");
    w.does("declare c cursor for select * from generate_series(1, 5)");
    assert_eq!(w.rows("fetch forward 2 from c"), ["1", "2"]);
    assert_eq!(w.rows("fetch all from c"), ["3", "4", "5"]);
    assert!(w.rows("fetch all from c").is_empty());
    assert_eq!(w.refuses("declare c cursor for select 1"), "42P03");
    w.does("rollback");
    w.does("begin");
    // Beyond what stays in memory.
    w.does("declare c cursor for select * from generate_series(1, 12345)");
    let mut fetched = Vec::new();
    for count in ["1", "1000", "2500", "all"] {
        fetched.extend(w.rows(&format!("fetch {count} from c")));
    }
    assert_eq!(fetched, (1..=12_345).map(|n| n.to_string()).collect::<Vec<_>>());
    w.does("close c");
    assert_eq!(w.refuses("fetch 1 from c"), "34000");
    w.does("rollback");
    assert_eq!(w.refuses("fetch 1 from c"), "34000");

    w.does("prepare p (int, varchar) as select $1 + 1, $2");
    assert_eq!(w.rows("execute p (1, 'it''s')"), ["2|it's"]);
    w.does("deallocate p");
    assert_eq!(w.refuses("execute p (1, 'x')"), "26000");

    w.does("begin");
    assert_eq!(w.refuses("select 1/0 from nowhere"), "42P01");
    assert_eq!(w.refuses("select 1"), "25P02");
    w.does("rollback");
    assert_eq!(w.rows("select status, query_text from sys_query_history where query_text like '%nowhere%' and query_text not like '%history%'"), ["failed|select 1/0 from nowhere"]);
}

#[test]
fn texts_where_numbers_are_meant_and_names_given_beside() {
    let mut w = Warehouse::new();
    w.does("create table e (ts varchar(20), a varchar(5), b varchar(5))");
    w.does("insert into e values ('1541105830796', 'x', 'y')");
    assert_eq!(
        w.rows("select timestamp 'epoch' + ts / 1000 * interval '1 second' as start_time, extract(hour from start_time) as hour, a + '-' + b from e where hour = 20"),
        ["2018-11-01 20:57:10.796|20|x-y"]
    );
    assert_eq!(
        w.rows("select timestamp 'epoch' + ts::bigint * interval '1 second' / 1000 from e"),
        ["2018-11-01 20:57:10.796"]
    );
}

#[test]
fn every_function_that_is_known_is_there() {
    let w = Warehouse::new();
    let there: BTreeSet<String> = w.session.functions().expect("functions").into_iter().collect();
    // The parser makes these from syntax of their own.
    let built_in = ["coalesce", "nullif", "trim", "position", "percentile_cont", "percentile_disc"];
    let known = redshift_sql::KNOWN.iter().chain(redshift_sql::OF_TEXTS.iter().map(|(name, _)| name)).copied();
    let missing: Vec<&str> = known.filter(|name| !there.contains(*name) && !built_in.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(redshift_sql::KNOWN.is_sorted() && redshift_sql::OF_TEXTS.is_sorted());
}

#[test]
fn a_view_follows_what_it_reads() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b decimal(8,2))");
    w.does("insert into t values (1, 5)");
    w.does("create view v as select t.*, t.b / 3 as third from t join public.t other on t.a = other.a");
    w.does("create view w (one) as select a from v");
    w.does("alter table t add column c int");
    w.does("create table t_new (a int, b decimal(8,2))");
    w.does("begin");
    w.does("alter table t rename to t_old");
    w.does("alter table t_new rename to t");
    w.does("commit");
    assert_eq!(w.rows("select a, b, third, (select count(*) from t) from v"), ["1|5.00|1.6666666666666|0"]);
    w.does("alter table v rename to u");
    assert_eq!(w.rows("select one from w"), ["1"]);
    assert_eq!(w.refuses("drop table t_old"), "2BP01");
    w.does("drop table t");
    w.does("drop table t_old cascade");
    assert_eq!(w.refuses("select * from w"), "42P01");

    // The names that WITH gives are others; literals and what was said of it stay; what cannot be read stays as it is.
    w.does("create table t (a varchar(9))");
    w.does("insert into t values ('x1'), ('d')");
    w.does(r"create view v as with u as (select a from public.t where a ~ '\\d') select a || 'it''s\\' as a from u");
    w.does("create table u (a int)");
    w.does("comment on table t is 'old'");
    w.does("create view broken as select a from u");
    w.does("alter table u rename column a to b");
    w.does("alter table u rename to other");
    w.does("alter table t rename to gone");
    assert_eq!(w.rows("select a from v"), [r"x1it's\"]);
    assert_eq!(w.rows("select obj_description('gone'::regclass)"), ["old"]);
}

#[test]
fn keys_name_what_is_there() {
    let mut w = Warehouse::new();
    w.does("create table artists (artist_id int not null, name varchar(20) unique, at int)");
    let of = |column: &str| format!("create table songs (artist_id int references artists ({column}))");
    assert_eq!(w.fails("create table s (a int references nowhere)"), "42P01 relation \"nowhere\" does not exist");
    assert_eq!(
        w.fails(&of("artist_id")),
        "42830 there is no unique constraint matching given keys for referenced table \"artists\""
    );
    assert_eq!(
        w.fails("create table s (a int references artists)"),
        "42704 there is no primary key for referenced table \"artists\""
    );
    assert_eq!(
        w.fails("alter table artists add primary key (at)"),
        "42P16 column \"at\" of a primary key must be NOT NULL, and was not created so"
    );
    w.does("alter table artists add constraint one primary key (artist_id)");
    assert_eq!(
        w.fails("alter table artists add primary key (name)"),
        "42P16 multiple primary keys for table \"artists\" are not allowed"
    );
    assert_eq!(w.fails(&of("artist")), "42703 column \"artist\" referenced in foreign key constraint does not exist");
    w.does(&of("artist_id"));
    w.does("alter table songs add column title varchar(20)");
    w.does("alter table songs add foreign key (title) references artists (name)");
    w.does("create table tree (id int primary key, above int references tree (id))");
    let told = "select conname, contype, pg_get_constraintdef(oid, true) from pg_constraint where conname not like 'tree%' order by 1";
    assert_eq!(
        w.rows(told),
        [
            "artists_name_key|u|UNIQUE (name)",
            "one|p|PRIMARY KEY (artist_id)",
            "songs_artist_id_fkey|f|FOREIGN KEY (artist_id) REFERENCES artists(artist_id)",
            "songs_title_fkey|f|FOREIGN KEY (title) REFERENCES artists(name)",
        ]
    );
    w.does("alter table artists rename column artist_id to id");
    w.does("alter table songs drop constraint songs_title_fkey");
    assert_eq!(
        w.fails("alter table songs drop constraint songs_title_fkey"),
        "42704 constraint \"songs_title_fkey\" of relation \"songs\" does not exist"
    );
    w.does("alter table artists drop column name");
    let shown = w.rows("show table artists").join("\n");
    assert!(shown.contains("    PRIMARY KEY (id)\n)") && !shown.contains("UNIQUE"), "{shown}");
}

#[test]
fn values_of_other_types_need_a_cast() {
    let mut w = Warehouse::new();
    w.does("create table texts (t varchar(20), n int, b boolean, d date)");
    w.does("insert into texts values ('7', 7, true, '2024-05-06')");
    w.does("create table t (n int, f float8, m decimal(8,2), d date, at timestamp, b boolean, t varchar(40), s super)");
    let refused = |column: &str, wanted: &str, found: &str| {
        format!(
            "42804 column \"{column}\" is of type {wanted} but expression is of type {found}\n  \
             Hint: You will need to rewrite or cast the expression."
        )
    };
    let text = "character varying";
    assert_eq!(w.fails("insert into t (n) select t from texts"), refused("n", "integer", text));
    assert_eq!(w.fails("insert into t (f, m) select 1, t from texts"), refused("m", "numeric", text));
    assert_eq!(w.fails("insert into t (d) select left(t, 2) from texts"), refused("d", "date", text));
    assert_eq!(
        w.fails("insert into t (at) select n from texts"),
        refused("at", "timestamp without time zone", "integer")
    );
    assert_eq!(w.fails("insert into t (n) select b from texts"), refused("n", "integer", "boolean"));
    assert_eq!(w.fails("insert into t (n) select * from (select d from texts)"), refused("n", "integer", "date"));
    assert_eq!(w.fails("update t set n = texts.t from texts"), refused("n", "integer", text));
    w.does("insert into t select n, n, n, d, d, n, n, n from texts");
    w.does("insert into t select '1', '2', '3', '6/7/2024', '2024-05-06', 'true', 'x', 'y'");
    w.does("insert into t select null, n, null, null, null, null, d, b from texts union all select '8', 9, null, null, null, null, null, null");
    w.does("insert into t (d, n) select d, n from (select null as d, 1 as n)");
    w.does("insert into t (n, d) select *, ('2024-01-01') from (select 1)");
    w.does("insert into t (n) select n from (select n from texts union all select '0')");
    w.does("delete from t where d = '2024-01-01' or n = 0 or n = 7 and d is null");
    w.does("update t set n = texts.t::int, d = texts.at, t = texts.n from (select *, d as at from texts) texts");
    w.does("update t set n = default, d = '7/8/2024', b = 1");
    assert_eq!(w.rows("select count(*), count(n), min(d), max(t) from t"), ["5|0|2024-07-08|7"]);
}

#[test]
fn keys_are_told_as_the_catalogs_of_drivers_ask_for_them() {
    let mut w = Warehouse::new();
    w.does("create table artists (artist_id int primary key, name varchar(20))");
    w.does(
        "create table songs (song_id int, artist_id int references artists, again int, primary key (song_id, again), \
         constraint of_artist foreign key (again) references artists (artist_id))",
    );
    let told =
        "select conname, contype, conrelid::regclass, pg_get_constraintdef(oid, true) from pg_constraint order by 1";
    assert_eq!(
        w.rows(told),
        [
            "artists_pkey|p|artists|PRIMARY KEY (artist_id)",
            "of_artist|f|songs|FOREIGN KEY (again) REFERENCES artists(artist_id)",
            "songs_artist_id_fkey|f|songs|FOREIGN KEY (artist_id) REFERENCES artists(artist_id)",
            "songs_pkey|p|songs|PRIMARY KEY (song_id, again)",
        ]
    );
    let columns = "select a.attname from pg_attribute a join pg_constraint k on a.attrelid = k.conrelid and a.attnum = any(k.conkey) \
                   where k.conname = 'songs_pkey' and a.attrelid = 'songs'::regclass order by a.attnum";
    assert_eq!(w.rows(columns), ["song_id", "again"]);
    let of_index = "select c2.relname, i.indisprimary, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true) from pg_catalog.pg_class c, \
                    pg_catalog.pg_class c2, pg_catalog.pg_index i where c.relname = 'artists' and c.oid = i.indrelid and i.indexrelid = c2.oid";
    assert_eq!(
        w.rows(of_index),
        ["artists_pkey|true|CREATE UNIQUE INDEX artists_pkey ON public.artists USING btree (artist_id)"]
    );
    let places = "select result.attname, result.key_seq from (select a.attname, a.attnum, (information_schema._pg_expandarray(i.indkey)).n as key_seq, \
                  information_schema._pg_expandarray(i.indkey) as keys from pg_index i join pg_attribute a on a.attrelid = i.indrelid \
                  join pg_class c on c.oid = i.indrelid where c.relname = 'songs') result where result.attnum = (result.keys).x order by 2";
    assert_eq!(w.rows(places), ["song_id|1", "again|2"]);
    assert_eq!(w.rows("show constraints foreign keys from table songs").len(), 2);
    assert_eq!(w.rows("show constraints foreign keys exported from table artists").len(), 2);
    assert_eq!(w.rows("select count(*) from information_schema.referential_constraints"), ["2"]);
    assert_eq!(w.rows("select datname, datcollate from pg_database").len(), 1);
    assert!(
        w.rows("select proname from pg_proc where prorettype = 'pg_catalog.trigger'::pg_catalog.regtype").is_empty()
    );
}

#[test]
fn what_is_granted_is_written_down() {
    let mut w = Warehouse::new();
    w.does("create table a (id int)");
    w.does("create schema mart");
    w.does("create table mart.b (id int)");
    w.does("grant select, insert on table a, mart.b to reader, group analysts");
    w.does("grant select on a to reader with grant option");
    w.does("grant all on all tables in schema mart to role loader");
    w.does("grant usage on schema mart to public");
    w.does("grant temp on database dwh to reader");
    let told = "select namespace_name, relation_name, privilege_type, identity_name, identity_type, admin_option \
                from svv_relation_privileges where identity_name <> 'loader' order by 1, 2, 3, 4";
    assert_eq!(
        w.rows(told),
        [
            "mart|b|INSERT|analysts|group|false",
            "mart|b|INSERT|reader|user|false",
            "mart|b|SELECT|analysts|group|false",
            "mart|b|SELECT|reader|user|false",
            "public|a|INSERT|analysts|group|false",
            "public|a|INSERT|reader|user|false",
            "public|a|SELECT|analysts|group|false",
            "public|a|SELECT|reader|user|true",
        ]
    );
    assert_eq!(w.rows("select count(*) from svv_relation_privileges where identity_name = 'loader'"), ["8"]);
    assert_eq!(
        w.rows("select namespace_name, privilege_type, identity_name from svv_schema_privileges"),
        ["mart|USAGE|public"]
    );
    assert_eq!(w.rows("select database_name, privilege_type from svv_database_privileges"), ["dwh|TEMPORARY"]);
    assert_eq!(w.rows("show grants on table mart.b").len(), 4 + 8);
    assert_eq!(w.rows("show grants for user reader").len(), 5);
    w.does("revoke insert on a, mart.b from reader, group analysts");
    w.does("revoke all privileges on all tables in schema mart from role loader");
    assert_eq!(w.rows("select count(*) from svv_relation_privileges"), ["4"]);
    assert_eq!(w.rows("select count(*) from information_schema.table_privileges where grantee = 'reader'"), ["2"]);
    // A transaction takes it back, as everything.
    w.does("begin");
    w.does("grant delete on a to reader");
    w.does("rollback");
    assert_eq!(w.rows("select count(*) from svv_relation_privileges"), ["4"]);
    assert_eq!(w.refuses("grant select on nowhere to reader"), "42P01");
    assert_eq!(w.refuses("grant usage on table a to reader"), "0LP01");
    assert_eq!(w.refuses("grant select on a reader"), "42601");
    // What has no meaning here is accepted.
    w.does("grant role one to role two");
    w.does("grant execute on function f(int) to reader");
    w.does("grant select (id) on a to reader");
}

#[test]
fn a_copy_that_runs_is_told_as_far_as_it_is() {
    let mut warehouse = Warehouse::new();
    let progress = Progress::new(7, 1, "t", "s3://b/", 0, "json", vec![100, 300]);
    progress.open(100);
    progress.add_rows(5);
    let running = warehouse.session.system.copying(&progress);
    let history = "select status, loaded_rows, source_file_count, file_bytes_scanned, source_file_bytes, end_time is null \
                   from sys_load_history";
    assert_eq!(warehouse.rows(history), ["running|5|2|100|400|true"]);
    assert_eq!(warehouse.rows("select lines, num_files, pct_complete from stv_load_state"), ["5|2|25"]);
    progress.add_rows(2);
    assert_eq!(warehouse.rows(history), ["running|7|2|100|400|true"]);
    drop(running);
    assert_eq!(warehouse.rows(history), Vec::<String>::new());
    warehouse.session.system.record_load(&progress, Some(7), 0).expect("record");
    assert_eq!(warehouse.rows(history), ["completed|7|2|100|400|false"]);
    assert_eq!(warehouse.rows("select count(*) from stv_load_state"), ["0"]);
}

#[test]
fn totals_beside_their_parts() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create table s (region varchar, product varchar, n int)");
    warehouse.does("insert into s values ('w','a',1),('w','b',2),('e','a',4)");
    let rollup =
        "select region, product, sum(n) from s group by rollup(region, product) order by 1 nulls last, 2 nulls last";
    assert_eq!(warehouse.rows(rollup), ["e|a|4", "e|NULL|4", "w|a|1", "w|b|2", "w|NULL|3", "NULL|NULL|7"]);
    let sets =
        "select region, sum(n), grouping(region) from s group by grouping sets ((region), ()) order by 1 nulls last";
    assert_eq!(warehouse.rows(sets), ["e|4|0", "w|3|0", "NULL|7|1"]);
    assert_eq!(warehouse.rows("select count(*) from (select 1 from s group by cube(region, product)) t"), ["8"]);
}

#[test]
fn functions_of_ones_own() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create function f_sql_greater (float, float) returns float stable as $$ select case when $1 > $2 then $1 else $2 end $$ language sql");
    assert_eq!(warehouse.rows("select f_sql_greater(1, 2.5), public.f_sql_greater(7, 3)"), ["2.5|7"]);
    assert_eq!(
        warehouse.refuses(
            "create function f_sql_greater (float, float) returns float stable as $$ select $1 $$ language sql"
        ),
        "42P07"
    );
    warehouse.does("create or replace function f_sql_greater (varchar(10), int) returns varchar(20) immutable as $$ select upper($1) || nvl($2, 0) $$ language sql");
    assert_eq!(warehouse.rows("select f_sql_greater('ab', null)"), ["AB0"]);
    assert_eq!(
        warehouse.refuses("create function f_py (a int) returns int stable as $$ return a $$ language plpythonu"),
        "0A000"
    );
    assert_eq!(
        warehouse.refuses(
            "create function f_read (int) returns varchar stable as $$ select read_text('/etc/passwd') $$ language sql"
        ),
        "42883"
    );
    assert_eq!(
        warehouse.refuses("create function f_two (int) returns int stable as $$ select $2 $$ language sql"),
        "08P01"
    );
    warehouse.does("drop function f_sql_greater(varchar, int)");
    assert_eq!(warehouse.refuses("select f_sql_greater('ab', 1)"), "42883");
    warehouse.does("drop function if exists f_sql_greater(varchar, int)");
}

#[test]
fn elements_of_a_super_are_rows() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create table o (id int, data super)");
    let lines = "{\"lines\": [{\"sku\": \"a\", \"n\": 2}, {\"sku\": \"b\", \"n\": 3}]}";
    warehouse.does(&format!("insert into o select 1, json_parse('{lines}') union all select 2, json_parse('{{\"lines\": 7}}') union all select 3, null"));
    assert_eq!(
        warehouse.rows("select o.id, l.sku::varchar, l.n::int from o, o.data.lines l order by 3"),
        ["1|a|2", "1|b|3"]
    );
    assert_eq!(warehouse.rows("select t.id, sum(l.n::int) from o as t, t.data.lines as l group by 1"), ["1|5"]);
    assert_eq!(warehouse.rows("select e from (select array(1, 2) as list) t, t.list e order by 1"), ["1", "2"]);
    assert_eq!(
        warehouse
            .rows("select e, place from (select array('x', 'y') as list) t, t.list e at place order by place desc"),
        ["\"y\"|1", "\"x\"|0"]
    );
    assert_eq!(warehouse.rows("select timestamp '2018-01-01' + '1 month'::interval"), ["2018-02-01 00:00:00"]);
}

#[test]
fn every_system_view_can_be_read() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create table t (a int, b varchar(3)) distkey(a) compound sortkey(a, b)");
    let views: Vec<&str> = include_str!("system.sql")
        .split("redshift_system.")
        .skip(1)
        .filter_map(|text| text.split([' ', '(', '\n', ';', ',', ')']).next())
        .filter(|name| ["stl_", "stv_", "svl_", "svv_", "sys_", "pg_"].iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    assert!(views.len() > 40, "{views:?}");
    let unreadable: Vec<String> = views
        .iter()
        .filter_map(|view| {
            warehouse.run(&format!("select * from {view}")).err().map(|error| format!("{view}: {error}"))
        })
        .collect();
    assert!(unreadable.is_empty(), "{unreadable:#?}");
    // An empty table is not told of.
    assert!(warehouse.rows("select * from svv_table_info").is_empty());
    warehouse.does("insert into t values (1, 'x')");
    assert_eq!(warehouse.rows("select \"table\", sortkey1, sortkey_num from svv_table_info"), ["t|a|2"]);
}

#[test]
fn refusals_are_in_redshifts_words() {
    let mut warehouse = Warehouse::new();
    let mut says = |sql: &str| warehouse.run(sql).expect_err(sql).to_string();
    assert_eq!(says("select 1/0"), "ERROR: Divide by zero");
    assert_eq!(says("select 'abc'::int"), "ERROR: Invalid digit, Value 'a', Pos 0, Type: Integer");
    assert_eq!(says("select 'it''s' :: bool"), "ERROR: invalid input syntax for type boolean: \"it's\"");
    assert_eq!(
        says("select * from stl_wlm_query"),
        "ERROR: the system view stl_wlm_query is not supported by the local Redshift"
    );
    assert_eq!(says("merge into a using b remove duplicates"), "ERROR: MERGE … REMOVE DUPLICATES needs ON");
    assert_eq!(says("select * from stellar"), "ERROR: relation \"stellar\" does not exist");
}

#[test]
fn a_materialized_view_is_as_old_as_its_last_refresh() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create table s (region varchar, n int)");
    warehouse.does("insert into s values ('w', 1), ('e', 2)");
    warehouse.does("create materialized view mv backup no distkey(region) auto refresh no as select region, sum(n) as n, count(*) from s group by 1");
    assert_eq!(warehouse.rows("select * from mv order by region"), ["e|2|1", "w|1|1"]);
    warehouse.does("insert into s values ('e', 5)");
    assert_eq!(warehouse.rows("select n from mv where region = 'e'"), ["2"]);
    warehouse.does("refresh materialized view mv");
    assert_eq!(warehouse.rows("select n, count from public.mv where region = 'e'"), ["7|2"]);
    assert_eq!(warehouse.rows("select \"schema\", name from stv_mv_info"), ["public|mv"]);
    assert_eq!(warehouse.refuses("create materialized view mv as select 1"), "42P07");
    assert_eq!(warehouse.rows("select table_type from svv_tables where table_name = 'mv'"), ["VIEW"]);
    assert_eq!(warehouse.refuses("drop table mv"), "42809");
    warehouse.does("drop materialized view mv");
    warehouse.does("create materialized view mv as select 'now' as word");
    warehouse.does("refresh materialized view mv");
    assert_eq!(warehouse.rows("select word from mv"), ["now"]);
    warehouse.does("drop materialized view mv");
    assert_eq!(warehouse.refuses("refresh materialized view mv"), "42P01");
    assert_eq!(warehouse.refuses("select * from mv"), "42P01");
    warehouse.does("drop materialized view if exists mv");
}

#[test]
fn a_merge_removes_duplicates() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create table target (id int, name varchar)");
    warehouse.does("create table source (id int, name varchar)");
    warehouse.does("insert into target values (1, 'old'), (1, 'older'), (2, 'stays')");
    warehouse.does("insert into source values (1, 'new'), (1, 'new'), (3, 'comes'), (3, 'comes')");
    warehouse.does("merge into target using source s on target.id = s.id remove duplicates");
    assert_eq!(warehouse.rows("select * from target order by id"), ["1|new", "2|stays", "3|comes"]);
}

#[test]
fn quotients_of_decimals_are_decimals() {
    let mut warehouse = Warehouse::new();
    for (sql, expected) in [
        ("select 10::decimal(10,2) / 3", "3.3333333333333"),
        ("select 1/2.0, 7/2, 1::float8/4, '7'/2", "0.5000|3|0.25|3"),
        ("select round(100.0 * count(*) / 7, 2) from (select 1 union all select 2) t", "28.57"),
        ("select x / y / z from (select 7.00::decimal(8,2) x, 2 y, 3::decimal(4,1) z) t", "1.16666666666666666"),
        ("select x / 2.0, count(*) from (select 1 x) t group by x / 2.0", "0.5000|1"),
        ("select a / 2.0 as half, half + 1 from (select 5 a) t", "2.5000|3.5000"),
        (
            "with a as (select 1.5 v), b as (select 3 v) select (select v/2 from a), (select v/2 from b)",
            "0.750000000000|1",
        ),
        ("select case when y = 0 then -1 else x / y end from (select 1.0 x, 0 y) t", "-1.000000000000"),
        ("select null / 2.0, 2.0 / null::int", "NULL|NULL"),
    ] {
        assert_eq!(warehouse.rows(sql), [expected], "{sql}");
    }
    assert_eq!(warehouse.refuses("select x / y from (select 1.0 x, 0 y) t"), "22012");
    assert_eq!(warehouse.refuses("select missing / 2.0"), "42703");
    warehouse.does("create table kept as select 7.5 / 2 as q");
    warehouse.does("create view seen as select q / 3 as q from kept");
    warehouse.does("create materialized view made as select q / 3 as q from kept");
    warehouse.does("create view late as select q / 3 as q from not_yet with no schema binding");
    warehouse.does("create table not_yet as select 1.0::float8 as q");
    warehouse
        .does("create function half(decimal(10,2)) returns decimal(10,2) stable as $$ select $1 / 2 $$ language sql");
    warehouse.does("update kept set q = q / 2 where q / 2 > 1");
    warehouse.does("prepare p as select q / $1 from kept");
    assert_eq!(warehouse.rows("execute p(2)"), ["0.93750000000000000000000"]);
    assert_eq!(warehouse.rows("select q from seen"), ["0.62500000000000000000000"]);
    assert_eq!(warehouse.rows("select q from made"), ["1.25000000000000000000000"]);
    assert_eq!(warehouse.rows("select q from late"), ["0.3333333333333333"]);
    assert_eq!(warehouse.rows("select half(5)"), ["2.50"]);
}

#[test]
fn a_late_binding_view_finds_what_it_reads_when_it_is_read() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create view upper_late as select id + 1 as next from late with no schema binding");
    warehouse.does("create view late as select * from public.base with no schema binding");
    assert_eq!(warehouse.refuses("select * from late"), "42P01");
    assert_eq!(warehouse.refuses("create view late as select 1 as one with no schema binding"), "42P07");
    warehouse.does("create table base (id int)");
    warehouse.does("insert into base values (1)");
    assert_eq!(warehouse.rows("select * from late"), ["1"]);
    assert_eq!(warehouse.rows("select next from upper_late"), ["2"]);
    // What it reads is made anew, of other columns, as dbt does it at every run.
    warehouse.does("create table fresh (id bigint, name varchar)");
    warehouse.does("insert into fresh values (7, 'x')");
    warehouse.does("drop table base");
    assert_eq!(warehouse.refuses("select * from late"), "42P01");
    warehouse.does("begin");
    warehouse.does("alter table fresh rename to base");
    assert_eq!(warehouse.rows("select * from late"), ["7|x"]);
    warehouse.does("commit");
    assert_eq!(warehouse.rows("select next from upper_late"), ["8"]);
    warehouse.does("create or replace view late as select name from base with no schema binding");
    assert_eq!(warehouse.rows("select * from late"), ["x"]);
    warehouse.does("drop view upper_late");
    warehouse.does("drop view late");
    assert_eq!(warehouse.refuses("drop view late"), "42P01");
    warehouse.does("create view never as select * from nowhere with no schema binding");
    warehouse.does("drop view never");
    // What took its place, or went with its schema, does not come back when something else is missing.
    warehouse.does("create view changed as select 1 as n with no schema binding");
    warehouse.does("create or replace view changed as select 2 as n");
    warehouse.does("create schema s");
    warehouse.does("create view s.gone as select 1 as n with no schema binding");
    warehouse.does("drop schema s cascade");
    warehouse.does("create schema s");
    assert_eq!(warehouse.refuses("select * from missing"), "42P01");
    assert_eq!(warehouse.rows("select n from changed"), ["2"]);
    assert_eq!(warehouse.refuses("select * from s.gone"), "42P01");
}

#[test]
fn a_view_keeps_the_columns_that_its_table_had() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create table t (a int, b int)");
    warehouse.does("insert into t values (1, 2)");
    warehouse.does("create view v as select * from t");
    warehouse.does("alter table t add column c int default 3");
    assert_eq!(warehouse.rows("select * from v"), ["1|2"]);
}

#[test]
fn a_series_is_rows() {
    let mut warehouse = Warehouse::new();
    assert_eq!(warehouse.rows("select n * 2 from (select generate_series(1, 3) as n) order by 1"), ["2", "4", "6"]);
    assert_eq!(
        warehouse.rows("select date '2024-02-28' + generate_series(0, 2) as day"),
        ["2024-02-28", "2024-02-29", "2024-03-01"]
    );
    assert_eq!(warehouse.rows("select generate_series from generate_series(1, 2)"), ["1", "2"]);
}

#[test]
fn users_and_groups_are_told_of() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create group analysts");
    warehouse.does("create user bob with password 'Abcd1234' nocreatedb in group analysts valid until '2030-01-01'");
    warehouse.does("create user root password disable createdb createuser");
    warehouse.does("alter group analysts add user root");
    assert_eq!(
        warehouse.rows(
            "select usename, usecreatedb, usesuper, passwd from pg_user where usename in ('bob', 'root') order by 1"
        ),
        ["bob|false|false|********", "root|true|true|********"]
    );
    assert_eq!(
        warehouse.rows("select u.usename from pg_user u, pg_group g where u.usesysid = any(g.grolist) order by 1"),
        ["bob", "root"]
    );
    assert_eq!(warehouse.refuses("create user bob password 'Abcd1234'"), "42710");
    assert_eq!(warehouse.refuses("create user eve password 'x'"), "22023");
    warehouse.does("alter user bob password 'It''sNew1'");
    assert_eq!(
        warehouse.rows(
            "select query_text from sys_query_history where query_text like '%user bob%' and query_text like 'alter%'"
        ),
        ["alter user bob password '***'"]
    );
    warehouse.does("alter user root nocreateuser");
    assert_eq!(warehouse.rows("select superuser from svv_user_info where user_name = 'root'"), ["false"]);
    warehouse.does("drop user bob");
    assert_eq!(warehouse.refuses("drop user bob"), "42704");
    warehouse.does("drop user if exists bob");
    warehouse.does("alter group analysts rename to people");
    warehouse.does("drop group people");
    assert_eq!(warehouse.rows("select count(*) from pg_group"), ["0"]);
}

#[test]
fn a_table_tells_its_defaults_and_encodings_as_redshift_does() {
    let mut warehouse = Warehouse::new();
    warehouse.does(
        "create table t (a int, b varchar(9) default 'x' || 'y', c timestamp default getdate(), d boolean encode zstd, \
         e real, f date) sortkey(f)",
    );
    assert_eq!(
        warehouse.rows("select \"column\", encoding from pg_table_def where tablename = 't'"),
        ["a|az64", "b|lzo", "c|az64", "d|zstd", "e|none", "f|none"]
    );
    assert_eq!(
        warehouse.rows("select column_default from svv_columns where table_name = 't' and column_default is not null order by ordinal_position"),
        ["'x' || 'y'", "getdate()"]
    );
    warehouse.does("insert into t (a) values (1)");
    assert_eq!(warehouse.rows("select b, c is not null from t"), ["xy|true"]);
    let shown = warehouse.rows("show table t").join("\n");
    assert!(shown.contains("c timestamp without time zone DEFAULT getdate() ENCODE az64"), "{shown}");
}

#[test]
fn what_is_kept_beside_the_users_tables_is_not_in_their_way() {
    let mut warehouse = Warehouse::new();
    let kept = include_str!("system.sql").split("TABLE IF NOT EXISTS redshift_system.").skip(1);
    let kept: Vec<&str> = kept.filter_map(|rest| rest.split(['(', ' ', '\n']).next()).collect();
    assert!(
        kept.iter().all(|name| ["redshift_", "stl_", "stv_", "sys_"].iter().any(|own| name.starts_with(own))),
        "{kept:?}"
    );
    for name in ["users", "loads", "queries", "relations", "privileges", "settings", "constraints"] {
        warehouse.does(&format!("drop table if exists {name}"));
        warehouse.does(&format!("create table if not exists {name} (id int, note varchar)"));
        warehouse.does(&format!("insert into {name} values (1, 'mine')"));
        assert_eq!(warehouse.rows(&format!("select note from {name}")), ["mine"]);
        warehouse.does(&format!("drop table {name}"));
        assert_eq!(warehouse.refuses(&format!("select * from {name}")), "42P01");
    }
}

#[test]
fn what_is_written_fits_the_table() {
    let mut w = Warehouse::new();
    w.does("create table days (n int identity(1,1), d date, t timestamp, s varchar(10))");
    w.does(
        "insert into days (d, t, s) values ('8/2/2003', 'Jun 1,2008 09:59:59', '8/2/2003'), ('20080615', null, 'x')",
    );
    assert_eq!(
        w.rows("select d, t, s from days order by n"),
        ["2003-08-02|2008-06-01 09:59:59|8/2/2003", "2008-06-15|NULL|x"]
    );
    w.does("update days set d = '02/01/2023' where d = '6/15/2008'");
    w.does("insert into days (d) select s::date from days where s like '8%'");
    assert_eq!(w.rows("select d from days order by n"), ["2003-08-02", "2023-02-01", "2003-08-02"]);

    // The identity is Redshift's own.
    for given in
        ["insert into days values (7, '2020-01-01')", "insert into days (n) values (7)", "update days set n = 7"]
    {
        assert_eq!(w.refuses(given), "0A000", "{given}");
    }
    w.does("insert into days values (default, '2020-01-01')");
    w.does("create table own (n int generated by default as identity(1,1), s varchar(5))");
    w.does("insert into own values (7, 'x')");

    // The first columns get what there is.
    w.does("create table three (a int, b int, c int)");
    w.does("insert into three values (1), (2)");
    w.does("insert into three select 3, 4");
    w.does("insert into three (with w as (select 5 a, 6 b, 7 c) select * from w)");
    assert_eq!(w.rows("select * from three order by a"), ["1|NULL|NULL", "2|NULL|NULL", "3|4|NULL", "5|6|7"]);
    for (wrong, sqlstate) in [
        ("insert into three values (1, 2, 3, 4)", "42601"),
        ("insert into three (a, b) values (1)", "42601"),
        ("insert into three (a, a) values (1, 2)", "42701"),
        ("insert into three (nope) values (1)", "42703"),
        ("insert into three values (1) returning a", "42601"),
        ("insert into three values (1) on conflict do nothing", "42601"),
        ("update three set nope = 1", "42703"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
    // Another session's new column is seen.
    w.does("alter table three add column d date");
    w.does("insert into three (a, d) values (9, '20080615')");
}

/// As the documentation's examples of UPDATE have it.
#[test]
fn a_table_named_again_in_its_update_is_the_one_that_is_changed() {
    let mut w = Warehouse::new();
    w.does("create table category (catid int, catgroup varchar(10))");
    w.does("insert into category values (1, 'Concerts'), (2, 'Shows'), (3, 'Concerts')");
    w.does("create table event (catid int)");
    w.does("insert into event values (1), (2)");
    w.does("update category set catid = 100 from event join category cat on event.catid = cat.catid where cat.catgroup = 'Concerts'");
    assert_eq!(w.rows("select * from category order by 1"), ["2|Shows", "3|Concerts", "100|Concerts"]);
    assert_eq!(
        w.refuses("update category set catid = 7 from event left join category cat on event.catid = cat.catid"),
        "0A000"
    );
}

#[test]
fn the_catalogs_views_go_by_their_own_names() {
    let mut w = Warehouse::new();
    w.does("create table here (a int)");
    assert_eq!(w.rows("select pg_catalog.pg_class.relname from pg_catalog.pg_class where relname = 'here'"), ["here"]);
    let tables =
        "select tables.table_name from information_schema.tables where information_schema.tables.table_name = 'here'";
    assert_eq!(w.rows(tables), ["here"]);
}

#[test]
fn errors_have_their_sqlstates() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b varchar(5))");
    w.does("insert into t values (1, 'x'), (2, 'y')");
    w.does("create schema s");
    w.does("create table s.t (a int)");
    for (wrong, sqlstate) in [
        ("select a, count(*) from t", "42803"),
        ("select nosuch.a from t", "42P01"),
        ("select a from t x join t y on x.a = y.a", "42702"),
        ("select (select a from t)", "21000"),
        ("select * from t where sum(a) > 1", "42803"),
        ("select 99999::smallint", "22003"),
        ("create table d (a int, a int)", "42701"),
        ("drop schema s", "2BP01"),
        ("select to_timestamp(1)", "42883"),
        ("insert into t (a) select '2008-01-01'::date", "42804"),
        ("select * from t order by 5", "42P10"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
}

#[test]
fn pivot_takes_an_average() {
    let mut w = Warehouse::new();
    w.does("create table part (partname varchar(10), price decimal(12,2))");
    w.does("insert into part values ('prop', 2.50), ('prop', 4), ('rudder', 3.75)");
    assert_eq!(
        w.rows(
            "select * from (select partname, price from part) pivot (avg(price) for partname in ('prop', 'rudder'))"
        ),
        ["3.25|3.75"]
    );
}

#[test]
fn what_others_are_made_of_does_not_go_without_them() {
    let mut w = Warehouse::new();
    w.does("create table base (id int primary key, s varchar(9))");
    w.does("create view one as select id from base");
    w.does("create view two as select * from one");
    w.does("create view late as select id from base with no schema binding");
    assert_eq!(w.refuses("drop table base"), "2BP01");
    assert_eq!(w.refuses("drop view one"), "2BP01");
    w.does("drop table base cascade");
    assert_eq!(w.refuses("select * from two"), "42P01");

    w.does("create table base (id int primary key)");
    w.does("create view reads as select id from base");
    w.does("create temp table base (id int)");
    w.does("drop table if exists base");
    assert!(w.session.take_notices().is_empty(), "the temporary one was there");
    assert_eq!(w.refuses("drop table base"), "2BP01");
    w.does("drop view reads");
    w.does("create table refers (id int references base (id))");
    assert_eq!(w.refuses("drop table base"), "2BP01");
    w.does("drop table refers");
    w.does("drop table base");

    w.does("create schema s");
    w.does("create table s.t (a int)");
    w.does("create view s.v as select * from s.t");
    w.does("create materialized view s.m as select a from s.t");
    w.does("drop schema s cascade");
    assert!(w.rows("select * from stv_mv_info").is_empty());
}

#[test]
fn views_and_comments_are_told_as_they_were_written() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b varchar(9) encode zstd) distkey(a)");
    w.does("create view v as select a from t where b = 'x'");
    w.does("create view l as select a from t with no schema binding");
    w.does("create materialized view m as select count(*) from t");
    let definition = |name: &str| format!("select definition from pg_views where viewname = '{name}'");
    assert_eq!(w.rows(&definition("v")), ["SELECT a FROM t WHERE b = 'x';"]);
    assert_eq!(w.rows(&definition("l")), ["CREATE VIEW l AS SELECT a FROM t WITH NO SCHEMA BINDING;"]);
    assert_eq!(w.rows(&definition("m")), ["CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t;"]);
    assert_eq!(
        w.rows("select * from pg_get_late_binding_view_cols() cols(s name, v name, c name, t varchar, n int)"),
        ["public|l|a|integer|1"]
    );
    w.does("comment on table t is 'it''s a table'");
    w.does("comment on column t.b is 'of the table'");
    assert_eq!(w.rows("select remarks from svv_tables where table_name = 't'"), ["it's a table"]);
    assert_eq!(
        w.rows("select remarks from svv_columns where table_name = 't' order by column_name"),
        ["NULL", "of the table"]
    );
    assert_eq!(w.rows("select description from pg_description order by objsubid"), ["it's a table", "of the table"]);
    assert_eq!(w.rows("select obj_description(oid) from pg_class where relname = 't'"), ["it's a table"]);
    w.does("comment on table t is null");
    assert_eq!(w.rows("select description from pg_description"), ["of the table"]);
    assert_eq!(w.refuses("comment on table nosuch is 'x'"), "42P01");
    assert_eq!(
        w.rows("select encoding, distkey from svv_redshift_columns where table_name = 't' order by column_name"),
        ["az64|true", "zstd|false"]
    );
    assert_eq!(
        w.rows("select format_encoding(attencodingtype) from pg_attribute where attname = 'b' and attnum > 0"),
        ["zstd"]
    );
    assert_eq!(w.rows("select reldiststyle from pg_class where relname = 't'"), ["1"]);
}

#[test]
fn settings_end_with_their_transaction() {
    let mut w = Warehouse::new();
    w.does("set search_path to etl, public");
    w.does("create schema etl");
    w.does("create table here (a int)");
    assert_eq!(w.rows("select table_schema from svv_tables where table_name = 'here'"), ["etl"]);
    w.does("begin");
    w.does("set local search_path to public");
    assert_eq!(w.refuses("select * from here"), "42P01");
    w.does("rollback");
    w.does("select * from here");
    w.does("begin");
    w.does("set search_path to public");
    w.does("rollback");
    w.does("select * from here");
    // What failed while it defined something is rolled back, also where a path has been set.
    w.does("create table zero as select 0 as n");
    w.does("begin");
    assert_eq!(w.refuses("create table never as select 1 / n as n from zero"), "22012");
    w.does("rollback");
    w.does("select * from here");
    w.does("begin");
    w.does("declare c cursor for select 1");
    assert_eq!(w.refuses("fetch backward 1 from c"), "0A000");
    w.does("rollback");
    assert_eq!(w.refuses("rollback to savepoint s"), "0A000");
    w.does("begin");
    assert_eq!(w.refuses("vacuum"), "25001");
    w.does("rollback");
    w.does("vacuum here");
    assert_eq!(w.rows("select PG_LAST_QUERY_ID()"), ["1"]);
}

#[test]
fn tables_are_refused_as_redshift_refuses_them() {
    let mut w = Warehouse::new();
    for (wrong, sqlstate) in [
        ("create table user (a int)", "42601"),
        ("create table t (tag int)", "42601"),
        ("create table if not exists t as select 1 a", "42601"),
        ("create or replace table t (a int)", "42601"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
    w.does("create table \"user\" (\"tag\" int)");
    w.does("create table k (a int, b int, primary key (a, b))");
    assert_eq!(w.refuses("insert into k values (1, null)"), "23502");
    w.does("alter table k add column n int");
    assert_eq!(w.refuses("alter table k alter column n type varchar(9)"), "0A000");
    w.does("create table ci (s varchar(9) collate case_insensitive)");
    w.does("insert into ci values ('John'), ('JOHN')");
    assert_eq!(w.rows("select count(*) from ci where s = 'john'"), ["2"]);
    assert_eq!(w.rows("select |/ 25, ||/ 27, @ -5"), ["5|3|5"]);
    w.does("create table made as select sign(-2.5) a, get_array_length(array(1)) b, null as c");
    assert_eq!(w.rows("select a, b, c from made"), ["-1|1|NULL"]);
}

#[test]
fn names_in_quotes_keep_their_case_where_that_is_asked_for() {
    let mut w = Warehouse::new();
    w.does("set enable_case_sensitive_identifier to true");
    w.does("create table \"Mixed\" (\"Id\" int encode zstd, j super)");
    w.does("insert into \"Mixed\" values (1, json_parse('{\"Name\": {\"First\": \"A\"}}'))");
    let outcome =
        w.run("select \"Id\", j.\"Name\".\"First\" as \"F\" from \"Mixed\"").expect("rows").rows.expect("rows");
    let names: Vec<&str> = outcome.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["Id", "F"]);
    assert_eq!(w.rows("select upper(j.\"Name\".\"First\") from \"Mixed\""), ["A"]);
}

#[test]
fn rows_move_between_tables_that_differ_where_that_is_asked_for() {
    let mut w = Warehouse::new();
    w.does("create table into_it (a int, b int default 5)");
    w.does("create table less (a int)");
    w.does("create table more (a int, b int, c int)");
    w.does("insert into less values (1), (2)");
    w.does("insert into more values (3, 4, 5)");
    assert_eq!(w.refuses("alter table into_it append from less"), "0A000");
    assert_eq!(w.refuses("alter table into_it append from less ignoreextra"), "0A000");
    assert_eq!(w.refuses("alter table into_it append from more filltarget"), "0A000");
    for options in ["fillextra", "ignoreextra filltarget"] {
        assert_eq!(w.refuses(&format!("alter table into_it append from less {options}")), "42601", "{options}");
    }
    w.does("alter table into_it append from less filltarget");
    w.does("alter table public.into_it append from public.more ignoreextra");
    assert_eq!(w.rows("select * from into_it order by a"), ["1|5", "2|5", "3|4"]);
    assert_eq!(w.rows("select (select count(*) from less), (select count(*) from more)"), ["0|0"]);
    w.does("begin");
    assert_eq!(w.refuses("alter table into_it append from less filltarget"), "25001");
    w.does("rollback");
    w.does("create table texts (a varchar(9), b int)");
    assert_eq!(w.refuses("alter table into_it append from texts"), "42804");
    w.does("create table counted (a int identity(1,1), b int)");
    assert_eq!(w.refuses("alter table counted append from into_it"), "0A000");
    w.does("alter table into_it alter column a encode zstd");
    assert_eq!(w.rows("select encoding from pg_table_def where tablename = 'into_it' and \"column\" = 'a'"), ["zstd"]);
    let changed = w.run("with w as (select 7 a, 8 b) insert into into_it select a, b from w").expect("rows");
    assert_eq!((changed.count, changed.rows.is_none()), (1, true));
}

/// R46.
#[test]
fn a_table_has_at_most_1600_columns() {
    let mut w = Warehouse::new();
    let columns = |count: usize| (0..count).map(|at| format!("c{at} int")).collect::<Vec<_>>().join(", ");
    assert_eq!(w.fails(&format!("create table t ({})", columns(1_601))), "54011 tables can have at most 1600 columns");
    w.does(&format!("create table t ({})", columns(1_600)));
    assert_eq!(w.refuses("alter table t add column one_more int"), "54011");
    assert_eq!(w.refuses("create table u as select *, 1 as one_more from t"), "54011");
}

#[test]
fn a_text_in_a_super_is_a_text() {
    let mut w = Warehouse::new();
    w.does("create table s (v super)");
    w.does("insert into s values ('abc'), ('{\"a\":1}'), (json_parse('{\"a\":1}'))");
    assert_eq!(w.rows("select json_typeof(v) from s"), ["string", "string", "object"]);
    assert_eq!(w.rows("select v::varchar from s"), ["abc", "{\"a\":1}", "NULL"]);
}

#[test]
fn long_chains_and_deep_nesting_end_no_process() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b varchar(20))");
    w.does("insert into t values (1, 'x'), (2, 'y')");
    let chain = |link: &str, by: &str, count: usize| vec![link; count].join(by);
    assert_eq!(w.rows(&format!("select count(*) from t where {}", chain("a = 2", " or ", 3_000))), ["1"]);
    assert_eq!(w.rows(&format!("select count(*) from t where {}", chain("a < 3", " and ", 3_000))), ["2"]);
    assert_eq!(
        w.rows(&format!("select count(*) from t where b = 'y' and ({} or a = 2)", chain("a = 7", " or ", 300))),
        ["1"]
    );
    assert_eq!(w.rows(&format!("select {}", chain("1", "+", 900))), ["900"]);
    assert_eq!(w.rows(&format!("select {}7{}", "(".repeat(200), ")".repeat(200))), ["7"]);
    assert_eq!(
        w.rows(&format!("select {}7{} from t limit 1", "case when a = 9 then 0 else ".repeat(100), " end".repeat(100))),
        ["7"]
    );
    for deep in [
        chain("1", "+", 5_000),
        chain("1", "+", 400_000),
        chain("a", "||", 40_000),
        format!("1{}", "::int".repeat(40_000)),
        format!("{}1{}", "(".repeat(40_000), ")".repeat(40_000)),
        format!("case when {} = 1 then 1 end + 1", chain("1", "+", 120_000)),
    ] {
        assert_eq!(w.refuses(&format!("select {deep} from t")), "54001");
    }
    assert!(w.fails(&format!("select {} true", "not ".repeat(40_000))).starts_with("42601"));
    assert!(w.fails(&format!("{} select 1", "explain ".repeat(10_000))).starts_with("42601"));
    w.does(&format!("prepare long as select count(*) from t where {}", chain("a = 2", " or ", 9_000)));
    assert_eq!(w.rows("execute long"), ["1"]);
    w.does(&format!("prepare deep as select {}", chain("1", "+", 40_000)));
    assert_eq!(w.refuses("/* so */ execute deep"), "54001");
    assert!(w.fails("prepare p as execute p").starts_with("42601"));
    assert!(w.fails("declare c cursor for declare d cursor for select 1").starts_with("42601"));
}

#[test]
fn signs_that_stand_together_keep_their_meaning() {
    let mut w = Warehouse::new();
    assert_eq!(w.rows("select - -1, -(-2), 3 - -1, - - -4, -(- 5)"), ["1|2|4|-4|5"]);
    assert_eq!(w.rows("select array(e'x', 'y')[1], '[E'"), ["\"y\"|[E"]);
    let text = "select a[b], '[E''x'; select $$;$$ /* ; */; -- ;\nselect [E'x']";
    let parted = ["select a[b], '[E''x'", "select $$;$$ /* ; */", "-- ;\nselect [E'x']"];
    assert_eq!(super::split(text).expect("statements"), parted);
}

#[test]
fn a_database_that_a_fatal_error_ended_is_opened_anew() {
    let mut w = Warehouse::new();
    let session = || Session::new(w.session.system.clone(), "dwhadmin").expect("session");
    let (mut idle, mut amid) = (session(), session());
    w.does("create table t (a int)");
    w.does("insert into t values (1)");
    for sql in ["begin", "insert into t values (2)"] {
        amid.run(sql, &w.access, 1).expect(sql);
    }
    let ended = w.session.connection.execute_batch("SET GLOBAL debug_checkpoint_abort = 'before_header'; CHECKPOINT");
    assert!(ended.is_err(), "a checkpoint that fails ends the database");

    let told = w.fails("select a from t");
    assert!(told.contains("FATAL Error") && told.contains("was opened anew"), "{told}");
    assert_eq!(w.rows("select a from t"), ["1"]);
    idle.run("insert into t values (3)", &w.access, 1).expect("another session goes on");
    assert_eq!(amid.run("commit", &w.access, 1).expect_err("it is gone").sqlstate, "40001");
    assert_eq!(amid.run("select 1", &w.access, 1).expect_err("it has failed").sqlstate, "25P02");
    amid.run("rollback", &w.access, 1).expect("rollback");
    amid.run("insert into t values (4)", &w.access, 1).expect("it goes on");
    assert_eq!(w.rows("select a from t order by a"), ["1", "3", "4"]);
    assert!(Session::new(w.session.system.clone(), "another").is_ok());
}
