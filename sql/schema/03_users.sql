-- One row: one user who played a song, with the level that was last seen.
create table if not exists users (
    user_id    varchar(16) not null sortkey,
    first_name varchar(64),
    last_name  varchar(64),
    gender     char(1),
    level      varchar(8) not null,
    primary key (user_id)
)
diststyle all;
