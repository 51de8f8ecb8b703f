-- Which keys of time stand more than once or are missing? Redshift enforces no primary key.
-- severity: error
select start_time, count(*) as "rows" from time group by start_time having count(*) > 1 or start_time is null;
