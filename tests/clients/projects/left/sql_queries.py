"""Schemas of their own, epochmillisecs by COPY, a left join, users by their last event."""
import configparser

config = configparser.ConfigParser()
config.read("dwh.cfg")
ARN = config.get("DWH", "role_arn")
LOG_DATA, LOG_PATH, SONG_DATA = (config.get("S3", name) for name in ("log_data", "log_jsonpath", "song_data"))

set_up = ["create schema if not exists stage;", "create schema if not exists mart;"]

create = ["""
drop table if exists stage.events cascade;
create table stage.events (
  "artist" varchar(300), "auth" varchar(20), "firstname" varchar(50), "gender" varchar(1), "iteminsession" smallint, "lastname" varchar(50),
  "length" numeric(12,5), "level" varchar(4), "location" varchar(200), "method" varchar(3), "page" varchar(20) not null, "registration" numeric(18,1),
  "sessionid" int, "song" varchar(300), "status" smallint, "ts" timestamp not null sortkey, "useragent" varchar(300), "userid" varchar(10)
) diststyle even;
""", """
drop table if exists stage.songs cascade;
create table stage.songs (
  num_songs int2, artist_id varchar(18) distkey, artist_latitude numeric(9,5), artist_longitude numeric(9,5), artist_location varchar(300),
  artist_name varchar(300), song_id varchar(18), title varchar(300), duration numeric(12,5), year int2
);
""", """
drop table if exists mart.songplays;
create table mart.songplays (
  id bigint identity(1, 1), started timestamp encode az64, userid int, level varchar(4) encode lzo, song_id varchar(18), artist_id varchar(18),
  sessionid int, location varchar(200), useragent varchar(300), primary key (id)
) distkey (song_id) compound sortkey (started, userid);
""", """
drop table if exists mart.users;
create table mart.users (userid int primary key, name varchar(101), gender varchar(1), level varchar(4)) diststyle all sortkey (userid);
""", """
drop table if exists mart.times;
create table mart.times (started timestamp primary key sortkey, hour int, weekday int, is_weekend boolean) diststyle all;
"""]

copy = [
    f"copy stage.events from '{LOG_DATA}' iam_role '{ARN}' json '{LOG_PATH}' timeformat 'epochmillisecs' region 'us-west-2' compupdate off statupdate off;",
    f"copy stage.songs from '{SONG_DATA}' iam_role '{ARN}' json 'auto' region 'us-west-2' truncatecolumns blanksasnull emptyasnull;",
]

insert = ["""
insert into mart.songplays (started, userid, level, song_id, artist_id, sessionid, location, useragent)
select e.ts, e.userid::int, e.level, s.song_id, s.artist_id, e.sessionid, e.location, e.useragent
from stage.events e
left join stage.songs s on e.song = s.title and e.artist = s.artist_name and abs(e.length - s.duration) < 2
where e.page = 'NextSong';
""", """
insert into mart.users
with ranked as (
  select cast(userid as integer) as userid, firstname || ' ' || lastname as name, gender, level,
         row_number() over (partition by userid order by ts desc) as newest
  from stage.events where nullif(userid, '') is not null
)
select userid, name, gender, level from ranked where newest = 1;
""", """
insert into mart.times
select distinct ts, date_part(hour, ts), date_part(dow, ts), case when date_part(dow, ts) in (0, 6) then true else false end
from stage.events where page = 'NextSong';
""", "analyze mart.songplays;", "vacuum;"]
