import { expect, it } from 'vitest';
import type { Server } from '../contract.ts';
import { configMap, inNamespace } from './samples.ts';

interface Event {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name: string; readonly labels?: object };
    readonly code?: number;
  };
}

/** Watches, read to their end by `timeoutSeconds`. */
export function watchContract(server: Server): void {
  it('a watch goes on from a revision, and sees objects enter and leave its selector', async () => {
    await inNamespace(server, async (client, at) => {
      const maps = `/api/v1${at}/configmaps`;
      const merge = { type: 'application/merge-patch+json' };
      const labelled = (name: string, seen: string) => ({
        ...configMap(name, {}),
        metadata: { name, labels: { seen } },
      });
      const start = await client.ask('GET', maps);
      const watched = client.ask(
        'GET',
        `${maps}?watch=true&timeoutSeconds=2&labelSelector=seen%3Dyes&resourceVersion=${start.body.metadata?.resourceVersion}`,
      );
      await client.ask('POST', maps, labelled('a', 'yes'));
      await client.ask('POST', maps, labelled('b', 'no'));
      await client.ask('PATCH', `${maps}/a`, { data: { x: '1' } }, merge);
      await client.ask('PATCH', `${maps}/b`, { metadata: { labels: { seen: 'yes' } } }, merge);
      await client.ask('PATCH', `${maps}/a`, { metadata: { labels: { seen: 'no' } } }, merge);
      await client.ask('DELETE', `${maps}/b`);
      expect(events((await watched).text)).toEqual([
        ['ADDED', 'a'],
        ['MODIFIED', 'a'],
        ['ADDED', 'b'],
        ['DELETED', 'a'],
        ['DELETED', 'b'],
      ]);
    });
  });

  it('a watch without a revision starts with what is there', async () => {
    await inNamespace(server, async (client, at) => {
      await client.ask('POST', `/api/v1${at}/configmaps`, configMap('a', {}));
      const watched = await client.ask(
        'GET',
        `/api/v1${at}/configmaps?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Da`,
      );
      expect(events(watched.text)).toEqual([['ADDED', 'a']]);
    });
  });
}

function events(text: string): readonly (readonly [string, string])[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as Event)
    .map(({ type, object }) => [type, object.metadata.name] as const);
}
