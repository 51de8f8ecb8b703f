// What a policy allows, as iam-simulate evaluates it: `policy_simulator.cjs POLICY NEEDS true|false`. NEEDS is what the stand-in asked for;
// all of it must be allowed, or none. Actions, types of resources and condition keys that it does not know are errors.
const fs = require('fs')
const { runSimulation } = require('@cloud-copilot/iam-simulate')

const [policy, needs] = process.argv.slice(2, 4).map((file) => JSON.parse(fs.readFileSync(file, 'utf8')))
const expected = process.argv[4] === 'true'
const account = '000000000000'
const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }

async function main() {
  const wrong = []
  for (const { action, resource, context } of needs) {
    const request = {
      action,
      principal: `arn:aws:iam::${account}:role/job`,
      resource: { resource, accountId: account },
      contextVariables: context,
    }
    const answer = await runSimulation(
      {
        request,
        identityPolicies: [{ name: 'policy', policy }],
        serviceControlPolicies: [{ orgIdentifier: 'o-1', policies: [{ name: 'all', policy: everything }] }],
        resourceControlPolicies: [],
      },
      {},
    )
    if (answer.resultType === 'error' || (answer.overallResult === 'Allowed') !== expected) {
      wrong.push([action, resource, context, answer.overallResult, answer.errors])
    }
  }
  if (wrong.length > 0 || needs.length === 0) {
    console.log(JSON.stringify(wrong, null, 1))
    process.exit(1)
  }
  console.log('all as it should be')
}

main()
