import { expect, it } from 'vitest';
import { type Client, known } from '../client.ts';
import type { Server } from '../contract.ts';
import { configMap, inNamespace } from './samples.ts';

/** ServiceAccount tokens: asked for, used, reviewed, revoked. */
export function tokenContract(server: Server): void {
  it('a token is its account, for its audience, as long as the account lives', async () => {
    await inNamespace(server, async (client, at, namespace) => {
      await client.ask('POST', `/api/v1${at}/serviceaccounts`, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'worker' },
      });
      const requested = await request(client, at, { expirationSeconds: 600 });
      expect(requested.body.spec?.expirationSeconds).toBe(600);
      const token = known<string>(requested.body.status?.token);
      const refused = await client.ask('GET', `/api/v1${at}/pods`, undefined, { token });
      expect(refused.body.message).toBe(
        `pods is forbidden: User "system:serviceaccount:${namespace}:worker" cannot list resource "pods" in API group "" in the namespace "${namespace}"`,
      );
      expect(await reviewed(client, token)).toMatchObject({
        authenticated: true,
        user: {
          username: `system:serviceaccount:${namespace}:worker`,
          groups: expect.arrayContaining([
            'system:serviceaccounts',
            `system:serviceaccounts:${namespace}`,
            'system:authenticated',
          ]),
        },
      });
      const own = known<string>((await request(client, at, { audiences: ['openclaw'] })).body.status?.token);
      expect(await reviewed(client, own, ['openclaw', 'x'])).toMatchObject({
        authenticated: true,
        audiences: ['openclaw'],
      });
      expect((await reviewed(client, own))?.authenticated).toBeUndefined();
      expect((await client.ask('GET', '/api', undefined, { token: own })).code).toBe(401);
      await client.ask('DELETE', `/api/v1${at}/serviceaccounts/worker`);
      await client.until(`/api/v1${at}/serviceaccounts/worker`, (reply) => reply.code === 404);
      // The account is looked up in what the server watches, which hears of it a moment later.
      await expect
        .poll(async () => (await reviewed(client, own, ['openclaw']))?.authenticated)
        .toBeUndefined();
    });
  });

  it('a token that is bound goes with what it is bound to', async () => {
    await inNamespace(server, async (client, at) => {
      await client.ask('POST', `/api/v1${at}/serviceaccounts`, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'worker' },
      });
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
      const { uid } = (await client.ask('POST', `/api/v1${at}/secrets`, secret)).body.metadata as unknown as {
        uid: string;
      };
      const bound = await request(client, at, {
        boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's', uid },
      });
      const token = known<string>(bound.body.status?.token);
      expect((await reviewed(client, token))?.authenticated).toBe(true);
      await client.ask('DELETE', `/api/v1${at}/secrets/s`);
      // A real server remembers for ten seconds that a token held.
      await expect.poll(async () => (await reviewed(client, token))?.authenticated).toBeUndefined();
    });
  });

  it('a token for less than ten minutes is refused', async () => {
    await inNamespace(server, async (client, at) => {
      await client.ask('POST', `/api/v1${at}/serviceaccounts`, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'worker' },
      });
      const refused = await request(client, at, { expirationSeconds: 60 });
      expect(refused.body.details?.causes).toEqual([
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: 60: may not specify a duration less than 10 minutes',
          field: 'spec.expirationSeconds',
        },
      ]);
      expect((await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', {}))).code).toBe(201);
    });
  });
}

function request(client: Client, at: string, spec: object) {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [], ...spec },
  };
  return client.ask('POST', `/api/v1${at}/serviceaccounts/worker/token`, body);
}

async function reviewed(client: Client, token: string, audiences?: readonly string[]) {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences } };
  return (await client.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', body)).body.status;
}
