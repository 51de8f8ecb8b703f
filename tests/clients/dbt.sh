#!/usr/bin/env bash
# dbt on the local Redshift: a seed, a view, an incremental model, a snapshot and tests, built twice.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/dbt_project/." "$work"
cd "$work"
export WAREHOUSE_PASSWORD=Passw0rd99 DBT_PROFILES_DIR=. HOME=$work
aws redshift create-cluster --cluster-identifier dbt-dwh --node-type ra3.large --cluster-type single-node --master-username admin \
    --master-user-password "$WAREHOUSE_PASSWORD" --db-name dev > /dev/null
describe() { aws redshift describe-clusters --cluster-identifier dbt-dwh --query "Clusters[0].$1" --output text; }
until [[ $(describe ClusterStatus) == available ]]; do :; done
WAREHOUSE_HOST=$(describe Endpoint.Address) WAREHOUSE_PORT=$(describe Endpoint.Port)
export WAREHOUSE_HOST WAREHOUSE_PORT
"$SPARKIFY_TEST_DBT" --quiet build
"$SPARKIFY_TEST_DBT" --quiet build --vars '{round: 2}'
"$SPARKIFY_TEST_DBT" --quiet show --inline "select listagg(user_id || ':' || round, ' ') within group (order by user_id) as found from {{ ref('listeners') }}" | tee shown
grep -q '10:1 11:2 12:2' shown
"$SPARKIFY_TEST_DBT" --quiet show --inline "select 'versions=' || count(*) as found from {{ ref('levels') }}" | grep 'versions=5'
aws redshift delete-cluster --cluster-identifier dbt-dwh --skip-final-cluster-snapshot > /dev/null
echo 'dbt: all as it should be'
