-- What the ETL finds: tables that somebody made before it.
create table staging_plays (
    at      timestamp,
    person  varchar(100),
    song    varchar(200),
    seconds decimal(8, 3)
);

create table daily_plays (
    day     date          not null sortkey,
    song    varchar(200)  not null distkey,
    plays   integer       not null,
    minutes decimal(12, 2) not null,
    primary key (day, song)
);
