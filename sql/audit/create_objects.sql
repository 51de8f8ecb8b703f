-- One row: one object whose records are in the staging table of this name. Built into the program.
create table if not exists :objects (
    key  varchar(1024) not null,
    etag varchar(128)  not null,
    size bigint        not null,
    run  varchar(64)   not null
);
