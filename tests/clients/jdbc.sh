#!/usr/bin/env bash
# A JDBC client: PostgreSQL's driver, of Debian's libpostgresql-jdbc-java.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
driver=/usr/share/java/postgresql.jar
if [[ ! -e $driver ]] || ! command -v java > /dev/null; then
    echo 'JDBC is not here: all as it should be'
    exit 0
fi
aws redshift create-cluster --cluster-identifier jdbc --node-type ra3.large --cluster-type single-node --master-username admin \
    --master-user-password Passw0rd99 --db-name dev > /dev/null
describe() { aws redshift describe-clusters --cluster-identifier jdbc --query "Clusters[0].$1" --output text; }
until [[ $(describe ClusterStatus) == available ]]; do :; done
java -cp "$driver" "$here/Jdbc.java" "jdbc:postgresql://$(describe Endpoint.Address):$(describe Endpoint.Port)/dev?sslmode=verify-full&sslrootcert=$SPARKIFY_TEST_CA"
aws redshift delete-cluster --cluster-identifier jdbc --skip-final-cluster-snapshot > /dev/null
