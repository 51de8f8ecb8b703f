#!/usr/bin/env bash
# psql on the local Redshift: what people type, with TLS and without.
set -euo pipefail
command -v psql > /dev/null || { echo 'psql is not here'; echo 'psql: all as it should be'; exit 0; }
export PGPASSWORD=Passw0rd99 PGUSER=admin PGDATABASE=dev
# On a port that no other test asks for: at the end nobody else may have taken it.
aws redshift create-cluster --cluster-identifier psql --port 8213 --node-type ra3.large --cluster-type single-node --master-username admin \
    --master-user-password "$PGPASSWORD" --db-name dev > /dev/null
describe() { aws redshift describe-clusters --cluster-identifier psql --query "Clusters[0].$1" --output text; }
until [[ $(describe ClusterStatus) == available ]]; do :; done
PGHOST=$(describe Endpoint.Address) PGPORT=$(describe Endpoint.Port)
export PGHOST PGPORT
says() { # what is expected, what psql is told
    local wanted=$1
    shift
    local found
    found=$(psql --no-psqlrc --set ON_ERROR_STOP=1 "$@" 2>&1) || true
    [[ $found == *"$wanted"* ]] || { printf '%s\nis not in the answer to %s:\n%s\n' "$wanted" "$*" "$found"; exit 1; }
}
says 'CREATE TABLE' -c 'create table artists (artist_id varchar(20) primary key, name varchar(100) not null)'
says 'CREATE TABLE' -c 'create table songs (song_id int primary key, artist_id varchar(20) references artists, year smallint default 0)'
says 'INSERT 0 2' -c "insert into artists values ('A', 'one'), ('B', 'two')"
says '(2 rows)' -c 'select * from artists'
says 'artist_id | character varying(20)' -c '\d songs'
says '"songs_pkey" PRIMARY KEY, btree (song_id)' -c '\d songs'
says 'FOREIGN KEY (artist_id) REFERENCES artists(artist_id)' -c '\d songs'
says 'TABLE "songs" CONSTRAINT' -c '\d artists'
says 'public | songs   | table | admin' -c '\dt'
says 'Did not find any relations' -c '\dv'
says 'public | admin' -c '\dn'
says 'dev  | admin' -c '\l'
says 'List of functions' -c '\df'
says 'List of roles' -c '\du'
says 'relation "nowhere" does not exist' -c 'select * from nowhere'
says 'SSL connection (protocol: TLSv1.3' "sslmode=verify-full sslrootcert=$SPARKIFY_TEST_CA" -c '\conninfo'
says 'password authentication failed for user "admin"' 'password=wrong' -c 'select 1'
# What stands behind a statement that fails late does not run.
psql --no-psqlrc -q -c "create table fives as select 0 as n union all select 1 union all select 2 union all select 3 union all select 4" 2> /dev/null
psql --no-psqlrc -q -c "create table late as select '7'::varchar as v from fives a, fives b, fives c, fives d, fives e, fives f, fives g union all select 'x'" 2> /dev/null
says 'ERROR' -c 'select v::int from late; drop table late'
says '78126' -At -c 'select count(*) from late'
says 'CREATE PROCEDURE' -c "create procedure ask(n inout int) as \$\$ begin raise info 'asked %', n; n := n * 2; end \$\$ language plpgsql"
says 'INFO:  asked 21' -c 'call ask(21)'
says '42' -At -c 'call ask(21)'
says 'a|1' -At -c 'begin' -c "create temp table t as select 'a' as x, 1 as y" -c 'select * from t' -c 'rollback'
# Another cluster beside it, and another database in this one: each has its own tables.
aws redshift create-cluster --cluster-identifier psql-two --node-type ra3.large --cluster-type single-node --master-username admin \
    --master-user-password "$PGPASSWORD" --db-name dev > /dev/null
two() { aws redshift describe-clusters --cluster-identifier psql-two --query "Clusters[0].$1" --output text; }
until [[ $(two ClusterStatus) == available ]]; do :; done
second="host=$(two Endpoint.Address) port=$(two Endpoint.Port)"
says 'relation "songs" does not exist' "$second" -c 'select * from songs'
says 'CREATE DATABASE' -c 'create database other'
says 'CREATE DATABASE' -c 'create database passing'
says 'DROP DATABASE' -c 'drop database passing'
says 'relation "songs" does not exist' 'dbname=other' -c 'select * from songs'
# A user of one's own, by its password, in every database.
says 'CREATE USER' -c "create user bob password 'Abcd1234'"
says 'bob' -At "dbname=other user=bob password=Abcd1234" -c 'select current_user'
says 'password authentication failed for user "bob"' 'user=bob password=Abcd12345' -c 'select 1'
psql --no-psqlrc -q -c 'alter user bob password disable'
says 'password authentication failed for user "bob"' 'user=bob password=Abcd1234' -c 'select 1'
says 'database "nowhere" does not exist' 'dbname=nowhere' -c 'select 1'
aws redshift delete-cluster --cluster-identifier psql-two --skip-final-cluster-snapshot > /dev/null
aws redshift delete-cluster --cluster-identifier psql --skip-final-cluster-snapshot > /dev/null
until ! describe ClusterStatus 2> /dev/null; do :; done
says 'failed: Connection refused' -c 'select 1'
echo 'psql: all as it should be'
