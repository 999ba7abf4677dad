import { defineCheck, fail, pass, type RunResult, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { clientTopic, whoami } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];

export const proxyBypassed = defineCheck({
  id: 'openclaw.proxy-bypassed',
  on: 'host',
  summary: "A user's client asks the scheduler directly, past any proxy",
  description:
    'A proxy drops the Authorization header, so the scheduler sees no token. Looks at the variables that a login of the user sets: a proxy, and no `NO_PROXY` that names the scheduler.',
  input: z.strictObject({ user: inputs.user }),
  examples: [{ title: 'Of Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({
    whoami: whoami(user),
    variables: runFact({
      key: `proxy variables of ${user}`,
      argv: ['sh', '-c', "env | grep -iE '^(https?|all|no)_proxy=' || true"],
      as: user,
      about: [clientTopic(user), 'file /etc/profile.d/claw-scheduler.sh'],
      // what a proxy's URL may hold of passwords is left out
      parse: ({ stdout }: RunResult) => Object.fromEntries(stdout.split('\n').flatMap(variable)),
    }),
  }),
  expect: ({ user }, { whoami: told, variables }) => {
    const set = names.filter((name) => (variables[name] ?? '') !== '');
    if (set.length === 0) return pass(`a login of ${user} sets no proxy`);
    if ('problem' in told) return unknown(told.problem);
    if (!URL.canParse(told.server)) return unknown(`it is not known where the scheduler of ${user} is`);
    const { hostname } = new URL(told.server);
    const exempt = `${variables.NO_PROXY ?? ''},${variables.no_proxy ?? ''}`.split(/[,\s]+/);
    return exempt.some((one) => one === '*' || isIn(hostname, one.replace(/^\*?\./, '').replace(/:\d+$/, '')))
      ? pass(`NO_PROXY names ${hostname}`, { set })
      : fail(`a login of ${user} sets ${set.join(', ')}, and NO_PROXY does not name ${hostname}`, { set });
  },
});

function variable(line: string): readonly (readonly [string, string])[] {
  const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
  return name === undefined ? [] : [[name, value.replace(/\/\/[^/@]*@/, '//')]];
}

function isIn(hostname: string, domain: string): boolean {
  return domain !== '' && (hostname === domain || hostname.endsWith(`.${domain}`));
}
