import configparser

config = configparser.ConfigParser()
config.read('dwh.cfg')

tables = {
    'staging_events': '''(event_id INT IDENTITY(0,1), artist VARCHAR(255), auth VARCHAR(50), user_first_name VARCHAR(255), user_gender VARCHAR(1),
        item_in_session INTEGER, user_last_name VARCHAR(255), song_length DOUBLE PRECISION, user_level VARCHAR(50), location VARCHAR(255),
        method VARCHAR(25), page VARCHAR(35), registration VARCHAR(50), session_id BIGINT, song VARCHAR(255), status INTEGER, ts VARCHAR(50),
        user_agent TEXT, user_id VARCHAR(100), PRIMARY KEY (event_id))''',
    'staging_songs': '''(song_id VARCHAR(100), num_songs INTEGER, artist_id VARCHAR(100), artist_latitude DOUBLE PRECISION,
        artist_longitude DOUBLE PRECISION, artist_location VARCHAR(255), artist_name VARCHAR(255), title VARCHAR(255), duration DOUBLE PRECISION,
        year INTEGER, PRIMARY KEY (song_id))''',
    'users': '(user_id VARCHAR, first_name VARCHAR(255), last_name VARCHAR(255), gender VARCHAR(1), level VARCHAR(50), PRIMARY KEY (user_id))',
    'songs': '''(song_id VARCHAR(100), title VARCHAR(255), artist_id VARCHAR(100) NOT NULL, year INTEGER, duration DOUBLE PRECISION,
        PRIMARY KEY (song_id))''',
    'artists': '''(artist_id VARCHAR(100), name VARCHAR(255), location VARCHAR(255), latitude DOUBLE PRECISION, longitude DOUBLE PRECISION,
        PRIMARY KEY (artist_id))''',
    'time': '(start_time TIMESTAMP, hour INTEGER, day INTEGER, week INTEGER, month INTEGER, year INTEGER, weekday INTEGER, PRIMARY KEY (start_time))',
    'songplays': '''(songplay_id INT IDENTITY(0,1), start_time TIMESTAMP REFERENCES time(start_time), user_id VARCHAR(50) REFERENCES users(user_id),
        level VARCHAR(50), song_id VARCHAR(100) REFERENCES songs(song_id), artist_id VARCHAR(100) REFERENCES artists(artist_id), session_id BIGINT,
        location VARCHAR(255), user_agent TEXT, PRIMARY KEY (songplay_id))''',
}

events = '''(artist, auth, user_first_name, user_gender, item_in_session, user_last_name, song_length, user_level, location, method, page,
    registration, session_id, song, status, ts, user_agent, user_id)'''
copies = [
    "copy staging_events {} from {} iam_role {} json {} region 'us-west-2'".format(
        events, config['S3']['LOG_DATA'], config['IAM_ROLE']['ARN'], config['S3']['LOG_JSONPATH']),
    "copy staging_songs from {} iam_role {} json 'auto' region 'us-west-2' ACCEPTINVCHARS".format(config['S3']['SONG_DATA'], config['IAM_ROLE']['ARN']),
]

inserts = {
    'songplays': '''INSERT INTO songplays (start_time, user_id, level, song_id, artist_id, session_id, location, user_agent)
        SELECT DISTINCT TO_TIMESTAMP(TO_CHAR(DATEADD(second, ev.ts::bigint/1000, '1970-01-01'), 'YYYY-MM-DD HH24:MI:SS'), 'YYYY-MM-DD HH24:MI:SS') AS start_time,
            ev.user_id, ev.user_level, so.song_id, so.artist_id, ev.session_id, ev.location, ev.user_agent
        FROM staging_events ev, staging_songs so
        WHERE ev.page = 'NextSong' AND ev.song = so.title AND ev.artist = so.artist_name''',
    'users': '''INSERT INTO users (user_id, first_name, last_name, gender, level)
        SELECT DISTINCT user_id, user_first_name, user_last_name, user_gender, user_level FROM staging_events
        WHERE page = 'NextSong' AND user_id NOT IN (SELECT DISTINCT user_id FROM users)''',
    'songs': '''INSERT INTO songs (song_id, title, artist_id, year, duration)
        SELECT DISTINCT song_id, title, artist_id, year, duration FROM staging_songs WHERE song_id NOT IN (SELECT DISTINCT song_id FROM songs)''',
    'artists': '''INSERT INTO artists (artist_id, name, location, latitude, longitude)
        SELECT DISTINCT artist_id, artist_name, artist_location, artist_latitude, artist_longitude FROM staging_songs
        WHERE artist_id NOT IN (SELECT DISTINCT artist_id FROM artists)''',
    'time': '''INSERT INTO time (start_time, hour, day, week, month, year, weekday)
        SELECT start_time, EXTRACT(hr FROM start_time) AS hour, EXTRACT(d FROM start_time) AS day, EXTRACT(w FROM start_time) AS week,
            EXTRACT(mon FROM start_time) AS month, EXTRACT(yr FROM start_time) AS year, EXTRACT(weekday FROM start_time) AS weekday
        FROM (SELECT DISTINCT start_time FROM songplays)''',
}
