import type { BaseAgent, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';

type Ssh2 = typeof import('ssh2');

/** Signs for a key; `hash` is the one that was negotiated for RSA. */
export type Sign = (data: Buffer, hash: SigningRequestOptions['hash']) => Promise<Buffer>;

/** A key of the agent. */
export interface AgentKey {
  /** In wire format. */
  readonly publicKey: Buffer;
  readonly sign: Sign;
}

const answerSeconds = 5;

/** The keys that an agent holds and ssh2 can use, or why there are none to be had. */
export async function agentKeys(socket: string, ssh2: Ssh2): Promise<readonly AgentKey[] | string> {
  const agent = ssh2.createAgent(socket);
  const found = await new Promise<readonly Buffer[] | string>((resolve) => {
    const late = setTimeout(() => resolve(`did not answer within ${answerSeconds} s`), answerSeconds * 1000);
    agent.getIdentities((error, keys) => {
      clearTimeout(late);
      resolve(error ? 'does not answer' : (keys ?? []).flatMap(publicBytes));
    });
  });
  if (typeof found === 'string') return found;
  return found.map((publicKey) => ({
    publicKey,
    sign: (data, hash) =>
      new Promise((resolve, reject) => {
        agent.sign(publicKey, data, hash === undefined ? {} : { hash }, (error, signature) => {
          if (signature === undefined) reject(error ?? new Error('the agent did not sign'));
          else resolve(signature);
        });
      }),
  }));
}

/** A key as ssh2 takes it without its private half: it is asked to sign only once the server has said that it would accept the key. */
export function oneKeyAgent({ publicKey, sign }: AgentKey, ssh2: Ssh2): BaseAgent {
  class OneKey extends ssh2.BaseAgent {
    override getIdentities(done: IdentityCallback): void {
      done(null, [publicKey]);
    }
    override sign(
      _key: unknown,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      callback?: SignCallback,
    ): void {
      const done = typeof options === 'function' ? options : callback;
      sign(data, typeof options === 'function' ? undefined : options.hash).then(
        (signature) => done?.(null, signature),
        (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
      );
    }
  }
  return new OneKey();
}

function publicBytes(key: string | Buffer | ParsedKey | { readonly pubKey: unknown }): readonly Buffer[] {
  if (Buffer.isBuffer(key)) return [key];
  return typeof key === 'object' && 'getPublicSSH' in key ? [key.getPublicSSH()] : [];
}
