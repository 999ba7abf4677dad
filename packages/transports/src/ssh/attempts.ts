import type { BaseAgent, ParsedKey } from 'ssh2';
import { type AcceptedKeys, acceptedKeys } from './accepted-keys.ts';
import { agentKeys, oneKeyAgent, type Sign } from './agent-keys.ts';
import type { Ask } from './ask.ts';
import { type KeyFile, keyLabel, readKeyFile } from './key-file.ts';
import { fingerprint } from './known-hosts.ts';
import type { HopSettings } from './settings.ts';

type Ssh2 = typeof import('ssh2');

/** One way to prove who we are. `label` is how it is called where it fails. */
export type Attempt = { readonly label: string } & (
  | { readonly method: 'publickey'; readonly by: 'agent'; readonly agent: BaseAgent }
  | { readonly method: 'publickey'; readonly by: 'key'; readonly key: ParsedKey }
  /** The public half is not known before the passphrase is. */
  | { readonly method: 'publickey'; readonly by: 'locked'; readonly unlock: () => Promise<ParsedKey> }
  | { readonly method: 'password' }
  | { readonly method: 'keyboard-interactive' }
);

/** What can be tried, the likeliest first, and what cannot, with the reason. */
export interface Attempts {
  readonly attempts: readonly Attempt[];
  readonly skipped: readonly string[];
}

/**
 * What is at hand for a host: the keys that the user names (in the agent, else in files), the other keys of the agent, the usual files, a password. A server counts
 * failed attempts, so nothing is tried that cannot work.
 */
export async function attemptsFor(settings: HopSettings, ask: Ask, ssh2: Ssh2): Promise<Attempts> {
  const keys = settings.methods.publickey ? await keyAttempts(settings, ask, ssh2) : noAttempts;
  const withPassword: Attempt[] = [];
  if (ask.password !== undefined && settings.methods.password)
    withPassword.push({ method: 'password', label: 'the password' });
  if ((ask.password ?? ask.answer) !== undefined && settings.methods.keyboard)
    withPassword.push({ method: 'keyboard-interactive', label: 'the password (keyboard-interactive)' });
  const all = [...keys.attempts, ...withPassword];
  const attempts = settings.preferred?.flatMap((method) => all.filter((one) => one.method === method)) ?? all;
  return { attempts, skipped: keys.skipped };
}

const noAttempts: Attempts = { attempts: [], skipped: [] };

async function keyAttempts(settings: HopSettings, ask: Ask, ssh2: Ssh2): Promise<Attempts> {
  const skipped: string[] = [];
  const accepted = acceptedKeys(settings);
  const inAgent = await attemptsByAgent(settings.agent, { ssh2, skipped, accepted });
  const attempts = new Set<Attempt>();
  const addFiles = (expressly: boolean) => {
    const wanted = settings.identityFiles.filter((one) => one.expressly === expressly);
    const read = wanted.map(({ path }) => readKeyFile(path, ssh2.utils.parseKey));
    for (const [index, file = missing(wanted[index]?.path ?? '')] of read.entries()) {
      const byAgent = inAgent.get(file.publicKey?.toString('base64') ?? '');
      const attempt = byAgent ?? attemptByFile(file, { ask, ssh2, accepted });
      if (typeof attempt === 'object') attempts.add(attempt);
      else if (expressly || read[index] !== undefined) skipped.push(attempt);
    }
  };
  addFiles(true);
  if (!settings.identitiesOnly) for (const attempt of inAgent.values()) attempts.add(attempt);
  addFiles(false);
  return { attempts: [...attempts], skipped };
}

function missing(path: string): KeyFile {
  return { usable: false, path, why: 'there is no such file' };
}

async function attemptsByAgent(
  socket: string | undefined,
  { ssh2, skipped, accepted }: { ssh2: Ssh2; skipped: string[]; accepted: AcceptedKeys },
): Promise<ReadonlyMap<string, Attempt>> {
  if (socket === undefined) return new Map();
  const keys = await agentKeys(socket, ssh2);
  if (typeof keys === 'string') skipped.push(`the agent at ${socket} ${keys}`);
  else if (keys.length === 0)
    skipped.push(`the agent at ${socket} holds no key that the built-in SSH can use`);
  return new Map(
    (typeof keys === 'string' ? [] : keys).flatMap((key) => {
      const label = `the agent's key ${fingerprint(key.publicKey)}`;
      const fault = accepted.fault(key.publicKey);
      if (fault !== undefined) skipped.push(`${label} was left out: ${fault}`);
      if (fault !== undefined) return [];
      const agent = oneKeyAgent(accepted.restricted(key), ssh2);
      return [[key.publicKey.toString('base64'), { method: 'publickey', by: 'agent', label, agent }]];
    }),
  );
}

/** How a file is tried, or why it is not. */
function attemptByFile(
  file: KeyFile,
  { ask, ssh2, accepted }: { ask: Ask; ssh2: Ssh2; accepted: AcceptedKeys },
): Attempt | string {
  const label = keyLabel(file.path, file.publicKey);
  const fault = file.publicKey === undefined ? accepted.unknown : accepted.fault(file.publicKey);
  if (!file.usable) return `${label} was left out: ${file.why}`;
  if (fault !== undefined) return `${label} was left out: ${fault}`;
  const head = { method: 'publickey', label } as const;
  const { key } = file;
  if (key !== undefined && !accepted.restricts) return { ...head, by: 'key', key };
  if (key !== undefined) {
    const sign: Sign = async (data, hash) => key.sign(data, hash);
    const agent = oneKeyAgent(accepted.restricted({ publicKey: key.getPublicSSH(), sign }), ssh2);
    return { ...head, by: 'agent', agent };
  }
  const { passphrase } = ask;
  if (passphrase === undefined)
    return `${label} was left out: it has a passphrase, and nobody is there to give it`;
  const unlock = async () => {
    const given = await passphrase(file.path);
    if (given === undefined) throw new Error('no passphrase was given');
    const opened = file.unlock(given.reveal());
    if (typeof opened === 'string') throw new Error('the passphrase does not open it');
    return opened;
  };
  const { publicKey } = file;
  if (publicKey === undefined) return { ...head, by: 'locked', unlock };
  const agent = oneKeyAgent(
    accepted.restricted({ publicKey, sign: async (data, hash) => (await unlock()).sign(data, hash) }),
    ssh2,
  );
  return { ...head, by: 'agent', agent };
}
