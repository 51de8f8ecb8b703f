//! What the Data API says of rows, query numbers and sessions, and loads that are right whatever it says (R25, R39).

use aws_sdk_redshiftdata::operation::describe_statement::DescribeStatementOutput;
use serde_json::Value;
use sparkify_local::{Behaviors, Fault, Pace};

use crate::bad_input::first_song;
use crate::copy::{from, put, warehouse};
use crate::load::files;
use crate::project::{Project, Sdk};
use crate::served::Served;

/// COPY answers 0, and the rows that it loaded.
const BEHAVIORS: [Behaviors; 2] = [
    Behaviors { counts_copied_rows: false, sends_source_account: false },
    Behaviors { counts_copied_rows: true, sends_source_account: false },
];

/// What DescribeStatement says once the statement, or the batch of several, has ended.
fn described(sdk: &Sdk, sqls: &[&str]) -> DescribeStatementOutput {
    sdk.block_on(async {
        let (cluster, database, user) = ("sparkify", "dwh", "dwhadmin");
        let id = match sqls {
            [sql] => {
                let call = sdk.data.execute_statement().cluster_identifier(cluster).database(database).db_user(user);
                call.sql(*sql).wait_time_seconds(30).send().await.unwrap().id
            }
            _ => {
                let sqls = sqls.iter().map(ToString::to_string).collect();
                let call = sdk.data.batch_execute_statement().cluster_identifier(cluster).database(database);
                call.db_user(user).set_sqls(Some(sqls)).wait_time_seconds(30).send().await.unwrap().id
            }
        };
        sdk.data.describe_statement().id(id.unwrap()).wait_time_seconds(30).send().await.unwrap()
    })
}

/// Query number, rows and bytes of the result.
fn numbers(found: &DescribeStatementOutput) -> (i64, i64, i64) {
    (found.redshift_query_id, found.result_rows, found.result_size)
}

#[test]
fn a_statement_is_described_as_aws_was_seen_to() {
    let (_project, sdk) = warehouse();
    let made = described(&sdk, &["create table t (a integer)"]);
    assert_eq!((made.redshift_query_id, made.result_rows, made.has_result_set), (-1, 0, Some(false)));
    let leader = described(&sdk, &["select 1"]);
    assert_eq!((leader.redshift_query_id, leader.result_rows, leader.has_result_set), (-1, 1, Some(true)));
    let inserted = described(&sdk, &["insert into t values (1), (2)"]);
    assert_eq!(inserted.result_rows, 2);
    assert!(inserted.redshift_query_id > 0 && inserted.redshift_pid > 0, "{inserted:?}");

    let failed = described(&sdk, &["select * from nowhere"]);
    assert_eq!((numbers(&failed), failed.duration), ((0, -1, -1), -1));
    assert!(failed.redshift_pid > 0, "{failed:?}");

    let batch = described(&sdk, &["select 1", "select a from t", "update t set a = 3"]);
    assert_eq!((numbers(&batch), batch.has_result_set), ((0, -1, -1), Some(true)));
    let parts: Vec<_> =
        batch.sub_statements().iter().map(|part| (part.redshift_query_id > 0, part.result_rows)).collect();
    assert_eq!(parts, [(false, 1), (true, 2), (true, 2)]);
    let failed = described(&sdk, &["select a from t", "select * from nowhere", "select 1"]);
    let parts: Vec<_> =
        failed.sub_statements().iter().map(|part| (part.redshift_query_id > 0, part.result_rows)).collect();
    assert_eq!((numbers(&failed), parts), ((0, -1, -1), vec![(true, 2), (false, -1), (false, -1)]));
}

#[test]
fn a_query_has_one_number_in_sys_and_another_in_stl_views() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer)").unwrap();
    put(&sdk, "a.json", "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":\"y\"}");
    let copied = described(&sdk, &[&format!("copy t from {} json 'auto' maxerror 3", from("a.json")), "select 1"]);
    let (query, pid) = (copied.sub_statements()[0].redshift_query_id, copied.redshift_pid);
    let count = |view: &str, condition: String| sdk.value(&format!("select count(*) from {view} where {condition}"));
    assert_eq!(count("sys_load_error_detail", format!("query_id = {query}")), "2");
    assert_eq!(count("sys_load_history", format!("query_id = {query} and session_id = {pid}")), "1");
    for view in ["stl_load_errors", "stl_load_commits", "stl_query"] {
        assert_eq!(count(view, format!("query = {query}")), "0", "{view}");
    }
    assert_eq!(count("sys_load_error_detail", format!("session_id = {pid}")), "2");
    assert_eq!(count("stl_load_errors", format!("session = {pid}")), "2");
    let joined = "stl_load_errors e join stl_query q on e.query = q.query and e.session = q.pid";
    assert_eq!(count(joined, "q.querytxt like 'copy t %'".to_owned()), "2");
}

