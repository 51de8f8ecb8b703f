{% snapshot levels %}
{{ config(target_schema='plays', unique_key='user_id', strategy='check', check_cols=['round']) }}
select user_id, plays, round from {{ ref('listeners') }}
{% endsnapshot %}
