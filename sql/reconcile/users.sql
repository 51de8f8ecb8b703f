-- What became of the variants of users: each is the one row of its user, or was folded into it.
select 'in' as side, 'distinct users in the events' as what, count(*) as "rows"
from (select distinct user_id, first_name, last_name, gender, level from staging_events where page = 'NextSong' and user_id <> '') as variants
union all
select 'kept', 'users', count(*) from users
union all
select 'left out', 'folded into the row of the same user', coalesce(sum(n - 1), 0)
from (
    select user_id, count(*) as n
    from (select distinct user_id, first_name, last_name, gender, level from staging_events where page = 'NextSong' and user_id <> '') as variants
    group by user_id
) as users_with_variants
where n > 1;
