import {
  type ActionResult,
  ClawError,
  type ClusterAction,
  nameOf,
  type ObjectRef,
  refOf,
} from '@claw-run/core';
import { documentIn, objectIn, reviewIn, strange } from './answer.ts';
import type { Api } from './api.ts';
import type { ApiResponse } from './http.ts';
import { withNotPerformed } from './not-performed.ts';
import { revealSecrets } from './reveal.ts';
import { apiError, statusOf } from './status.ts';
import { pause } from './waiting.ts';

/** The field manager that server-side apply and every other write bear. */
export const fieldManager = 'claw-run';

type Stored = Exclude<ClusterAction, { do: 'issue-token' }>;

/** Performs one action on the cluster. What is already gone counts as deleted. */
export async function performOnCluster(
  api: Api,
  action: ClusterAction,
  signal: AbortSignal,
): Promise<ActionResult> {
  if (action.do === 'issue-token') return issueToken(api, action, signal);
  const response =
    action.do === 'create'
      ? await createOnceGone(api, action, signal)
      : await performAction(api, action, { signal });
  const gone = action.do === 'delete' && response.status === 404;
  if (response.status >= 300 && !gone) throw failure(action, response);
  // an answer of somebody in between does not say that it took place
  if (action.do === 'delete') documentIn(wordsFor(action), response);
  else objectIn(wordsFor(action), response, { ...refFor(action), name: undefined });
  return { status: response.status };
}

/** Sends the request that an action stands for; with `dryRun` the server stores nothing. */
export function performAction(
  api: Api,
  action: ClusterAction,
  options: { dryRun?: boolean; signal: AbortSignal },
): Promise<ApiResponse> {
  const { signal } = options;
  const query = { fieldManager, ...(options.dryRun ? { dryRun: 'All' } : {}) };
  switch (action.do) {
    case 'create': {
      const { apiVersion, kind, metadata } = action.object;
      const to =
        metadata.namespace === undefined
          ? { apiVersion, kind }
          : { apiVersion, kind, namespace: metadata.namespace };
      return api.request('POST', to, { query, body: revealSecrets(action.object), signal });
    }
    case 'patch':
      return api.request('PATCH', action.ref, {
        query,
        contentType: 'application/json-patch+json',
        body: revealSecrets(action.patch),
        signal,
      });
    case 'apply': {
      const force = action.force ? 'true' : 'false';
      const contentType = 'application/apply-patch+yaml';
      return api.request('PATCH', refOf(action.object), {
        query: { ...query, force },
        contentType,
        body: revealSecrets(action.object),
        signal,
      });
    }
    case 'delete': {
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: action.propagation ?? 'Background',
        ...(options.dryRun ? { dryRun: ['All'] } : {}),
      });
      return api.request('DELETE', action.ref, { ...(options.dryRun ? { query } : {}), body, signal });
    }
    case 'issue-token':
      throw new ClawError('fact-unreadable', 'issuing a token cannot be tried without doing it');
  }
}

/** An object of the same name that is on its way out (a replacement) is waited for, up to half a minute. */
async function createOnceGone(
  api: Api,
  action: ClusterAction & { do: 'create' },
  signal: AbortSignal,
): Promise<ApiResponse> {
  for (let waited = 0; ; waited += 200) {
    const response = await performAction(api, action, { signal });
    if (response.status !== 409 || waited >= 30_000) return response;
    const there = await api.get(refOf(action.object), signal);
    if (there !== null && there.metadata.deletionTimestamp === undefined) return response;
    await pause(200, signal);
  }
}

async function issueToken(
  api: Api,
  action: ClusterAction & { do: 'issue-token' },
  signal: AbortSignal,
): Promise<ActionResult> {
  const { account, into, boundTo } = action;
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: action.audiences,
      expirationSeconds: action.expirationSeconds,
      ...(boundTo === undefined ? {} : { boundObjectRef: { apiVersion: 'v1', ...boundTo } }),
    },
  };
  const { token, expires } = await askForToken(api, account, { request, signal });
  const secret = { apiVersion: 'v1', kind: 'Secret', namespace: into.namespace, name: into.secret };
  const stored = await api.request('PATCH', secret, {
    query: { fieldManager },
    contentType: 'application/merge-patch+json',
    body: JSON.stringify({ data: { [into.key]: Buffer.from(token).toString('base64') } }),
    signal,
  });
  if (stored.status >= 300) throw apiError(`put the token into ${nameOf(secret)}`, statusOf(stored));
  objectIn(`put the token into ${nameOf(secret)}`, stored, secret);
  return { expires };
}

/** A token that is not put anywhere is nobody's: whatever goes wrong here, nothing took place. */
async function askForToken(
  api: Api,
  account: { readonly namespace: string; readonly name: string },
  { request, signal }: { readonly request: object; readonly signal: AbortSignal },
): Promise<{ readonly token: string; readonly expires: string }> {
  const what = `issue a token for service account ${account.namespace}/${account.name}`;
  try {
    const to = { apiVersion: 'v1', kind: 'ServiceAccount', ...account, subresource: 'token' };
    const asked = await api.request('POST', to, { body: JSON.stringify(request), signal });
    if (asked.status >= 300) throw apiError(what, statusOf(asked));
    const { token, expirationTimestamp: expires } = reviewIn(what, asked, 'TokenRequest').status as {
      token?: unknown;
      expirationTimestamp?: unknown;
    };
    if (typeof token === 'string' && typeof expires === 'string') return { token, expires };
    throw strange(what, 'it holds no token');
  } catch (error) {
    throw withNotPerformed(error, true);
  }
}

function failure(action: Stored, response: ApiResponse): ClawError {
  const status = statusOf(response);
  const what = wordsFor(action);
  if (action.do === 'patch' && status.code === 422 && /test|rejected our request/i.test(status.message)) {
    return new ClawError('conflict', `cannot ${what}: it is no longer as it was observed`, {
      hint: 'someone else changed it meanwhile; run again: it is observed anew',
      notPerformed: true,
    });
  }
  return apiError(what, status);
}

function wordsFor(action: Stored): string {
  return `${action.do} ${nameOf(refFor(action))}`;
}

function refFor(action: Stored): ObjectRef {
  return action.do === 'create' || action.do === 'apply' ? refOf(action.object) : action.ref;
}
