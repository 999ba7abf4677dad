import { Secret } from '@claw-run/core';
import { defineRunbook } from '@claw-run/runbook';
import { canI, commandWorks, fileLine, restartWorkload, serviceAccount, workload } from '../library.ts';

const secret = new Secret('x');
const given = { deployment: 'w' };
export const runbook = defineRunbook({
  name: 'good',
  title: 'All that is right',
  symptoms: ["account '(?<account>[^']+)'"],
  params: {
    text: { type: 'string', default: 'x', choices: ['x', 'y'] },
    count: { type: 'integer', default: 2, choices: [1, 2] },
    ratio: { type: 'number', default: 0.5 },
    flag: { type: 'boolean', default: true },
    token: { type: 'secret', from: ['env:TOKEN'] },
    list: { type: 'list', default: ['a', 1] },
    map: { type: 'map', default: { a: { b: [1] } } },
  },
  targets: { cluster: { kind: 'cluster' }, head: { kind: 'host' }, other: { kind: 'host', many: true } },
  facts: { worker: { uses: workload, with: ({ params }) => ({ name: 'w', namespace: params.text }) } },
  causes: {
    rbac: {
      title: 'x',
      uses: canI,
      with: ({ facts }) => ({ as: facts.account, can: [facts.worker.account] }),
    },
    works: { title: 'x', uses: commandWorks, on: 'other', with: { argv: ['true'] } },
  },
  steps: {
    account: {
      uses: serviceAccount,
      with: ({ params, facts }) => {
        if (params.flag) return { name: 'a', namespace: 'b', rules: [{ verb: 'get', resource: 'pods' }] };
        return {
          name: facts.worker.pods[0]?.name ?? 'none',
          namespace: 'b',
          labels: { any: 'key', [params.text]: 'x' },
          port: 'http',
          token: params.token,
          rules: facts.worker.pods.map(({ name }) => ({ verb: 'list', resource: name })),
        };
      },
      if: ({ causes }) => causes.rbac.found,
    },
    fixed: {
      uses: serviceAccount,
      on: 'cluster',
      with: { name: 'a', namespace: 'b', token: secret, rules: [{ verb: 'list', resource: 'x' }] },
    },
    restart: {
      uses: restartWorkload,
      with: given,
      if: ({ steps, causes }) => steps.account.changed && causes.works.found,
    },
    line: { uses: fileLine, on: 'head', with: () => ({ path: '/etc/motd', line: 'x' }), timeout: '1m' },
  },
  verify: {
    works: {
      uses: commandWorks,
      on: 'head',
      with: ({ steps }) => ({ argv: [String(steps.line.changed)] }),
      within: '1m',
    },
  },
});
