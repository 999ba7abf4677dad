import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { seconds } from '../lib/since.ts';

/** One access that AppArmor denied. */
export type AppArmorDenial = {
  readonly profile: string;
  readonly operation: string;
  readonly command: string;
  readonly name: string | null;
  readonly mask: string | null;
  /** Other fields that tell what was asked for: family, sock_type, capname, signal, peer. */
  readonly more: { readonly [field: string]: string };
};

/** Where auditd runs, the kernel tells it alone; else the journal has it. */
const script = `
journalctl -q --no-pager -o short-unix --since "@$1" -g 'apparmor="DENIED"' _TRANSPORT=kernel + _TRANSPORT=audit
echo '== audit'
grep -shF 'apparmor="DENIED"' /var/log/audit/audit.log
exit 0
`;

/** What AppArmor has denied since a moment, each kind of denial once. */
export function apparmorDenials(from: string): Fact<'host', readonly AppArmorDenial[]> {
  return runFact({
    key: `denials of AppArmor since ${from}`,
    argv: ['sh', '-c', script, 'denials', String(Math.floor(seconds(from)))],
    sudo: true,
    timeoutSeconds: 120,
    parse: (result) => parseAppArmorDenials(result, seconds(from)),
  });
}

export function parseAppArmorDenials({ stdout }: RunResult, from: number): readonly AppArmorDenial[] {
  const found = stdout.split('\n').flatMap((line): AppArmorDenial[] => {
    const at = Number(/audit\(([\d.]+):\d+\)/.exec(line)?.[1] ?? /^([\d.]+) /.exec(line)?.[1] ?? 0);
    if (!line.includes('apparmor="DENIED"') || at < from) return [];
    const fields = Object.fromEntries(
      [...line.matchAll(/\b(\w+)=(?:"([^"]*)"|(\S+))/g)].map(([, key = '', quoted, bare]) => [
        key,
        quoted ?? decoded(key, bare ?? ''),
      ]),
    );
    const more = ['family', 'sock_type', 'capname', 'signal', 'peer', 'addr'].flatMap((key) =>
      fields[key] === undefined ? [] : [[key, fields[key]] as const],
    );
    return [
      {
        profile: fields.profile ?? '?',
        operation: fields.operation ?? '?',
        command: fields.comm ?? '?',
        name: fields.name ?? null,
        mask: fields.denied_mask ?? fields.denied ?? null,
        more: Object.fromEntries(more),
      },
    ];
  });
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}

/** Names with odd characters come in hexadecimal. */
function decoded(key: string, value: string): string {
  return ['name', 'comm', 'profile'].includes(key) && /^([0-9A-F]{2})+$/.test(value)
    ? Buffer.from(value, 'hex').toString('utf8')
    : value;
}
