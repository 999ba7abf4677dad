import type { AgentKey } from './agent-keys.ts';
import { algorithmsFor } from './algorithms.ts';
import { keyType, rsaBits } from './known-hosts.ts';
import type { HopSettings } from './settings.ts';

/** Which keys of one's own may be shown, and how they may sign: `PubkeyAcceptedAlgorithms` and `RequiredRSASize`. */
export interface AcceptedKeys {
  /** Something is forbidden that would be done otherwise. */
  readonly restricts: boolean;
  /** Why a key is not shown. */
  readonly fault: (publicKey: Buffer) => string | undefined;
  /** The same for a key of which nothing is known before it is unlocked. */
  readonly unknown: string | undefined;
  /** The key, but that it does not sign by an algorithm that is not accepted. */
  readonly restricted: (key: AgentKey) => AgentKey;
}

/** @throws ClawError `unreachable` where none of the algorithms is spoken, with file and line */
export function acceptedKeys({ algorithms, requiredRsa }: HopSettings): AcceptedKeys {
  const line = algorithms.publicKey;
  // the algorithms of keys and of host keys are the same; of one's own, ssh-rsa is still used for old servers unless that is forbidden
  const named = line === undefined ? undefined : new Set(algorithmsFor('serverHostKey', line));
  const isAccepted = (algorithm: string) => named?.has(algorithm) ?? true;
  const byHash = { sha256: 'rsa-sha2-256', sha512: 'rsa-sha2-512' } as const;
  return {
    restricts: named !== undefined,
    unknown:
      named === undefined
        ? undefined
        : `PubkeyAcceptedAlgorithms (${line?.at}) restricts keys, and its type is not known before it is unlocked; keep its .pub beside it`,
    fault(publicKey) {
      const type = keyType(publicKey);
      const bits = rsaBits(publicKey);
      if (bits !== undefined && bits < requiredRsa)
        return `it has ${bits} bits, and at least ${requiredRsa} are required`;
      const ways = type === 'ssh-rsa' ? ['rsa-sha2-256', 'rsa-sha2-512', 'ssh-rsa'] : [type];
      return ways.some(isAccepted)
        ? undefined
        : `PubkeyAcceptedAlgorithms (${line?.at}) does not accept ${type}`;
    },
    restricted: (key) =>
      named === undefined || keyType(key.publicKey) !== 'ssh-rsa'
        ? key
        : {
            ...key,
            async sign(data, hash) {
              const algorithm = byHash[hash as keyof typeof byHash] ?? 'ssh-rsa';
              if (isAccepted(algorithm)) return key.sign(data, hash);
              throw new Error(
                `the server wants ${algorithm}, which PubkeyAcceptedAlgorithms (${line?.at}) does not accept`,
              );
            },
          },
  };
}
