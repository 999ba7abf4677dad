import { expect, it } from 'vitest';
import * as surface from '../src/index.ts';

it('offers these names, and no others', () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "connectCluster",
      "connectLocal",
      "connectOpenSsh",
      "connectPod",
      "connectSsh",
      "leaseRef",
    ]
  `);
});

it('offers these to transports of one’s own', async () => {
  expect(Object.keys(await import('../src/host/index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "childEnv",
      "connectHost",
      "defaultShell",
      "processChannel",
    ]
  `);
});
