-- Which users changed between free and paid, when, and to what?
select user_id, first_name, last_name, before, level as after, ts as at
from (
    select user_id, first_name, last_name, level, ts,
           lag(level) over (partition by user_id order by ts, item_in_session) as before
    from staging_events
    where user_id <> ''
) as events
where before <> level
order by ts, user_id;
