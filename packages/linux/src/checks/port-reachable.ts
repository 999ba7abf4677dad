import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { type Attempt, reach, told } from '../facts/reach.ts';
import { port } from '../lib/network.ts';

export const portReachable = defineCheck({
  id: 'linux.port-reachable',
  on: 'host',
  summary: 'A port of a host can be connected to from this host',
  description:
    'By every address that the name has, IPv4 and IPv6 told apart: refused, timed out, reset, no route, no address. Needs bash or nc, and no proxy is asked.',
  input: z.strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9.:_-]+$/, 'must be a name or an address')
      .regex(/^[^-]/)
      .describe('Name or address of the other host'),
    port,
    family: z
      .enum(['any', 'ipv4', 'ipv6', 'both'])
      .default('any')
      .describe(
        '`any`: every address that the name has must answer, and one must be there; `both`: one of each family must be there',
      ),
    'timeout-seconds': z.number().min(0.5).max(60).default(5).describe('How long one try may take'),
  }),
  examples: [
    { title: 'The scheduler answers', with: { host: 'claw-head-01', port: 8080 } },
    { title: 'By both families of addresses', with: { host: 'claw-head-01', port: 8080, family: 'both' } },
  ],
  facts: (input) => ({
    attempts: reach({
      host: input.host,
      port: input.port,
      families: families[input.family],
      seconds: input['timeout-seconds'],
    }),
  }),
  expect: (input, { attempts }) => {
    if (attempts === null) return unknown('neither bash nor nc is there to connect with');
    const evidence = { attempts: attempts.map((one) => ({ ...one })) };
    const place = `${input.host}:${input.port}`;
    const wanted =
      input.family === 'any' ? attempts.filter(({ outcome }) => outcome !== 'no-address') : attempts;
    if (wanted.length === 0) return fail(`the name ${input.host} has no address`, evidence);
    const say = (one: Attempt) =>
      `${one.family}${one.address === null ? '' : ` ${one.address}`} ${told[one.outcome]}`;
    const wrong = wanted.filter(({ outcome }) => outcome !== 'open');
    return wrong.length === 0
      ? pass(
          `${place} answers by ${[...new Set(wanted.map(({ family }) => family))].join(' and ')}`,
          evidence,
        )
      : fail(`${place}: ${wrong.map(say).join('; ')}`, evidence);
  },
});

const families = { any: ['ipv4', 'ipv6'], both: ['ipv4', 'ipv6'], ipv4: ['ipv4'], ipv6: ['ipv6'] } as const;
