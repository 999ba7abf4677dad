import { ClawError } from '@claw-run/core';

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
    };

/** Reads where a host is. @throws ClawError `target-unbound` */
export function parseWhere(text: string): Where {
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
      return podOf(text);
  }
  throw unclear(text);
}

/** `pod://namespace/pod[/container][?context=NAME]` */
function podOf(text: string): Where {
  const [path = '', query = ''] = text.slice('pod://'.length).split('?');
  const [namespace, pod, container, ...rest] = path.split('/').map(decodeURIComponent);
  const context = new URLSearchParams(query).get('context');
  if (!namespace || !pod || container === '' || rest.length > 0) throw unclear(text);
  return {
    by: 'pod',
    namespace,
    pod,
    ...(container === undefined ? {} : { container }),
    ...(context === null ? {} : { context }),
  };
}

function unclear(text: string): ClawError {
  return new ClawError('target-unbound', `${JSON.stringify(text)} does not say where a host is`, {
    hint: 'local, USER@HOST, ssh://USER@HOST:PORT, openssh://HOST or pod://NAMESPACE/POD/CONTAINER',
  });
}
