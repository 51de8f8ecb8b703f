-- One row: one play of a song that the song data knows, by title and artist.
create table if not exists songplays (
    songplay_id bigint identity(0, 1) not null,
    start_time  timestamp not null,
    user_id     varchar(16) not null,
    level       varchar(8) not null,
    song_id     varchar(32) not null,
    artist_id   varchar(32) not null,
    session_id  integer not null,
    item_in_session integer not null,
    location    varchar(256),
    user_agent  varchar(512),
    primary key (songplay_id),
    foreign key (start_time) references time (start_time),
    foreign key (user_id) references users (user_id),
    foreign key (song_id) references songs (song_id),
    foreign key (artist_id) references artists (artist_id)
)
diststyle even
sortkey (start_time);
