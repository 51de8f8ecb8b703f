//! SQL in the manner of the projects that people have published for this warehouse, through the Data API, unmodified.

use crate::project::Project;

const ROLE: &str = "arn:aws:iam::000000000000:role/sparkify-infra/sparkify/sparkify-warehouse";

const CREATE: [&str; 7] = [
    "CREATE TABLE IF NOT EXISTS st_events (
        artist TEXT, auth VARCHAR, firstName VARCHAR(50), gender CHAR, itemInSession INT, lastName VARCHAR(50),
        length FLOAT, level VARCHAR(10), location VARCHAR(MAX), method VARCHAR(6), page VARCHAR(50) DISTKEY,
        registration BIGINT, sessionId INTEGER SORTKEY, song VARCHAR(MAX), status INT2, ts BIGINT, userAgent TEXT, userId INT
    );",
    "CREATE TABLE IF NOT EXISTS \"st_songs\" (
        num_songs int4, artist_id character varying(50), artist_latitude NUMERIC(9,5), artist_longitude NUMERIC(9,5),
        artist_location VARCHAR(500), artist_name VARCHAR(500), song_id VARCHAR(50), title VARCHAR(500),
        duration DOUBLE PRECISION, year SMALLINT
    )",
    "CREATE TABLE IF NOT EXISTS d_users (user_id INT NOT NULL PRIMARY KEY SORTKEY, first_name VARCHAR, last_name VARCHAR,
        gender VARCHAR(1) ENCODE bytedict, level VARCHAR NOT NULL) DISTSTYLE ALL;",
    "CREATE TABLE d_songs (song_id VARCHAR(50) PRIMARY KEY, title VARCHAR(500) NOT NULL, artist_id VARCHAR NOT NULL DISTKEY,
        year INT, duration NUMERIC(10,5)) COMPOUND SORTKEY (artist_id, year)",
    "CREATE TABLE d_artists (artist_id VARCHAR(50) NOT NULL, name VARCHAR(500), location VARCHAR(500), lattitude DECIMAL(9,5),
        longitude DECIMAL(9,5), CONSTRAINT artists_pk PRIMARY KEY (artist_id)) DISTSTYLE AUTO SORTKEY AUTO",
    "CREATE TABLE d_time (start_time TIMESTAMP WITHOUT TIME ZONE NOT NULL PRIMARY KEY, hour INT, day INT, week INT, month INT,
        year INT, weekday VARCHAR(10)) DISTSTYLE KEY DISTKEY (start_time)",
    "CREATE TABLE f_songplays (songplay_id INTEGER IDENTITY(0,1) PRIMARY KEY, start_time TIMESTAMP REFERENCES d_time(start_time),
        user_id INT NOT NULL REFERENCES d_users, level VARCHAR, song_id VARCHAR REFERENCES d_songs(song_id), artist_id VARCHAR,
        session_id INT, location VARCHAR, user_agent TEXT, FOREIGN KEY (artist_id) REFERENCES d_artists (artist_id))
        BACKUP NO INTERLEAVED SORTKEY (start_time, user_id)",
];

const INSERT: [&str; 5] = [
    "INSERT INTO f_songplays (start_time, user_id, level, song_id, artist_id, session_id, location, user_agent)
     SELECT DISTINCT TIMESTAMP 'epoch' + (e.ts / 1000) * INTERVAL '1 second' AS start_time, e.userId, e.level, s.song_id,
        s.artist_id, e.sessionId, e.location, e.userAgent
     FROM st_events AS e JOIN st_songs AS s ON (e.song = s.title AND e.artist = s.artist_name)
     WHERE e.page = 'NextSong'",
    "INSERT INTO d_users SELECT DISTINCT userId, firstName, lastName, gender, level FROM st_events
     WHERE page = 'NextSong' AND userId IS NOT NULL AND userId NOT IN (SELECT DISTINCT user_id FROM d_users)",
    "INSERT INTO d_songs SELECT DISTINCT song_id, title, artist_id, CASE WHEN year != 0 THEN year ELSE NULL END AS year, duration
     FROM st_songs WHERE song_id IS NOT NULL;",
    "INSERT INTO d_artists (artist_id, name, location, lattitude, longitude)
     SELECT DISTINCT artist_id, artist_name, NVL(artist_location, ''), artist_latitude, artist_longitude FROM st_songs",
    "INSERT INTO d_time SELECT DISTINCT start_time, EXTRACT(hr FROM start_time), EXTRACT(d FROM start_time),
        EXTRACT(w FROM start_time), EXTRACT(mon FROM start_time), EXTRACT(yr FROM start_time), DATE_PART(dow, start_time)::varchar
     FROM f_songplays",
];

