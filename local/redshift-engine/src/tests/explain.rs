//! EXPLAIN: the plans of the pages, over tables of as many rows as theirs.

use super::Warehouse;
use crate::Slices;

/// The tables of the sample database (c_sampledb), with texts as long as they are there on average.
const TICKIT: [(&str, &str, u32); 8] = [
    ("venue (venueid smallint not null distkey sortkey, venuename varchar(20), venueseats integer)", "i, i, i", 202),
    (
        "category (catid smallint not null distkey sortkey, catgroup varchar(10), catname varchar(10), catdesc varchar(27))",
        "i, i, i, i",
        11,
    ),
    (
        "event (eventid integer not null distkey, venueid smallint, catid smallint, dateid smallint sortkey, \
         eventname varchar(17), starttime timestamp)",
        "i, i % 200 + 1, i % 9 + 1, i % 365, 'event ' || (i % 576), TIMESTAMP '2008-01-01'",
        8798,
    ),
    (
        "listing (listid integer not null distkey, sellerid integer, eventid integer) sortkey (listid)",
        "i, i % 50000, i % 8798 + 1",
        192_497,
    ),
    (
        "sales (salesid integer not null, listid integer not null distkey sortkey, buyerid integer, eventid integer, \
         qtysold smallint, pricepaid decimal(8,2))",
        "i, i, i % 49990 + 1, i % 8798 + 1, 2, i % 1000",
        172_456,
    ),
    ("users (userid integer not null distkey sortkey, lastname varchar(30))", "i, i", 49_990),
    ("everywhere (id integer, name varchar(10)) diststyle all", "i, i", 100),
    ("spread (id integer, eventid integer) diststyle even", "i, i", 100_000),
];

fn tickit() -> Warehouse {
    let mut w = Warehouse::new();
    for (table, values, rows) in TICKIT {
        w.does(&format!("create table {table}"));
        let name = table.split(' ').next().unwrap_or_default();
        let insert = format!("INSERT INTO {name} SELECT {values} FROM range(1, {rows} + 1) AS numbers (i)");
        w.session.connection.execute_batch(&insert).expect("rows");
    }
    w
}

/// The lines of a plan.
fn plan(w: &mut Warehouse, sql: &str) -> Vec<String> {
    w.rows(&format!("explain {sql}"))
}

