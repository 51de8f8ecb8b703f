-- Which levels of users and plays are neither free nor paid?
-- severity: error
select 'users' as "table", level, count(*) as "rows" from users where level not in ('free', 'paid') group by level
union all
select 'songplays', level, count(*) from songplays where level not in ('free', 'paid') group by level;
