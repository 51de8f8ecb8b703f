-- Which keys of songplays stand more than once or are missing? Redshift enforces no primary key.
-- severity: error
select songplay_id, count(*) as "rows" from songplays group by songplay_id having count(*) > 1 or songplay_id is null;
