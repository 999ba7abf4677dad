import {
  type ClusterAction,
  type ClusterObject,
  type ClusterRead,
  type DryRunResult,
  type ListRead,
  type LogsRead,
  type Review,
  type Rights,
  refOf,
} from '@claw-run/core';
import { described, documentIn, objectIn, pageIn, reviewIn, strange } from './answer.ts';
import type { Api } from './api.ts';
import type { ApiResponse } from './http.ts';
import { performAction } from './perform.ts';
import { revealSecrets } from './reveal.ts';
import { apiError, isRefusedByAdmission, statusOf } from './status.ts';

const pageSize = '500';
const logLimitBytes = String(1024 * 1024);

/** Serves the read primitives of a cluster. None of them stores anything. */
export function readCluster(api: Api, read: ClusterRead, signal: AbortSignal): Promise<unknown> {
  switch (read.read) {
    case 'get':
      return api.get(read.ref, signal);
    case 'list':
      return list(api, read, signal);
    case 'review':
      return review(api, read.review, signal);
    case 'rights':
      return rights(api, read, signal);
    case 'logs':
      return logs(api, read, signal);
    case 'dry-run':
      return dryRun(api, read, signal);
  }
}

/** How often a list may begin again, whose next page is gone by then. */
const listAttempts = 3;

async function list(api: Api, read: ListRead, signal: AbortSignal): Promise<readonly ClusterObject[]> {
  for (let attempt = 1; ; attempt += 1) {
    const items = await listOnce(api, read, { signal, last: attempt === listAttempts });
    if (items !== undefined) return items;
  }
}

/** All pages of a list; nothing where the server has forgotten in between what it began to list (410). */
async function listOnce(
  api: Api,
  read: ListRead,
  { signal, last }: { signal: AbortSignal; last: boolean },
): Promise<readonly ClusterObject[] | undefined> {
  const { apiVersion, kind } = read;
  const to =
    read.namespace === undefined ? { apiVersion, kind } : { apiVersion, kind, namespace: read.namespace };
  const items: ClusterObject[] = [];
  let next: string | undefined;
  do {
    const query = { labelSelector: read.labels, fieldSelector: read.fields, limit: pageSize, continue: next };
    const response = await api.request('GET', to, { query, signal });
    if (response.status === 404) return [];
    if (response.status === 410 && !last) return undefined;
    if (response.status !== 200) throw apiError(`list ${kind}s`, statusOf(response));
    const page = pageIn(`list ${kind}s`, response, kind);
    items.push(...page.items.map((item) => ({ ...item, apiVersion, kind }) as ClusterObject));
    if (page.next !== undefined && page.next === next)
      throw strange(`list ${kind}s`, 'the next page is the same page again');
    next = page.next;
  } while (next !== undefined);
  return items;
}

async function review(api: Api, body: Review, signal: AbortSignal): Promise<ClusterObject> {
  const namespace = body.metadata?.namespace;
  const to = {
    apiVersion: body.apiVersion,
    kind: body.kind,
    ...(typeof namespace === 'string' ? { namespace } : {}),
  };
  const response = await api.request('POST', to, { body: revealSecrets(body), signal });
  if (response.status !== 200 && response.status !== 201)
    throw apiError(`ask for a ${body.kind}`, statusOf(response));
  return reviewIn(`ask for a ${body.kind}`, response, body.kind);
}

/** What another may do, asked in their name; `null` where impersonation is denied. */
async function rights(
  api: Api,
  read: ClusterRead & { read: 'rights' },
  signal: AbortSignal,
): Promise<Rights | null> {
  const to = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview' };
  const response = await api.request('POST', to, {
    headers: { 'Impersonate-User': read.user, 'Impersonate-Group': [...read.groups] },
    body: JSON.stringify({ ...to, spec: { namespace: read.namespace } }),
    signal,
  });
  if (response.status === 403) return null;
  if (response.status >= 300) throw apiError(`ask what ${read.user} may do`, statusOf(response));
  const { status } = reviewIn(`ask what ${read.user} may do`, response, to.kind);
  const { resourceRules = [], nonResourceRules = [] } = status as Partial<Rights>;
  return { resourceRules, nonResourceRules };
}

async function logs(api: Api, read: LogsRead, signal: AbortSignal): Promise<string | null> {
  const { namespace, pod, container, previous, tailLines, sinceSeconds } = read;
  const response = await api.request(
    'GET',
    { apiVersion: 'v1', kind: 'Pod', namespace, name: pod, subresource: 'log' },
    {
      query: {
        container,
        previous: previous ? 'true' : undefined,
        tailLines: tailLines?.toString(),
        sinceSeconds: sinceSeconds?.toString(),
        limitBytes: logLimitBytes,
      },
      signal,
    },
  );
  if (response.status === 200 && response.contentType === 'text/html')
    throw strange(`read the log of pod ${namespace}/${pod}`, `it is ${described(response.text)}`);
  if (response.status === 200) return response.text;
  if (response.status === 400 || response.status === 404) return null;
  throw apiError(`read the log of pod ${namespace}/${pod}`, statusOf(response));
}

async function dryRun(
  api: Api,
  read: ClusterRead & { read: 'dry-run' },
  signal: AbortSignal,
): Promise<DryRunResult> {
  const response = await performAction(api, read.action, { dryRun: true, signal });
  if (response.status < 300) return { ok: true, object: wouldBe(read.action, response) };
  const status = statusOf(response);
  const lacksRight = status.code === 403 && !isRefusedByAdmission(status);
  if (status.code === 401 || lacksRight || status.code >= 500)
    throw apiError('try the change without storing it', status);
  const { code, reason, message, details } = status;
  return { ok: false, status: code, reason, message, ...(details === undefined ? {} : { details }) };
}

/** What would be stored; of a deletion, what the server says of it. */
function wouldBe(action: ClusterAction, response: ApiResponse): ClusterObject {
  const what = 'try the change without storing it';
  if (action.do === 'create') return objectIn(what, response, { kind: action.object.kind });
  if (action.do === 'apply') return objectIn(what, response, refOf(action.object));
  if (action.do === 'patch') return objectIn(what, response, action.ref);
  return documentIn(what, response) as unknown as ClusterObject;
}
