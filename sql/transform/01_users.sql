-- One row: one user who played a song. Someone who was free and paid has the level of the latest play.
-- key: user_id
insert into users (user_id, first_name, last_name, gender, level)
select user_id, first_name, last_name, gender, level
from (
    select user_id, first_name, last_name, gender, level,
           row_number() over (partition by user_id order by ts desc, item_in_session desc, level) as newest
    from staging_events
    where page = 'NextSong' and user_id <> ''
) as plays
where newest = 1;
