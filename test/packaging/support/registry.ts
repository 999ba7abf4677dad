import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { call } from './call.ts';

interface Published {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly tarball: Buffer;
}

/** A registry on this machine: it has what is published to it, and asks another one for everything else. */
export interface Registry {
  readonly url: string;
  /** Has a tarball as if it had been published. */
  readonly add: (tarball: string) => Promise<void>;
  /** Refuses whatever is published after so many. */
  readonly refuseAfter: (count: number | undefined) => void;
  /** What was published, as `name@version`, in that order. */
  readonly published: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts a registry that package managers install from and publish to. `upstream` is where it gets the packages of others. */
export async function startRegistry(upstream: string): Promise<Registry> {
  const all: Published[] = [];
  let most: number | undefined;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(502).end(String(error));
    });
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/').slice(1);
    if (request.method === 'PUT' && most !== undefined && all.length >= most) {
      response.writeHead(403).end('{"error":"not today"}');
      return;
    }
    if (request.method === 'PUT') {
      const { versions, _attachments: files } = JSON.parse((await bodyOf(request)).toString('utf8'));
      for (const [version, manifest] of Object.entries(versions)) {
        const [file] = Object.values(files) as [{ data: string }];
        if (find(path).some((one) => one.manifest.version === version)) {
          response.writeHead(409).end('{"error":"this version is there already"}');
          return;
        }
        all.push({ manifest: manifest as Published['manifest'], tarball: Buffer.from(file.data, 'base64') });
      }
      response.writeHead(201).end('{"ok":true}');
      return;
    }
    const [, name = '', version] = /^(.+)\/-\/.*?-(\d+\.\d+\.\d+[^/]*)\.tgz$/.exec(path) ?? [];
    const tarball = find(name).find((one) => one.manifest.version === version)?.tarball;
    if (tarball !== undefined) response.end(tarball);
    else if (find(path).length > 0)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(packument(path)));
    else await pass(request, response);
  }

  const find = (name: string) => all.filter(({ manifest }) => manifest.name === name);

  function packument(name: string): object {
    const versions = find(name).map(({ manifest, tarball }) => {
      const file = `${name.split('/').at(-1)}-${manifest.version}.tgz`;
      const dist = {
        tarball: `${url()}/${name}/-/${file}`,
        integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
        shasum: createHash('sha1').update(tarball).digest('hex'),
      };
      return [manifest.version, { ...manifest, dist }];
    });
    return {
      name,
      'dist-tags': { latest: versions.at(-1)?.[0] },
      versions: Object.fromEntries(versions),
    };
  }

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = new URL(request.url ?? '/', upstream.endsWith('/') ? upstream : `${upstream}/`);
    const { accept = '*/*' } = request.headers;
    const body = request.method === 'POST' ? new Uint8Array(await bodyOf(request)) : undefined;
    const given = await fetch(from, {
      method: request.method ?? 'GET',
      headers: { accept },
      ...(body ? { body } : {}),
    });
    const type = given.headers.get('content-type') ?? 'application/octet-stream';
    response.writeHead(given.status, { 'content-type': type });
    // tarballs come from here as well
    if (type.includes('json'))
      response.end((await given.text()).replaceAll(upstream.replace(/\/$/, ''), url()));
    else response.end(Buffer.from(await given.arrayBuffer()));
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: url(),
    async add(tarball) {
      const { stdout } = await call('tar', ['xzOf', tarball, 'package/package.json']);
      all.push({ manifest: JSON.parse(stdout), tarball: readFileSync(tarball) });
    },
    refuseAfter(count) {
      most = count;
    },
    published: () => all.map(({ manifest }) => `${manifest.name}@${manifest.version}`),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
