{{ config(materialized='incremental', unique_key='user_id', incremental_strategy='merge', dist='user_id', sort=['last_at']) }}
select user_id, max(played_at) as last_at, count(*) as plays, {{ var('round') }} as round
from {{ ref('played') }}
{% if is_incremental() %} where user_id > 10 {% endif %}
group by 1