#[test]
fn a_copy_may_or_may_not_be_counted() {
    for (behaviors, rows) in BEHAVIORS.into_iter().zip([0, 2]) {
        let served = Served::playing(Project::with_sample(1, 1), Pace::AT_ONCE, behaviors);
        let _ = served.run(["up"]).succeeded();
        let sdk = served.sdk();
        sdk.sql("create table t (a integer)").unwrap();
        put(&sdk, "a.json", "{\"a\":1}\n{\"a\":2}");
        let copy = format!("copy t from {} json 'auto'", from("a.json"));
        assert_eq!(described(&sdk, &[&copy]).result_rows, rows);
        assert_eq!(described(&sdk, &["select 1", &copy]).sub_statements()[1].result_rows, rows);
        let said = served.run(["query", copy.as_str()]).succeeded().stderr;
        let says = if rows == 0 { "COPY" } else { "COPY 2" };
        assert!(said.contains(says) && !said.contains("COPY 0"), "{said}");
        assert_eq!(sdk.value("select count(*) from t"), "6");
    }
}

/// Rows staged and rejected of a load, as the warehouse remembers them: the load that staged the most first.
fn remembered(served: &Served) -> Vec<Vec<String>> {
    served.sdk().rows("select staged, rejected from sparkify_infra_loads order by staged desc, rejected desc")
}

#[test]
fn a_load_counts_what_was_staged_whatever_copy_answers() {
    for behaviors in BEHAVIORS {
        let project = Project::with_sample(40, 200);
        project.edit("sql/copy/staging_songs.sql", ":options", "maxerror 3 :options");
        project.edit("infra.toml", "[sources.songs]", "[load]\nmode = \"append\"\n\n[sources.songs]");
        let song = first_song(&project);
        let text = std::fs::read_to_string(&song).unwrap();
        let year = text.find("\"year\":").unwrap();
        std::fs::write(&song, format!("{}\"year\":\"nineteen\"}}", &text[..year])).unwrap();
        let day = files(&project, "data/log_data").remove(0);
        let events = std::fs::read_to_string(&day).unwrap().lines().count();
        let aside = project.path("aside");
        std::fs::rename(&day, &aside).unwrap();

        let served = Served::playing(project, Pace::AT_ONCE, behaviors);
        let _ = served.run(["up"]).succeeded();
        let check = served.run(["load", "--check"]).succeeded().stdout;
        // Nobody counts the records of a check: SYS_LOAD_HISTORY does.
        let asked = "select count(*) from sys_query_history where query_text like 'select max(error_count)%'";
        assert_eq!(served.sdk().value(asked), "1");
        let first = served.run(["load"]).succeeded().stdout;
        for said in [&check, &first] {
            assert!(said.contains(":1: year int4: Invalid digit") && said.contains("'nineteen'"), "{said}");
        }
        let (all, one_day) = ((39 + 200 - events).to_string(), events.to_string());
        assert_eq!(remembered(&served), [[all.as_str(), "1"]], "{behaviors:?}");

        // A day more: its rows alone count, and nothing of what was rejected before.
        std::fs::rename(&aside, &day).unwrap();
        let _ = served.run(["load"]).succeeded();
        assert_eq!(remembered(&served), [[all.as_str(), "1"], [one_day.as_str(), "0"]], "{behaviors:?}");
        assert_eq!(served.sdk().value("select count(*) from staging_events"), "200");

        // All of it, twice: what is replaced does not count.
        for _ in 0..2 {
            let _ = served.run(["load", "--mode=replace"]).succeeded();
        }
        let loads = remembered(&served);
        assert_eq!(loads[..2], [["239", "1"], ["239", "1"]], "{behaviors:?}");
        let songs = served.sdk().value("select count(*) from staging_songs");
        assert_eq!((loads.len(), songs.as_str()), (4, "39"), "{behaviors:?}");
    }
}

/// How many ExecuteStatement calls a run made.
fn executed(calls: &[String]) -> usize {
    calls.iter().filter(|call| *call == "redshift-data:ExecuteStatement").count()
}

#[test]
fn the_session_of_a_load_is_closed_at_its_end_and_one_too_many_is_waited_out() {
    let served = Served::new(Project::with_sample(20, 60), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    let sessions = |served: &Served| {
        let sdk = served.sdk();
        sdk.block_on(sdk.data.list_sessions().send()).unwrap().sessions.len()
    };
    let _ = served.run(["load"]).succeeded();
    assert_eq!(sessions(&served), 0);
    let _ = served.run(["query", "create temporary table n (a int); select * from n"]).succeeded();
    assert_eq!(sessions(&served), 0);

    // The session begins with the first of the statements that a dry run shows last.
    let dry = served.run(["load", "--dry-run", "--output=json"]).succeeded().stdout;
    let planned = dry.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let planned = planned.into_iter().find(|line| line["event"] == "load_planned").unwrap();
    let of_session = planned["steps"].as_array().unwrap().last().unwrap()["writes"].as_array().unwrap().len();
    let all = executed(&served.calls_of(["load"]));
    served.faults.clear();
    let message = "The maximum number of active sessions is exceeded".to_owned();
    let refused = Fault::Fail { status: 400, code: "ActiveSessionsExceededException".into(), message };
    served.faults.at("redshift-data:ExecuteStatement", all - of_session + 1, refused);
    let _ = served.run(["load"]).succeeded();
    assert_eq!(executed(&served.faults.calls()), all + 1);

    // Also where a check refuses the load, and nothing of it stays.
    std::fs::write(served.project.path("sql/check/none.sql"), "-- Any song?\nselect song_id from songs;\n").unwrap();
    let _ = served.run(["load"]).failed(4, &["the check none failed"]);
    assert_eq!(sessions(&served), 0);
}
