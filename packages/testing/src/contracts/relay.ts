import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** Something between a client and an API server, as proxies and older servers are. */
export interface Relay {
  readonly url: string;
  /** The protocol of each upgraded connection, in order. */
  readonly spoken: readonly string[];
  /** Cuts every connection. */
  readonly drop: () => void;
  /** Passes nothing on any more, and leaves the connections open. */
  readonly silence: () => void;
  readonly close: () => Promise<void>;
}

export interface RelayOptions {
  /** What the server is made to speak. */
  readonly protocols?: readonly string[];
}

/** Relays to an API server, whose certificate it does not check, over plain HTTP. */
export async function startRelay(server: string, { protocols }: RelayOptions = {}): Promise<Relay> {
  const spoken: string[] = [];
  const ends = new Set<Duplex>();
  const forward = ({ url = '/', method, headers }: IncomingMessage) => {
    const offered =
      protocols && headers['sec-websocket-protocol']
        ? { 'sec-websocket-protocol': protocols.join(', ') }
        : {};
    const { host: _, ...rest } = headers;
    return request(new URL(url, server), {
      method,
      headers: { ...rest, ...offered },
      rejectUnauthorized: false,
      agent: false,
    });
  };
  const listener = createServer((incoming, response) => {
    const outgoing = forward(incoming);
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  listener.on('upgrade', (incoming, client) => {
    const outgoing = forward(incoming);
    outgoing.on('error', () => client.destroy());
    outgoing.on('response', (answer) => {
      client.write(headOf(answer));
      answer.pipe(client);
    });
    outgoing.on('upgrade', (answer, far, head) => {
      spoken.push(String(answer.headers['sec-websocket-protocol']));
      client.write(headOf(answer));
      client.write(head);
      for (const end of [client, far]) {
        ends.add(end);
        end.on('error', () => end.destroy());
      }
      client.on('close', () => far.destroy());
      far.on('close', () => client.destroy());
      far.pipe(client).pipe(far);
    });
    outgoing.end();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const drop = () => {
    for (const end of ends) end.destroy();
    ends.clear();
  };
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    spoken,
    drop,
    silence: () => {
      for (const end of ends) end.unpipe().pause();
    },
    async close() {
      drop();
      const closed = once(listener, 'close');
      listener.close();
      listener.closeAllConnections();
      await closed;
    },
  };
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
