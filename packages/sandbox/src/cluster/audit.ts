import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { User } from './access/user.ts';
import type { ApiRequest } from './api/request.ts';
import type { RequestInfo } from './api/request-info.ts';

/** One answered request. */
export interface AuditRecord {
  readonly request: Pick<ApiRequest, 'uri' | 'headers'>;
  readonly info: RequestInfo;
  readonly user: User | undefined;
  readonly code: number;
}

/** Writes audit events (audit.k8s.io/v1, level Metadata) as JSON lines. */
export interface AuditLog {
  record(record: AuditRecord): void;
  close(): Promise<void>;
}

/** A log in a file, or one that keeps nothing when no file is given. */
export function openAuditLog(path: string | undefined): AuditLog {
  if (path === undefined) return { record: () => {}, close: async () => {} };
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  return {
    record: (record) => void stream.write(`${JSON.stringify(auditEvent(record))}\n`),
    close: () => closed(stream),
  };
}

async function closed(stream: WriteStream): Promise<void> {
  stream.end();
  if (!stream.closed) await once(stream, 'close');
}

function auditEvent({ request, info, user, code }: AuditRecord) {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    stage: 'ResponseComplete',
    requestURI: request.uri,
    verb: info.verb,
    user: { username: user?.username ?? '', groups: user?.groups ?? [] },
    userAgent: request.headers['user-agent'] ?? '',
    ...(info.kind === 'resource' && { objectRef: objectRef(info) }),
    responseStatus: { code },
    requestReceivedTimestamp: new Date().toISOString(),
  };
}

function objectRef(info: Extract<RequestInfo, { kind: 'resource' }>) {
  const { plural, namespace, name, group, version, subresource } = info;
  const given = { resource: plural, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}
