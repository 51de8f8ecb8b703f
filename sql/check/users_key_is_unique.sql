-- Which keys of users stand more than once or are missing? Redshift enforces no primary key.
-- severity: error
select user_id, count(*) as "rows" from users group by user_id having count(*) > 1 or user_id is null;
