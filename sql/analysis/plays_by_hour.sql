-- At what hour of the day is music played? UTC.
select t.hour, count(*) as plays
from songplays p
join time t on t.start_time = p.start_time
group by t.hour
order by t.hour;
