import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { reach, told } from '../facts/reach.ts';
import { listensOn, sameAddress } from '../lib/listen.ts';
import { host, port } from '../lib/network.ts';

export const firstAddress = defineCheck({
  id: 'linux.first-address',
  on: 'host',
  summary:
    'The address that programs of this host take first for the name of a service is one by which it answers',
  description:
    'A name with an IPv6 and an IPv4 address is asked by the first of them, as getaddrinfo(3) sorts them; who does not go on to the next is refused, and who does is slow. Every address is ' +
    'tried. Where none answers, families are not to blame, unless the service is configured to listen elsewhere (`listen`). `own` tells an address of its host from one that something in front ' +
    'of it answers for.',
  input: z.strictObject({
    host,
    port,
    listen: z
      .array(z.string())
      .default([])
      .describe('Where the service is configured to listen: `0.0.0.0:8080`, `[::]:8080`; empty: not known'),
    own: z
      .array(z.string())
      .default([])
      .describe("The addresses of the service's host (`linux.addresses`); empty: not known"),
    'timeout-seconds': z.number().min(0.5).max(60).default(5).describe('How long one try may take'),
  }),
  examples: [
    { title: 'The scheduler', with: { host: 'claw-head-01', port: 8080 } },
    {
      title: 'A scheduler that listens on IPv4 alone',
      with: { host: 'claw-head-01', port: 8080, listen: ['0.0.0.0:8080'] },
    },
  ],
  facts: ({ host, port, 'timeout-seconds': seconds }) => ({
    attempts: reach({ host, port, families: ['any'], seconds }),
  }),
  expect: ({ host, port, listen, own }, { attempts }) => {
    if (attempts === null) return unknown('neither bash nor nc is there to connect with');
    const [first] = attempts;
    if (first === undefined || first.address === null) return unknown(`the name ${host} has no address here`);
    const { address, outcome } = first;
    const evidence = { address, attempts: attempts.map((one) => ({ ...one })) };
    const which = `${address}, the first address of ${host} here,`;
    if (outcome === 'open') return pass(`${which} answers`, evidence);
    const isOwn = own.length === 0 || own.some((one) => sameAddress(one, address));
    if (isOwn && !listensOn(listen, { address, port }))
      return fail(`${which} is not listened on: the service has ${listen.join(', ')}`, evidence);
    const other = attempts.find((one) => one.outcome === 'open');
    if (other === undefined)
      return pass(`no address of ${host} answers: it does not matter which is the first`, evidence);
    const whose = isOwn ? '' : ' is none of its host, and';
    return fail(`${which}${whose} ${told[outcome]}; ${other.address} answers`, evidence);
  },
});
