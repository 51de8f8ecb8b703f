-- What became of the moments: every play's start is one row, plays that start together share it.
select 'in' as side, 'plays' as what, count(*) as "rows" from songplays
union all
select 'kept', 'moments', count(*) from time
union all
select 'left out', 'starts together with another play', coalesce(sum(n - 1), 0)
from (select start_time, count(*) as n from songplays group by start_time) as starts
where n > 1;
