-- On which days of the week is music played? 0 is Sunday.
select t.weekday, count(*) as plays, count(distinct p.user_id) as users
from songplays p
join time t on t.start_time = p.start_time
group by t.weekday
order by t.weekday;
