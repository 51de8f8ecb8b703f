-- One row: one record that COPY rejected from the staging table of this name. Built into the program.
create table if not exists :rejected (
    run         varchar(64)   not null,
    file        varchar(2048) not null,
    line        bigint        not null,
    column_name varchar(128),
    reason      varchar(1024) not null,
    record      super         not null
);
