import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { account } from '../facts/account.ts';
import {
  type ProxySource,
  type ProxyVariable,
  proxySources,
  proxyVariables as variablesOf,
} from '../facts/proxy.ts';
import { userName } from '../inputs.ts';
import { proxyFor } from '../lib/proxy-for.ts';
import { withoutRead } from '../lib/same-read.ts';

export const proxyVariables = defineCheck({
  id: 'linux.proxy-variables',
  on: 'host',
  summary: 'A user who logs in now reaches a server without a proxy in between',
  description:
    'Reads the variables in a fresh login session of the user and decides as curl does: `http_proxy`, `https_proxy`, `all_proxy`, and whether ' +
    '`no_proxy` exempts the server. Evidence has the variables (logins left out) and the lines that set them, so that a line or an entry of ' +
    '`no_proxy` can be mended there.',
  input: z.strictObject({
    user: userName,
    server: z.url({ protocol: /^https?$/ }).describe('URL of the server'),
  }),
  examples: [
    {
      title: 'The scheduler is asked directly',
      with: { user: 'alice', server: 'https://claw-head-01:8080' },
    },
  ],
  facts: (input) => ({ account: account(input.user) }),
  moreFacts: (input, seen) => {
    const like = account(input.user);
    return {
      variables:
        seen.account === null
          ? withoutRead<readonly ProxyVariable[]>(like, 'no variables', [])
          : variablesOf(input.user),
      sources:
        seen.account === null
          ? withoutRead<readonly ProxySource[]>(like, 'no lines', [])
          : proxySources(seen.account.home),
    };
  },
  expect: (input, seen) => {
    if (seen.account === null) return unknown(`there is no user ${input.user}`);
    const { variables, sources } = seen;
    const evidence = { variables, sources };
    const way = proxyFor(input.server, variables);
    if (!way.proxy) return pass(`${input.user} reaches ${input.server} directly: ${way.because}`, evidence);
    const from = sources
      .filter(({ name }) => name.toLowerCase() === way.by.name.toLowerCase())
      .map(({ file, line }) => `${file}:${line}`);
    return fail(
      `${input.user} reaches ${input.server} by a proxy: ${way.because}${from.length === 0 ? '' : `; set in ${from.join(', ')}`}`,
      evidence,
    );
  },
});
