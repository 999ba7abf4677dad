import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { hostWays } from '../run/host-reach.ts';
import type { TrialTargets } from './protocol.ts';

/** What the command line says of the targets; the cluster is a practice API server unless it says otherwise. */
export type NamedTargets = Omit<TrialTargets, 'cluster' | 'locks'> & {
  readonly cluster?: { readonly context: string; readonly kubeconfig: string | undefined };
};

/**
 * `host=WHERE`, `cluster=CONTEXT`, `SCHEME=ADDRESS` for a transport and `beside=WHERE` for another way to its host. The environment has no say: what laws are tried on
 * loses what steps read. @throws UsageError
 */
export function namedTargets({ io, options, typed }: Context): NamedTargets {
  const given = new Map((typed.target ?? []).map(pairOf));
  const { host, cluster, beside, ...transports } = Object.fromEntries(given);
  const ways = hostWays(options, io.cwd);
  for (const [flag, value] of Object.entries({
    'ssh-password-from': ways.sshPasswordFrom,
    'passphrase-from': ways.passphraseFrom,
    'sudo-password-from': ways.sudoPasswordFrom,
  }))
    if (value === 'prompt')
      throw new UsageError(
        `--${flag} prompt: nobody can be asked while a library is tried`,
        'use env:NAME or file:PATH',
      );
  for (const [scheme, address] of Object.entries(transports))
    if (!address.startsWith(`${scheme}://`))
      throw new UsageError(
        `--target does not understand ${scheme}=${address}`,
        'it takes host=WHERE, cluster=CONTEXT, beside=WHERE, or an address for a transport: SCHEME=SCHEME://…',
      );
  const own = host !== undefined && isOwnAddress(host) ? { [host.slice(0, host.indexOf(':'))]: host } : {};
  return {
    ...(host === undefined ? {} : { host }),
    ...(beside === undefined ? {} : { beside }),
    ...(cluster === undefined ? {} : { cluster: { context: cluster, kubeconfig: options.kubeconfig } }),
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    transports: { ...own, ...transports },
    ways,
  };
}

/** Whether a host is found by a transport of a library. */
export function isOwnAddress(host: string): boolean {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//.exec(host) ?? [];
  return scheme !== undefined && !['ssh', 'openssh', 'pod'].includes(scheme);
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1)
    throw new UsageError(`--target does not understand ${text}`, 'as host=local, or host=root@test-01');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Where something is changed and deleted that is no practice world. */
export function atRisk({ host, cluster, transports, beside }: NamedTargets): readonly string[] {
  return [
    ...new Set([
      ...(host === undefined ? [] : [host === 'local' ? 'this machine (local)' : host]),
      ...(cluster === undefined ? [] : [`the cluster of the context ${cluster.context}`]),
      ...Object.values(transports),
      ...(beside === undefined ? [] : [beside]),
    ]),
  ];
}
