import { type Fact, runFact } from '@claw-run/core';
import { stdoutOf } from '../lib/exit.ts';
import { parseIni } from '../lib/ini.ts';

/** What sssd.conf(5) says of the directory and of how long answers are kept, standard values filled in. */
export type SssdConfig = {
  readonly domain: string;
  readonly provider: string;
  readonly uri: string | null;
  readonly base: string | null;
  readonly schema: string;
  readonly startTls: boolean;
  /** Seconds that an entry counts as fresh: the longer of the timeouts of users and groups. */
  readonly entrySeconds: number;
  /** Seconds that programs answer themselves from shared memory, without asking sssd. */
  readonly memorySeconds: number;
};

/** Passwords stay on the host: lines that hold one are left out by the command itself. */
const script =
  'for f in /etc/sssd/sssd.conf /etc/sssd/conf.d/*.conf; do [ ! -f "$f" ] || sed -e "/authtok/d" "$f" || exit 1; echo; done';

/** The configuration of sssd; `null` where there is none, or no domain. Only root may look. */
export function sssdConfig(): Fact<'host', SssdConfig | null> {
  return runFact({
    key: 'sssd configuration',
    argv: ['sh', '-c', script],
    sudo: true,
    about: ['file /etc/sssd/sssd.conf', 'file /etc/sssd/conf.d'],
    parse: (result) => parseSssdConfig(stdoutOf('sssd.conf', result)),
  });
}

/** Of several domains the first that looks into LDAP counts, else the first. */
export function parseSssdConfig(text: string): SssdConfig | null {
  const sections = parseIni(text);
  const names = (sections.get('sssd')?.get('domains') ?? '').split(',').map((name) => name.trim());
  const domains = names.flatMap((name) => {
    const settings = sections.get(`domain/${name}`);
    return settings === undefined ? [] : [{ name, settings }];
  });
  const chosen = domains.find(({ settings }) => settings.get('id_provider') === 'ldap') ?? domains[0];
  if (chosen === undefined) return null;
  const { name, settings } = chosen;
  const entry = Number(settings.get('entry_cache_timeout') ?? 5400);
  const timeouts = ['entry_cache_user_timeout', 'entry_cache_group_timeout'].map((key) =>
    Number(settings.get(key) ?? entry),
  );
  return {
    domain: name,
    provider: settings.get('id_provider') ?? 'unknown',
    uri: settings.get('ldap_uri')?.split(',')[0]?.trim() ?? null,
    base: settings.get('ldap_search_base')?.split('?')[0] ?? null,
    schema: settings.get('ldap_schema') ?? 'rfc2307',
    startTls: settings.get('ldap_id_use_start_tls')?.toLowerCase() === 'true',
    entrySeconds: Math.max(...timeouts),
    memorySeconds: Number(sections.get('nss')?.get('memcache_timeout') ?? 300),
  };
}
