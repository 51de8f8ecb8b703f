-- One row: one song file, as it was written. The columns bear the names of its keys.
create table if not exists staging_songs (
    artist_id        varchar(32),
    artist_latitude  double precision,
    artist_location  varchar(512),
    artist_longitude double precision,
    artist_name      varchar(512),
    duration         double precision,
    num_songs        integer,
    song_id          varchar(32),
    title            varchar(512),
    year             integer
)
diststyle even;
