import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';

/**
 * A site's forward proxy on a port of loopback: passes on what comes in absolute form, except what is between the
 * client and the server alone (`Authorization`, `X-Claw-*`). Resolves, listening, with how to end it.
 */
export async function startProxy(port: number, caPath?: string): Promise<() => Promise<void>> {
  const ca = caPath === undefined ? undefined : readFileSync(caPath, 'utf8');
  const server = createServer((incoming, response) => {
    const target = URL.canParse(incoming.url ?? '') ? new URL(incoming.url ?? '') : undefined;
    if (target === undefined || !/^https?:$/.test(target.protocol)) {
      fail(response, 400, 'this is a proxy: the request has no absolute URL');
      return;
    }
    forward(incoming, response, { target, ca });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  return () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  { target, ca }: { target: URL; ca: string | undefined },
): void {
  const kept = Object.entries(incoming.headers).filter(
    ([name]) => !/^(proxy-|authorization$|x-claw-|connection$|host$)/.test(name),
  );
  const secure = target.protocol === 'https:';
  const outgoing = (secure ? httpsRequest : httpRequest)(
    target,
    {
      method: incoming.method,
      headers: { ...Object.fromEntries(kept), via: '1.1 claw-proxy' },
      agent: false,
      ca,
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  outgoing.on('error', (error) => fail(response, 502, `${target.host}: ${error.message}`));
  incoming.on('error', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function fail(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'text/plain' }).end(`${message}\n`);
}
