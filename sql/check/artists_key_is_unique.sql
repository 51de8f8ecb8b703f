-- Which keys of artists stand more than once or are missing? Redshift enforces no primary key.
-- severity: error
select artist_id, count(*) as "rows" from artists group by artist_id having count(*) > 1 or artist_id is null;
