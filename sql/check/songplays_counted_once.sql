-- Which events became more than one play?
-- severity: error
select session_id, item_in_session, count(*) as plays
from songplays group by session_id, item_in_session having count(*) > 1;
