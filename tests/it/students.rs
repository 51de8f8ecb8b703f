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
