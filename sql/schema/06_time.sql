-- One row: one moment at which a play started, taken apart. UTC.
create table if not exists time (
    start_time timestamp not null sortkey,
    hour       smallint not null,
    day        smallint not null,
    week       smallint not null,
    month      smallint not null,
    year       smallint not null,
    weekday    smallint not null,
    primary key (start_time)
)
diststyle auto;
