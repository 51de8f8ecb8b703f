-- One row: one song.
create table if not exists songs (
    song_id   varchar(32) not null sortkey,
    title     varchar(512) not null,
    artist_id varchar(32) not null,
    year      integer,
    duration  double precision,
    primary key (song_id),
    foreign key (artist_id) references artists (artist_id)
)
diststyle auto;
