-- One row: one artist. Of several spellings and places the one that most songs bear.
create table if not exists artists (
    artist_id varchar(32) not null sortkey,
    name      varchar(512) not null,
    location  varchar(512),
    latitude  double precision,
    longitude double precision,
    primary key (artist_id)
)
diststyle auto;
