-- Which keys of songs stand more than once or are missing? Redshift enforces no primary key.
-- severity: error
select song_id, count(*) as "rows" from songs group by song_id having count(*) > 1 or song_id is null;
