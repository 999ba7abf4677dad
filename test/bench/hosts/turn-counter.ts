import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP relay that counts turns: how often the client spoke after the server had. */
export interface TurnCounter {
  readonly port: number;
  /** The turns of the connections since the last call, one number a connection. */
  readonly take: () => readonly number[];
  readonly close: () => Promise<void>;
}

/** Listens on loopback and relays to a port of loopback. */
export async function countTurns(to: number): Promise<TurnCounter> {
  const turns: { count: number }[] = [];
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: to, host: '127.0.0.1', noDelay: true });
    const mine = { count: 0 };
    let last = 'server';
    turns.push(mine);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
    }
    client.on('data', () => {
      if (last === 'server') mine.count += 1;
      last = 'client';
    });
    upstream.on('data', () => {
      last = 'server';
    });
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    take: () => turns.splice(0).map(({ count }) => count),
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
