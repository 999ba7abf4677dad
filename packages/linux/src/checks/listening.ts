import { defineCheck, fail, pass, type RunResult, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { port, protocol } from '../lib/network.ts';

interface Listener {
  readonly address: string;
  readonly port: number;
  readonly processes: readonly string[];
}

export const listening = defineCheck({
  id: 'linux.listening',
  on: 'host',
  summary: 'A process listens on a port of a host',
  description: 'As ss(8) tells it. Without `sudo` only the names of one’s own processes are seen.',
  input: z.strictObject({
    port,
    proto: protocol,
    family: z
      .enum(['any', 'ipv4', 'ipv6'])
      .default('any')
      .describe('Clients of which family it answers; a socket on `*` or `::` answers both'),
    process: z.string().optional().describe('Name of the process; needs `sudo`'),
    beyond: z.boolean().default(true).describe('Also from other hosts: loopback alone is not enough'),
    sudo: z.boolean().default(false).describe('Ask as root, who sees the names of all processes'),
  }),
  examples: [
    { title: 'The scheduler listens', with: { port: 8080, process: 'claw-schedulerd', sudo: true } },
  ],
  facts: (input) => ({
    listeners: runFact({
      key: `listeners of ${input.proto}`,
      argv: ['ss', '-Hlnp', input.proto === 'udp' ? '-u' : '-t'],
      ...(input.sudo ? { sudo: true } : {}),
      parse: parseListeners,
    }),
  }),
  expect: (input, { listeners }) => {
    if (listeners === null) return unknown('ss is not there: install iproute2');
    const here = listeners.filter((one) => one.port === input.port);
    const evidence = { listeners: here.map((one) => ({ ...one })) };
    const name = `port ${input.port}/${input.proto}`;
    if (here.length === 0) return fail(`nothing listens on ${name}`, evidence);
    const mine = here.filter((one) => input.process === undefined || one.processes.includes(input.process));
    if (mine.length === 0) {
      const names = [...new Set(here.flatMap(({ processes }) => processes))];
      return names.length === 0
        ? unknown(`who listens on ${name} is not to be seen: say \`sudo: true\``, evidence)
        : fail(`${names.join(', ')} listens on ${name}, not ${input.process}`, evidence);
    }
    const reached = mine.filter(({ address }) => answers(address, input.family));
    const where = mine.map(({ address }) => address).join(', ');
    if (reached.length === 0)
      return fail(`${name} is listened on at ${where} only, which is not ${input.family}`, evidence);
    if (input.beyond && reached.every(({ address }) => /^(127\.|\[::1\]|::1)/.test(address)))
      return fail(`${name} is listened on at ${where} only: other hosts do not get there`, evidence);
    return pass(`${name} is listened on at ${where}`, evidence);
  },
});

/** Reads `ss -Hlnp`; `null` where there is no ss. */
export function parseListeners({ exit, stdout }: RunResult): readonly Listener[] | null {
  if (exit === 127) return null;
  return stdout.split('\n').flatMap((line) => {
    const [, , , local = '', , users = ''] = line.trim().split(/\s+/);
    const at = local.lastIndexOf(':');
    if (at < 0) return [];
    const processes = [...users.matchAll(/\("([^"]+)"/g)].map(([, process = '']) => process);
    return [
      { address: local.slice(0, at), port: Number(local.slice(at + 1)), processes: [...new Set(processes)] },
    ];
  });
}

function answers(address: string, family: 'any' | 'ipv4' | 'ipv6'): boolean {
  const bare = address.replace(/%.*$/, '');
  if (family === 'any' || bare === '*') return true;
  const six = bare.includes(':');
  if (family === 'ipv6') return six;
  return !six || bare.startsWith('[::ffff:');
}
