{{ config(materialized='view') }}
select id::int as id, user_id::int as user_id, level::varchar(4) as level, played_at::timestamp as played_at, length::decimal(8, 2) as length
from {{ ref('events') }}
