import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { seconds } from '../lib/since.ts';
import { typeOf } from './selinux.ts';

/** One access that SELinux denied, or would have denied where it is permissive. */
export type Denial = {
  /** `1795318960.660:97`, the same in every record of the event. */
  readonly event: string;
  readonly command: string;
  /** Type of who asked, and of what was asked for. */
  readonly domain: string;
  readonly target: string;
  readonly class: string;
  readonly permissions: readonly string[];
  readonly port: number | null;
  readonly path: string | null;
  readonly inode: string | null;
  readonly permissive: boolean;
};

/** ausearch takes the time of the host in the notation of its locale, and waits on standard input without --input-logs. */
const script = `
command -v ausearch >/dev/null || exit 127
exec ausearch --input-logs -m avc,user_avc -ts $(date -d "@$1" '+%m/%d/%y %H:%M:%S') --raw
`;

/** What SELinux has denied since a moment, each kind of denial once; `null` where nothing is written down (no auditd). */
export function denials(from: string): Fact<'host', readonly Denial[] | null> {
  return runFact({
    key: `denials of SELinux since ${from}`,
    argv: ['sh', '-c', script, 'denials', String(Math.floor(seconds(from)))],
    sudo: true,
    timeoutSeconds: 120,
    parse: (result) => parseDenials(result, seconds(from)),
  });
}

export function parseDenials({ exit, stdout, stderr }: RunResult, from: number): readonly Denial[] | null {
  if (exit === 127 || /Error opening|no such file/i.test(stderr)) return null;
  if (exit !== 0 && !/no matches/.test(stderr + stdout))
    throw new Error(stderr.trim().split('\n').at(-1) || `ausearch ended with ${exit}`);
  const lines = stdout.split('\n');
  const paths = new Map(
    lines.flatMap((line) =>
      line.startsWith('type=PATH ') ? [[eventOf(line), field(line, 'name')] as const] : [],
    ),
  );
  const found = lines.flatMap((line): Denial[] => {
    const permissions = /avc:\s+denied\s+\{ ([^}]+) \}/.exec(line)?.[1]?.trim().split(/\s+/);
    const event = eventOf(line);
    if (permissions === undefined || Number(event.split(':')[0]) < from) return [];
    const port = field(line, 'src') ?? field(line, 'dest');
    const path = field(line, 'path') ?? paths.get(event);
    return [
      {
        event,
        command: field(line, 'comm') ?? '?',
        domain: typeOf(field(line, 'scontext') ?? ''),
        target: typeOf(field(line, 'tcontext') ?? ''),
        class: field(line, 'tclass') ?? '',
        permissions,
        port: port === undefined || !/^\d+$/.test(port) ? null : Number(port),
        path: path?.startsWith('/') ? path : null,
        inode: field(line, 'ino') ?? null,
        permissive: field(line, 'permissive') === '1',
      },
    ];
  });
  return [...new Map(found.map((one) => [JSON.stringify({ ...one, event: '' }), one])).values()];
}

function eventOf(line: string): string {
  return /msg=audit\(([\d.]+:\d+)\)/.exec(line)?.[1] ?? '';
}

/** A field of an audit record: `name="x y"`, or in hexadecimal where it has odd characters. */
function field(line: string, name: string): string | undefined {
  const [, quoted, bare] = new RegExp(`\\b${name}=(?:"([^"]*)"|(\\S+))`).exec(line) ?? [];
  if (quoted !== undefined || bare === undefined) return quoted;
  const hexadecimal = ['path', 'name', 'comm'].includes(name) && /^([0-9A-F]{2})+$/.test(bare);
  return hexadecimal ? Buffer.from(bare, 'hex').toString('utf8') : bare.replace(/'$/, '');
}
