import type https from 'node:https';
import { Secret } from '@claw-run/core';
import type { KubeConfig } from '@kubernetes/client-node';
import type { OnSecret } from './cluster-choice.ts';

/** Has the secrets of a kubeconfig told: those that stand in it, and those that are made for requests. */
export function tellCredentials(config: KubeConfig, onSecret: OnSecret): void {
  const told = new Set<string>();
  const tell = (value: unknown) => {
    const text = Buffer.isBuffer(value) ? value.toString('utf8') : value;
    if (typeof text !== 'string' || text === '' || told.has(text)) return;
    told.add(text);
    onSecret(new Secret(text));
  };
  for (const { token, password, keyData, exec } of config.users) {
    for (const value of [token, password, keyData]) tell(value);
    for (const { name, value } of (exec as { env?: { name: string; value: string }[] } | undefined)?.env ??
      [])
      if (/pass|secret|token|key/i.test(name)) tell(value);
  }
  const apply = config.applyToHTTPSOptions.bind(config);
  config.applyToHTTPSOptions = async (options) => {
    try {
      await apply(options);
    } finally {
      for (const value of credentialsIn(options as https.RequestOptions)) tell(value);
    }
  };
}

function credentialsIn({ headers, key, passphrase, auth }: https.RequestOptions): readonly unknown[] {
  const { Authorization } = (headers ?? {}) as { Authorization?: unknown };
  const [, authorization] = /^\S+ (.*)$/.exec(String(Authorization ?? '')) ?? [];
  const password = typeof auth === 'string' ? auth.slice(auth.indexOf(':') + 1) : undefined;
  return [authorization, password, ...(Array.isArray(key) ? key : [key]), passphrase];
}
