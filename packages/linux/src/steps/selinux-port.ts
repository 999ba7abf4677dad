import { type Argv, defineState, type HostAction, refused } from '@claw-run/core';
import * as z from 'zod';
import { policySeconds, selinuxName } from '../facts/selinux.ts';
import { customPorts, type PortRecord, portTypes, typeOfPort } from '../facts/selinux-ports.ts';
import { port, protocol } from '../lib/network.ts';

const input = z.strictObject({
  port,
  proto: protocol,
  type: z
    .string()
    .regex(selinuxName, 'must be the name of a type')
    .describe('Type of the port in the policy'),
  replace: z
    .boolean()
    .default(false)
    .describe('Also where somebody has given the port another type; undo gives that one back'),
});

type Input = z.output<typeof input>;

export const selinuxPort = defineState({
  id: 'linux.selinux-port',
  on: 'host',
  summary: 'SELinux knows a port under a type, so that the domain that may bind the type may bind the port',
  description:
    'A local customisation as `semanage port` makes it (semanage-port(8)): added, or put over the type that the policy itself gives the port. ' +
    'What others have customised stays, unless `replace` is said. Where SELinux is off there is nothing to do.',
  risk: 'routine',
  settlesWithinSeconds: 30,
  input,
  examples: [{ title: 'The scheduler listens on 8080', with: { port: 8080, type: 'claw_scheduler_port_t' } }],
  facts: () => ({ custom: customPorts() }),
  moreFacts: (input, { custom }) => ({
    known:
      custom.status === 'disabled' || exact(custom.ports, input) !== undefined
        ? { ...customPorts(), key: 'SELinux port types', parse: (): readonly PortRecord[] => [] }
        : portTypes(),
  }),
  desire: (input, { custom, known }) => {
    if (custom.status === 'disabled') return {};
    const mine = exact(custom.ports, input);
    if (mine?.type === input.type || typeOfPort(known, input) === input.type) return {};
    if (mine !== undefined && !input.replace)
      return refused(
        `somebody has given port ${input.port}/${input.proto} the type ${mine.type}`,
        'find out who needs it; `replace: true` takes it over',
      );
    const others = custom.ports.filter((one) => one !== mine);
    const record = { proto: input.proto, low: input.port, high: input.port, type: input.type };
    return {
      custom: {
        ...custom,
        ports: [...others, record].sort((a, b) => a.low - b.low || (a.proto < b.proto ? -1 : 1)),
      },
    };
  },
  actions: (from, to, input) => {
    const [before, after] = [exact(from.custom.ports, input), exact(to.custom.ports, input)];
    if (before?.type === after?.type) return [];
    const name = String(input.port);
    if (after === undefined)
      return [semanage(['semanage', 'port', '-d', '-t', before?.type ?? '', '-p', input.proto, name])];
    const how = before !== undefined || exact(from.known, input) !== undefined ? '-m' : '-a';
    return [semanage(['semanage', 'port', how, '-t', after.type, '-p', input.proto, name])];
  },
  explain: ({ custom, known }, _to, input) => {
    const name = `port ${input.port}/${input.proto}`;
    if (custom.status === 'disabled') return 'SELinux is off on this host, so no port needs a type';
    const now = exact(custom.ports, input)?.type ?? typeOfPort(known, input) ?? 'no type';
    const mode =
      custom.status === 'permissive'
        ? ' (SELinux is permissive here: it only writes down what it would deny)'
        : '';
    return `${name} has ${now}${now === input.type ? '' : `, it gets ${input.type}`}${mode}`;
  },
});

/** The record of this very port; one of a range around it is another. */
function exact(ports: readonly PortRecord[], { port, proto }: Input): PortRecord | undefined {
  return ports.find((one) => one.proto === proto && one.low === port && one.high === port);
}

function semanage(argv: Argv): HostAction {
  return { do: 'run', argv, sudo: true, timeoutSeconds: policySeconds, changes: ['selinux'] };
}
