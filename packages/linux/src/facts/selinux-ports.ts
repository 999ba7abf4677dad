import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { customised, type SELinux, typeOf } from './selinux.ts';

export type PortRecord = {
  readonly proto: string;
  readonly low: number;
  readonly high: number;
  readonly type: string;
};

/** Ports whose type was customised, and whether SELinux is in force. */
export type CustomPorts = { readonly status: SELinux['status']; readonly ports: readonly PortRecord[] };

export function customPorts(): Fact<'host', CustomPorts> {
  return customised('ports.local', ({ status, lines }) => ({
    status,
    ports: lines.flatMap(parsePortcon).sort((a, b) => a.low - b.low || (a.proto < b.proto ? -1 : 1)),
  }));
}

/** Every port that has a type; takes a second and more, so it is asked only where something has to be decided. */
export function portTypes(): Fact<'host', readonly PortRecord[]> {
  return runFact({
    key: 'SELinux port types',
    argv: ['semanage', 'port', '-l', '-n'],
    sudo: true,
    about: ['selinux'],
    timeoutSeconds: 120,
    parse: parsePortTypes,
  });
}

/** Reads `semanage port -l`: `http_port_t  tcp  80, 443, 8008-8009`. */
export function parsePortTypes({ exit, stdout, stderr }: RunResult): readonly PortRecord[] {
  if (exit !== 0)
    throw new Error(
      exit === 127
        ? 'semanage is not there: install policycoreutils-python-utils (RHEL) or semanage-utils (Debian)'
        : stderr.trim().split('\n').at(-1) || `semanage ended with ${exit}`,
    );
  return stdout.split('\n').flatMap((line) => {
    const [, type = '', proto = '', ports = ''] = /^(\S+)\s+(tcp|udp|sctp|dccp)\s+(.*)$/.exec(line) ?? [];
    return ports
      .split(',')
      .filter((port) => port.trim() !== '')
      .map((port) => ({ proto, type, ...rangeOf(port) }));
  });
}

/** The type that counts for a port: of the narrowest range that has it. */
export function typeOfPort(
  records: readonly PortRecord[],
  { port, proto }: { readonly port: number; readonly proto: string },
): string | undefined {
  return records
    .filter((one) => one.proto === proto && one.low <= port && port <= one.high)
    .sort((a, b) => a.high - a.low - (b.high - b.low))[0]?.type;
}

function parsePortcon(line: string): PortRecord[] {
  const [, proto = '', ports = '', context = ''] = /^portcon (\S+) (\S+) (\S+)$/.exec(line) ?? [];
  return context === '' ? [] : [{ proto, type: typeOf(context), ...rangeOf(ports) }];
}

function rangeOf(text: string): { low: number; high: number } {
  const [low = '', high = low] = text.trim().split('-');
  return { low: Number(low), high: Number(high) };
}