#[test]
fn a_published_etl_runs_as_it_stands() {
    let project = Project::with_sample(400, 1200);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let sdk = project.cloud();
    // This ETL reads the songs where they lie: its role may read them, as these projects gave theirs S3ReadOnly.
    let attach = sdk.iam.attach_role_policy().role_name("sparkify-warehouse");
    sdk.block_on(attach.policy_arn("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess").send()).unwrap();
    for sql in CREATE {
        sdk.sql(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }
    for sql in [
        format!(
            "COPY st_events FROM 's3://udacity-dend/log_data' CREDENTIALS 'aws_iam_role={ROLE}' REGION 'us-west-2'
             FORMAT AS JSON 's3://udacity-dend/log_json_path.json' TRUNCATECOLUMNS BLANKSASNULL EMPTYASNULL COMPUPDATE OFF;"
        ),
        format!(
            "copy st_songs from 's3://udacity-dend/song_data' iam_role '{ROLE}' region 'us-west-2' json 'auto' compupdate off statupdate off maxerror 10"
        ),
    ] {
        sdk.sql(&sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }
    for sql in INSERT {
        sdk.sql(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }
    for (theirs, ours) in [
        ("select count(*) from st_events", "select count(*) from staging_events"),
        ("select count(*) from st_songs", "select count(*) from staging_songs"),
        ("SELECT COUNT(*) FROM d_songs", "select count(*) from songs"),
        ("SELECT COUNT(DISTINCT user_id) FROM d_users", "select count(*) from users"),
        ("SELECT COUNT(DISTINCT artist_id) FROM d_artists", "select count(*) from artists"),
        ("select count(*) from f_songplays", "select count(*) from songplays"),
    ] {
        assert_eq!(sdk.value(theirs), sdk.value(ours), "{theirs}");
    }
    let top = sdk.rows(
        "SELECT s.title, COUNT(*) AS plays FROM f_songplays sp JOIN d_songs s ON sp.song_id = s.song_id
         GROUP BY 1 ORDER BY plays DESC, 1 LIMIT 3",
    );
    assert_eq!(top.len(), 3);
    for sql in
        ["DROP TABLE IF EXISTS f_songplays", "drop table d_users, d_songs;", "DROP TABLE IF EXISTS never_there CASCADE"]
    {
        sdk.sql(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }
}

/// A warehouse with the sample loaded by ourselves, to compare with, and a role that may read the songs where they lie.
fn warehouse() -> (Project, crate::project::Sdk) {
    let project = Project::with_sample(300, 900);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let sdk = project.cloud();
    let attach = sdk.iam.attach_role_policy().role_name("sparkify-warehouse");
    sdk.block_on(attach.policy_arn("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess").send()).unwrap();
    (project, sdk)
}

fn all(sdk: &crate::project::Sdk, statements: &[String]) {
    for sql in statements {
        sdk.sql(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }
}

/// Schemas of one's own, everything a text first, names of the same SELECT used beside it, analyses at the end.
#[test]
fn schemas_texts_and_names_used_at_once() {
    let (_project, sdk) = warehouse();
    all(
        &sdk,
        &[
            "DROP SCHEMA IF EXISTS stage CASCADE;".into(),
            "CREATE SCHEMA IF NOT EXISTS stage AUTHORIZATION dwhadmin;".into(),
            "CREATE SCHEMA IF NOT EXISTS star".into(),
            "SET search_path TO stage, star".into(),
            "CREATE TABLE stage.events (artist VARCHAR, auth VARCHAR, \"firstName\" VARCHAR, gender VARCHAR, \"itemInSession\" VARCHAR,
                \"lastName\" VARCHAR, length VARCHAR, level VARCHAR, location VARCHAR, method VARCHAR, page VARCHAR,
                registration VARCHAR, \"sessionId\" VARCHAR, song VARCHAR, status VARCHAR, ts VARCHAR, \"userAgent\" VARCHAR,
                \"userId\" VARCHAR) BACKUP NO DISTSTYLE EVEN"
                .into(),
            "CREATE TABLE stage.songs (num_songs INT, artist_id TEXT, artist_latitude REAL, artist_longitude REAL, artist_location TEXT,
                artist_name TEXT, song_id TEXT, title TEXT, duration FLOAT4, \"year\" INT)"
                .into(),
            format!(
                "COPY stage.events FROM 's3://udacity-dend/log_data' IAM_ROLE '{ROLE}' REGION 'us-west-2'
                 FORMAT AS JSON's3://udacity-dend/log_json_path.json'"
            ),
            format!("COPY stage.songs FROM 's3://udacity-dend/song_data/' WITH CREDENTIALS 'aws_iam_role={ROLE}' JSON 'auto' REGION AS 'us-west-2' ACCEPTINVCHARS AS '^' STATUPDATE ON"),
            "CREATE TABLE star.play (id BIGINT GENERATED BY DEFAULT AS IDENTITY(1,1), started TIMESTAMP NOT NULL SORTKEY, user_id INT,
                level VARCHAR(4), song_id VARCHAR(18), artist_id VARCHAR(18), session INT, location VARCHAR, agent VARCHAR(1024))"
                .into(),
            "INSERT INTO star.play (started, user_id, level, song_id, artist_id, session, location, agent)
             SELECT TIMESTAMP 'epoch' + ts / 1000 * INTERVAL '1 second' AS started, \"userId\"::INT, level, s.song_id, s.artist_id,
                \"sessionId\"::INT, location, \"userAgent\"
             FROM stage.events e LEFT JOIN stage.songs s ON e.song = s.title AND e.artist = s.artist_name
             WHERE page = 'NextSong' AND started IS NOT NULL"
                .into(),
            "CREATE TABLE star.hours DISTSTYLE ALL SORTKEY (started) AS
             SELECT DISTINCT started, EXTRACT(hour FROM started) AS hour, EXTRACT(dayofweek FROM started) AS dow,
                TO_CHAR(started, 'FMDay') AS day_name, DATE_TRUNC('month', started) AS month, LAST_DAY(started) AS month_end FROM star.play"
                .into(),
        ],
    );
    assert_eq!(sdk.value("SELECT COUNT(*) FROM stage.events"), sdk.value("select count(*) from staging_events"));
    assert_eq!(sdk.value("SELECT COUNT(*) FROM stage.songs"), sdk.value("select count(*) from staging_songs"));
    assert_eq!(sdk.value("SELECT COUNT(song_id) FROM star.play"), sdk.value("select count(*) from songplays"));
    assert_eq!(
        sdk.value("SELECT COUNT(*) FROM (SELECT hour, COUNT(*) AS plays, RANK() OVER (ORDER BY COUNT(*) DESC) AS place FROM star.play p JOIN star.hours h ON p.started = h.started GROUP BY hour) WHERE place = 1"),
        "1"
    );
    let both = sdk.rows(
        "WITH by_level AS (SELECT level, COUNT(*) AS n FROM star.play GROUP BY 1)
         SELECT SUM(DECODE(level, 'free', n, 0)), SUM(CASE WHEN level = 'paid' THEN n ELSE 0 END), MAX(n) * 100.0 / SUM(n) > 0 FROM by_level",
    );
    assert_eq!(both[0][2], "true");
}

/// Times read by COPY, identities without a seed, rows told apart by ROW_NUMBER, and an upsert through a temporary table.
#[test]
fn times_by_copy_and_an_upsert_through_a_temporary_table() {
    let (_project, sdk) = warehouse();
    all(
        &sdk,
        &[
            "create table if not exists ev (artist varchar(500), auth varchar(20), firstname varchar(50), gender char(1), iteminsession int,
                lastname varchar(50), length decimal(10,5), level varchar(4), location varchar(500), method varchar(6), page varchar(20),
                registration varchar(50), sessionid int, song varchar(500), status int, ts datetime, useragent varchar(500), userid int)"
                .into(),
            "create table if not exists so (num_songs int, artist_id varchar(18), artist_latitude float8, artist_longitude float8,
                artist_location varchar(500), artist_name varchar(500), song_id varchar(18), title varchar(500), duration numeric, year smallint)"
                .into(),
            format!(
                "copy ev from 's3://udacity-dend/log_data' credentials 'aws_iam_role={ROLE}' compupdate off region 'us-west-2'
                 timeformat as 'epochmillisecs' truncatecolumns blanksasnull emptyasnull json 's3://udacity-dend/log_json_path.json';"
            ),
            format!("copy so from 's3://udacity-dend/song_data' credentials 'aws_iam_role={ROLE}' compupdate off region 'us-west-2' format as json 'auto';"),
            "create table us (user_id int primary key, first_name varchar, last_name varchar, gender varchar, level varchar) diststyle all".into(),
            "insert into us select userid, firstname, lastname, gender, level from (
                select *, row_number() over (partition by userid order by ts desc) as latest from ev where page = 'NextSong') where latest = 1"
                .into(),
            "create table fact (id int identity primary key, start_time timestamp, user_id int references us, song_id varchar(18))".into(),
            "insert into fact (start_time, user_id, song_id) select e.ts, e.userid, s.song_id from ev e, so s
                where e.song = s.title and e.artist = s.artist_name and e.page = 'NextSong'"
                .into(),
            "create temp table fresh (like us)".into(),
        ],
    );
    assert_eq!(sdk.value("select count(*) from us"), sdk.value("select count(*) from users"));
    assert_eq!(sdk.value("select count(*) from fact"), sdk.value("select count(*) from songplays"));
    assert_eq!(
        sdk.rows("select u.user_id, u.level from us u order by 1"),
        sdk.rows("select user_id, level from users order by user_id::int")
    );
    let batch = sdk.data.batch_execute_statement().cluster_identifier("sparkify").database("dwh").db_user("dwhadmin");
    let upsert = [
        "create temp table fresh (like us)",
        "insert into fresh select user_id, first_name, last_name, gender, 'gone' from us where user_id % 2 = 0",
        "delete from us using fresh where us.user_id = fresh.user_id",
        "insert into us select * from fresh",
        "drop table fresh",
    ];
    let id =
        sdk.block_on(batch.set_sqls(Some(upsert.map(str::to_owned).to_vec())).wait_time_seconds(30).send()).unwrap().id;
    let ended = sdk.block_on(sdk.data.describe_statement().id(id.unwrap()).wait_time_seconds(30).send()).unwrap();
    assert_eq!(ended.error, None);
    assert_eq!(
        sdk.value("select count(*) from us where (level = 'gone') = (user_id % 2 = 0)"),
        sdk.value("select count(*) from users")
    );
    assert_eq!(
        sdk.value("select datediff(day, min(start_time), max(start_time)) >= 0 and date_part(year, min(start_time)) >= 2018 from fact"),
        "true"
    );
}
