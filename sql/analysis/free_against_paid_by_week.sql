-- How do plays by free and by paid users change from week to week?
-- bars: free, paid
select t.year, t.week,
       sum(case when p.level = 'free' then 1 else 0 end) as free,
       sum(case when p.level = 'paid' then 1 else 0 end) as paid,
       round(100.0 * sum(case when p.level = 'paid' then 1 else 0 end) / count(*), 1) as percent_paid
from songplays p
join time t on t.start_time = p.start_time
group by t.year, t.week
order by t.year, t.week;
