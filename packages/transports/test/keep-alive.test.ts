import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { calm, startTestServer, type TestServer } from './api-server.ts';

let server: TestServer;
let sockets = 0;
const opened = () => {
  sockets += 1;
};

beforeEach(async () => {
  server = await startTestServer();
  sockets = 0;
  subscribe('net.client.socket', opened);
});

afterEach(async () => {
  unsubscribe('net.client.socket', opened);
  await server.close();
});

const read = { read: 'get', ref: { apiVersion: 'v1', kind: 'Namespace', name: 'default' } } as const;

it('reads that follow each other share one connection', async () => {
  const connection = await server.connect();
  for (let count = 0; count < 5; count += 1) await connection.read(read, calm());
  expect(sockets).toBe(1);
  await connection.close();
});
