#!/usr/bin/env bash
# The AWS CLI against the local Redshift, as a person types it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
is() { [[ $1 == "$2" ]] || { echo "expected '$2', found '$1'" >&2; exit 1; }; }

is "$(aws sts get-caller-identity --query Account --output text)" 000000000000
aws s3 mb s3://cli-data
for n in 1 2 3; do echo "{\"id\":$n}" > "$work/$n.json"; done
aws s3 sync --quiet "$work" s3://cli-data/rows/
is "$(aws s3 ls s3://cli-data/rows/ | wc -l)" 3
head -c 20000000 /dev/zero > "$work/large"
aws s3 cp --quiet "$work/large" s3://cli-data/large
aws s3 mv --quiet s3://cli-data/large s3://cli-data/moved
aws s3 cp --quiet s3://cli-data/moved "$work/back"
cmp "$work/large" "$work/back"
aws s3api put-bucket-tagging --bucket cli-data --tagging 'TagSet=[{Key=a,Value=b}]'
is "$(aws s3api get-bucket-tagging --bucket cli-data --query 'TagSet[0].Value' --output text)" b

trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"redshift.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
role=$(aws iam create-role --role-name cli --assume-role-policy-document "$trust" --query Role.Arn --output text)
reads='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::cli-data","arn:aws:s3:::cli-data/*"]}]}'
aws iam put-role-policy --role-name cli --policy-name reads --policy-document "$reads"
aws redshift create-cluster --cluster-identifier cli-dwh --node-type ra3.large --cluster-type single-node --master-username admin \
    --manage-master-password --db-name dev --iam-roles "$role" > /dev/null
until [[ $(aws redshift describe-clusters --cluster-identifier cli-dwh --query 'Clusters[0].ClusterStatus' --output text) == available ]]; do :; done

run() {
    local id
    id=$(aws redshift-data execute-statement --cluster-identifier cli-dwh --database dev --db-user admin --sql "$1" --query Id --output text)
    while :; do
        case $(aws redshift-data describe-statement --id "$id" --query Status --output text) in
        FINISHED) break ;;
        FAILED | ABORTED) aws redshift-data describe-statement --id "$id" --query Error --output text >&2; exit 1 ;;
        esac
    done
    last=$id
}
run 'create table t (id integer)'
run "copy t from 's3://cli-data/rows/' iam_role '$role' json 'auto'"
run 'select sum(id) from t'
is "$(aws redshift-data get-statement-result --id "$last" --query 'Records[0][0].longValue' --output text)" 6
is "$(aws redshift-data list-tables --cluster-identifier cli-dwh --database dev --db-user admin --query 'Tables[0].name' --output text)" t

aws redshift delete-cluster --cluster-identifier cli-dwh --skip-final-cluster-snapshot > /dev/null
aws s3 rb --force s3://cli-data > /dev/null
aws iam delete-role-policy --role-name cli --policy-name reads
aws iam delete-role --role-name cli
echo 'AWS CLI: all as it should be'
