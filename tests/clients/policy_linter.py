"""What parliament, a linter, says of policies: `policy_linter.py FILE...`. Their actions and condition keys must be known to it,
and their resources be of the types that each action takes."""

import pathlib
import sys

import parliament

for name in sys.argv[1:]:
    text = pathlib.Path(name).read_text()
    found = parliament.analyze_policy_string(text).findings
    assert not found, (name, [(finding.issue, finding.detail) for finding in found])

# It would say so.
for wrong in [
    '{"Effect": "Allow", "Action": ["s3:FlyBucket"], "Resource": "arn:aws:s3:::b"}',
    '{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b"}',
    '{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b/*", "Condition": {"StringLike": {"s3:prefix": "a"}}}',
]:
    text = '{"Version": "2012-10-17", "Statement": [' + wrong + "]}"
    assert parliament.analyze_policy_string(text).findings, wrong

print("all as it should be")
