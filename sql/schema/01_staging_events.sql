-- One row: one line of the event log, as the application wrote it.
create table if not exists staging_events (
    artist          varchar(256),
    auth            varchar(16),
    first_name      varchar(64),
    gender          char(1),
    item_in_session integer,
    last_name       varchar(64),
    length          double precision,
    level           varchar(8),
    location        varchar(256),
    method          varchar(8),
    page            varchar(32),
    registration    double precision,
    session_id      integer,
    song            varchar(256),
    status          smallint,
    ts              timestamp,
    user_agent      varchar(512),
    user_id         varchar(16)
)
diststyle even;
