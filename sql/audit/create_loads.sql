-- One row: one load that was committed, in the transaction that it tells of. Built into the program.
create table if not exists sparkify_infra_loads (
    run         varchar(64)    not null,
    started     timestamp      not null,
    seconds     double precision not null,
    mode        varchar(16)    not null,
    version     varchar(32)    not null,
    fingerprint varchar(1024)  not null,
    staged      bigint         not null,
    rejected    bigint         not null,
    report      varchar(65535) not null
);
