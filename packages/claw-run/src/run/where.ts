import { ClawError, type Transport } from '@claw-run/core';
import { waysThere } from './transports.ts';

/** Where a host is, as `--target name=WHERE`, `default:` and inventories say it. */
export type Where =
  | { readonly by: 'local' }
  /** The destination is what `connectSsh` takes: `ssh://…`, `user@host` or an alias of ssh_config. */
  | { readonly by: 'ssh'; readonly destination: string }
  /** By the system's own `ssh`. */
  | { readonly by: 'openssh'; readonly destination: string }
  | {
      readonly by: 'pod';
      readonly namespace: string;
      readonly pod: string;
      readonly container?: string;
      readonly context?: string;
    }
  /** By a transport of a library. */
  | { readonly by: 'transport'; readonly transport: Transport; readonly url: URL };

/** Reads where a host is; with transports of one's own, by their schemes too. @throws ClawError `target-unbound` */
export function parseWhere(text: string, transports: readonly Transport[] = []): Where {
  if (text === 'local') return { by: 'local' };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(text)?.[1];
  switch (scheme) {
    case undefined:
      if (text === '' || /\s/.test(text)) break;
      return { by: 'ssh', destination: text };
    case 'ssh':
      return { by: 'ssh', destination: text };
    case 'openssh':
      return { by: 'openssh', destination: `ssh://${text.slice('openssh://'.length)}` };
    case 'pod':
      return podOf(text, transports);
    default:
      return ofTransport(text, scheme, transports);
  }
  throw unclear(text, transports);
}

/** `pod://namespace/pod[/container][?context=NAME]` */
function podOf(text: string, transports: readonly Transport[]): Where {
  const [path = '', query = ''] = text.slice('pod://'.length).split('?');
  const [namespace, pod, container, ...rest] = path.split('/').map(decodeURIComponent);
  const context = new URLSearchParams(query).get('context');
  if (!namespace || !pod || container === '' || rest.length > 0) throw unclear(text, transports);
  return {
    by: 'pod',
    namespace,
    pod,
    ...(container === undefined ? {} : { container }),
    ...(context === null ? {} : { context }),
  };
}

function ofTransport(text: string, scheme: string, transports: readonly Transport[]): Where {
  const transport = transports.find((each) => each.scheme === scheme);
  if (transport === undefined)
    throw new ClawError(
      'target-unbound',
      `there is no transport for ${scheme}://, which ${text.replace(/\/\/[^/]*@/, '//…@')} needs`,
      {
        hint: `there are ${waysThere(transports)}; a library brings others: --library FILE`,
      },
    );
  const url = URL.parse(text);
  if (url === null) throw unclear(text, transports);
  if (url.password !== '')
    throw new ClawError('target-unbound', `an address of ${scheme}:// has a password in it`, {
      hint: 'addresses are printed and kept in journals: leave it out, and have the transport ask for it',
    });
  return { by: 'transport', transport, url };
}

function unclear(text: string, transports: readonly Transport[]): ClawError {
  return new ClawError('target-unbound', `${JSON.stringify(text)} does not say where a host is`, {
    hint: waysThere(transports),
  });
}
