import { type Action, nameOf, refOf, Secret } from '@claw-run/core';

/** What an action does, in one line: `create ServiceAccount production/openclaw-worker-sa`. Of a script the first line, unless it is wanted in `full`. */
export function describeAction(action: Action, { full = false }: { full?: boolean } = {}): string {
  switch (action.do) {
    case 'run': {
      const shown = full ? action.argv : action.argv.map(firstLine);
      return `${asWhom(action)}${shown.map(word).join(' ')}`;
    }
    case 'write':
      return `write ${action.path}`;
    case 'remove':
      return `remove ${action.path}`;
    case 'create':
      return `create ${nameOf(refOf(action.object))}`;
    case 'apply':
      return `apply ${nameOf(refOf(action.object))}`;
    case 'patch':
      return `patch ${nameOf(action.ref)}`;
    case 'delete':
      return `delete ${nameOf(action.ref)}`;
    case 'issue-token': {
      const { account, into } = action;
      return `issue a token of ServiceAccount ${account.namespace}/${account.name} into Secret ${into.namespace}/${into.secret}`;
    }
  }
}

function asWhom({ sudo, as }: { readonly sudo?: boolean; readonly as?: string }): string {
  if (as !== undefined) return `sudo -iu ${word(as)} `;
  return sudo ? 'sudo ' : '';
}

function firstLine(text: string): string {
  const [first = '', ...more] = String(text).split('\n');
  return more.length === 0 ? text : `${first} …`;
}

function word(text: unknown): string {
  if (text instanceof Secret) return String(text);
  const plain = String(text);
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", `'\\''`)}'`;
}