/// The lines without their estimates.
fn shape(w: &mut Warehouse, sql: &str) -> String {
    let bare = |line: String| line.split("  (cost=").next().unwrap_or_default().to_owned();
    plan(w, sql).into_iter().map(bare).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn shows(w: &mut Warehouse, sql: &str, expected: &str) {
    let expected: Vec<&str> = expected.trim_matches('\n').lines().collect();
    let indent = expected.first().map_or(0, |line| line.len() - line.trim_start().len());
    let expected: Vec<&str> = expected.iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
    assert_eq!(shape(w, sql), expected.join("\n").trim_end(), "{sql}");
}

#[test]
fn joins_of_the_page_about_plans() {
    let mut w = tickit();
    // c-the-query-plan
    shows(
        &mut w,
        "select eventname, count(*) from event group by eventname",
        "
        XN HashAggregate
          ->  XN Seq Scan on event",
    );
    shows(
        &mut w,
        "select stddev(eventid), variance(eventid) from event",
        "
        XN Aggregate
          ->  XN Seq Scan on event",
    );
    shows(
        &mut w,
        "select * from category, event where category.catid=event.catid",
        "
        XN Hash Join DS_BCAST_INNER
          Hash Cond: (\"outer\".catid = \"inner\".catid)
          ->  XN Seq Scan on event
          ->  XN Hash
                ->  XN Seq Scan on category",
    );
    shows(
        &mut w,
        "select * from sales, listing where sales.listid = listing.listid",
        "
        XN Merge Join DS_DIST_NONE
          Merge Cond: (\"outer\".listid = \"inner\".listid)
          ->  XN Seq Scan on listing
          ->  XN Seq Scan on sales",
    );
    shows(
        &mut w,
        "select * from sales, listing, event where sales.listid = listing.listid and sales.eventid = event.eventid",
        "
        XN Hash Join DS_BCAST_INNER
          Hash Cond: (\"outer\".eventid = \"inner\".eventid)
          ->  XN Merge Join DS_DIST_NONE
                Merge Cond: (\"outer\".listid = \"inner\".listid)
                ->  XN Seq Scan on listing
                ->  XN Seq Scan on sales
          ->  XN Hash
                ->  XN Seq Scan on event",
    );
    shows(
        &mut w,
        "select eventname, sum(pricepaid) from sales, event where sales.eventid=event.eventid group by eventname order by 2 desc",
        "
        XN Merge
          Merge Key: sum(sales.pricepaid)
          ->  XN Network
                Send to leader
                ->  XN Sort
                      Sort Key: sum(sales.pricepaid)
                      ->  XN HashAggregate
                            ->  XN Hash Join DS_BCAST_INNER
                                  Hash Cond: (\"outer\".eventid = \"inner\".eventid)
                                  ->  XN Seq Scan on sales
                                  ->  XN Hash
                                        ->  XN Seq Scan on event",
    );
}

#[test]
fn joins_by_the_distribution() {
    let mut w = tickit();
    // As many as the costs on the page of EXPLAIN need.
    w.access.place.slices = Slices { nodes: 12, per_node: 4 };
    let mut starts = |sql: &str, first: &str| {
        let shape = shape(&mut w, sql);
        assert_eq!(shape.lines().next().unwrap_or_default(), first, "{sql}\n{shape}");
    };
    // c_data_redistribution
    starts("select 1 from sales, everywhere e where sales.salesid = e.id", "XN Hash Join DS_DIST_ALL_NONE");
    starts("select 1 from spread s, sales where s.eventid = sales.salesid", "XN Hash Join DS_DIST_BOTH");
    starts("select 1 from listing, users where listing.sellerid = users.userid", "XN Hash Join DS_DIST_OUTER");
    starts("select 1 from users, spread s where s.eventid = users.userid", "XN Hash Join DS_DIST_OUTER");
    starts("select 1 from listing, spread s where s.eventid = listing.listid", "XN Hash Join DS_DIST_INNER");
    starts("select 1 from everywhere e left join category c on e.id = c.catid", "XN Hash Left Join DS_DIST_ALL_INNER");
    starts("select 1 from category a, category b", "XN Nested Loop DS_BCAST_INNER");
    starts("select 1 from listing l left join sales s using (listid)", "XN Merge Left Join DS_DIST_NONE");
    starts("select 1 from listing l full join sales s using (listid)", "XN Hash Full Join DS_DIST_NONE");
    starts("select 1 from venue v left join spread s on s.id = v.venueseats", "XN Hash Right Join DS_DIST_BOTH");
    // r_EXPLAIN
    starts(
        "select eventid, eventname, event.venueid, venuename from event, venue where event.venueid = venue.venueid",
        "XN Hash Join DS_DIST_OUTER",
    );
}

#[test]
fn costs_add_up_as_on_the_pages() {
    let mut w = tickit();
    let scan = "XN Seq Scan on event  (cost=0.00..87.98 rows=8798 width=35)";
    assert_eq!(plan(&mut w, "select * from event"), [scan]);
    let join = plan(&mut w, "select * from category, event where category.catid=event.catid");
    let expected = [
        "XN Hash Join DS_BCAST_INNER  (cost=0.14..6600286.07 rows=8798 width=84)",
        "  Hash Cond: (\"outer\".catid = \"inner\".catid)",
        &format!("  ->  {scan}"),
        "  ->  XN Hash  (cost=0.11..0.11 rows=11 width=49)",
        "        ->  XN Seq Scan on category  (cost=0.00..0.11 rows=11 width=49)",
    ];
    assert_eq!(join, expected);
}

#[test]
fn verbose_has_the_steps_as_a_tree_before_them() {
    let mut w = tickit();
    let expected = [
        "{ SEQSCAN",
        ":startup_cost 0.00",
        ":total_cost 0.11",
        ":plan_rows 11",
        ":plan_width 2",
        "}",
        "",
        "XN Seq Scan on category  (cost=0.00..0.11 rows=11 width=2)",
    ];
    assert_eq!(plan(&mut w, "verbose select catid from category"), expected);
}

#[test]
fn steps_of_a_select() {
    let mut w = tickit();
    shows(
        &mut w,
        "select top 5 catname from category where catid between 2 and 5 and catname like 'a%' order by catname",
        "
        XN Limit
          ->  XN Merge
                Merge Key: catname
                ->  XN Network
                      Send to leader
                      ->  XN Sort
                            Sort Key: catname
                            ->  XN Seq Scan on category
                                  Filter: (((catid <= 5) AND (catid >= 2)) AND ((catname)::text ~~ 'a%'::text))",
    );
    shows(
        &mut w,
        "select distinct catid from event e where eventid in (1, 2) and starttime > '2008-02-01' and eventname is not null",
        "
        XN Unique
          ->  XN Seq Scan on event e
                Filter: (((eventid = 1) OR (eventid = 2)) AND (starttime > '2008-02-01'::timestamp without time zone) AND (eventname IS NOT NULL))",
    );
    shows(&mut w, "select count(*) from sales", "XN Aggregate\n  ->  XN Seq Scan on sales");
    shows(
        &mut w,
        "select listid, max(pricepaid) from sales group by 1 having sum(pricepaid) > 9999.00",
        "
        XN GroupAggregate
          Filter: (sum(pricepaid) > 9999.00)
          ->  XN Seq Scan on sales",
    );
    shows(
        &mut w,
        "select eventid, count(distinct buyerid) from sales group by eventid",
        "
        XN HashAggregate
          ->  XN Subquery Scan volt_dt_0
                ->  XN HashAggregate
                      ->  XN Seq Scan on sales",
    );
    shows(
        &mut w,
        "select rank() over (partition by catid order by eventid) from event",
        "
        XN Window
          Partition: catid
          Order: eventid
          ->  XN Sort
                Sort Key: catid, eventid
                ->  XN Network
                      Distribute
                      ->  XN Seq Scan on event",
    );
    shows(&mut w, "select 1", "XN Result");
    shows(
        &mut w,
        "select eventid from event union all select venueid from venue",
        "
        XN Append
          ->  XN Subquery Scan \"*SELECT* 1\"
                ->  XN Seq Scan on event
          ->  XN Subquery Scan \"*SELECT* 2\"
                ->  XN Seq Scan on venue",
    );
    shows(
        &mut w,
        "select catid from event intersect select catid from category",
        "
        XN Hash Intersect Distinct DS_DIST_NONE
          Hash Cond: (\"outer\".catid = \"inner\".catid)
          Join Filter: ((\"outer\".catid = \"inner\".catid) OR ((\"inner\".catid IS NULL) AND (\"outer\".catid IS NULL)))
          ->  XN Network
                Distribute
                ->  XN Subquery Scan \"*SELECT* 1\"
                      ->  XN Seq Scan on event
          ->  XN Hash
                ->  XN Subquery Scan \"*SELECT* 2\"
                      ->  XN Seq Scan on category",
    );
    shows(
        &mut w,
        "select catid from event minus select catid from category",
        "
        XN SetOp Except
          ->  XN Sort
                Sort Key: catid
                ->  XN Append
                      ->  XN Subquery Scan \"*SELECT* 1\"
                            ->  XN Seq Scan on event
                      ->  XN Subquery Scan \"*SELECT* 2\"
                            ->  XN Seq Scan on category",
    );
}

#[test]
fn queries_in_queries() {
    let mut w = tickit();
    shows(
        &mut w,
        "with best as (select eventid, sum(pricepaid) total from sales group by eventid) \
         select e.eventname from event e join best b on b.eventid = e.eventid where b.total > 10",
        "
        XN Hash Join DS_DIST_NONE
          Hash Cond: (\"outer\".eventid = \"inner\".eventid)
          ->  XN Seq Scan on event e
          ->  XN Hash
                ->  XN Subquery Scan b
                      Filter: (total > 10)
                      ->  XN HashAggregate
                            ->  XN Seq Scan on sales",
    );
    shows(
        &mut w,
        "select eventid from event where catid in (select catid from category where catname = 'MLB')",
        "
        XN Hash IN Join DS_BCAST_INNER
          Hash Cond: (\"outer\".catid = \"inner\".catid)
          ->  XN Seq Scan on event
          ->  XN Hash
                ->  XN Seq Scan on category
                      Filter: ((catname)::text = 'MLB'::text)",
    );
    shows(
        &mut w,
        "select eventid from event e where not exists (select 1 from sales s where s.eventid = e.eventid and qtysold > 1)",
        "
        XN Hash NOT IN Join DS_DIST_INNER
          Inner Dist Key: s.eventid
          Hash Cond: (\"outer\".eventid = \"inner\".eventid)
          ->  XN Seq Scan on event e
          ->  XN Hash
                ->  XN Seq Scan on sales s
                      Filter: (qtysold > 1)",
    );
    shows(
        &mut w,
        "select eventid from event where eventid = (select max(eventid) from sales)",
        "
        XN Seq Scan on event
          Filter: (eventid = $0)
          InitPlan
            ->  XN Aggregate
                  ->  XN Seq Scan on sales",
    );
    w.does("create view cheap as select eventid as id, pricepaid from sales where pricepaid < 10");
    shows(
        &mut w,
        "select id from cheap where id > 5",
        "XN Seq Scan on sales\n  Filter: ((pricepaid < 10) AND (eventid > 5))",
    );
}

#[test]
fn changes_and_what_the_leader_node_does() {
    let mut w = tickit();
    shows(
        &mut w,
        "create table venue_nonulls as select * from venue where venueseats is not null",
        "XN Seq Scan on venue\n  Filter: (venueseats IS NOT NULL)",
    );
    shows(&mut w, "insert into category values (1, 'a')", "XN Result");
    shows(&mut w, "insert into users values (1, 'a'), (2, 'b')", "XN Multi Scan");
    shows(&mut w, "insert into category select * from category", "XN Seq Scan on category");
    shows(
        &mut w,
        "update category set catname = 'x' where catid = 3",
        "XN Seq Scan on category\n  Filter: (catid = 3)",
    );
    shows(
        &mut w,
        "delete event using category where category.catid = event.catid",
        "
        XN Hash Join DS_BCAST_INNER
          Hash Cond: (\"outer\".catid = \"inner\".catid)
          ->  XN Seq Scan on event
          ->  XN Hash
                ->  XN Seq Scan on category",
    );
    assert_eq!(w.rows("select count(*) from category"), ["11"], "nothing has been changed");
    shows(
        &mut w,
        "select relname from pg_class where relname = 'x' order by 1",
        "
        Sort
          Sort Key: relname
          ->  Seq Scan on pg_class
                Filter: ((relname)::text = 'x'::text)",
    );
    assert_eq!(w.refuses("explain create table t (a int)"), "0A000");
    assert_eq!(w.refuses("explain select * from nowhere"), "42P01");
}
