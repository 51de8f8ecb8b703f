-- Which plays start outside the time that the log covers?
-- severity: error
select songplay_id, start_time from songplays
where start_time < (select min(ts) from staging_events) or start_time > (select max(ts) from staging_events);
