import { type ClusterObject, nameOf, type ObjectRef } from '@claw-run/core';
import { assertAnswer, objectIn } from './answer.ts';
import type { ApiRequest, ApiResponse, SendRequest } from './http.ts';
import { createResources, groupPath } from './resources.ts';
import { apiError, isObjectNotFound, statusOf } from './status.ts';

/** The verbs of the Kubernetes API on objects named by kind. */
export interface Api {
  /** Sends to an object (with a name) or to its collection (without). */
  readonly request: (
    method: ApiRequest['method'],
    to: Omit<ObjectRef, 'name'> & { readonly name?: string; readonly subresource?: string },
    options: Pick<ApiRequest, 'query' | 'body' | 'contentType' | 'headers' | 'signal'>,
  ) => Promise<ApiResponse>;
  /** The object, or `null` when it or its kind does not exist. */
  readonly get: (ref: ObjectRef, signal: AbortSignal) => Promise<ClusterObject | null>;
  /** The same, each of whose changes waits for something right before it is sent. */
  readonly guarded: (before: (signal: AbortSignal) => Promise<void>) => Api;
}

export function createApi(send: SendRequest): Api {
  const resources = createResources(send);

  const over = (sendOne: SendRequest): Api => {
    const request: Api['request'] = async (method, to, options) => {
      const path = pathOf(to, resources.plural(to.apiVersion, to.kind));
      const what = `${words[method]} ${to.name === undefined ? `${to.kind}s` : nameOf({ ...to, name: to.name })}`;
      const response = await sendOne({ method, path, ...options });
      if (to.subresource !== 'log' || response.status !== 200) assertAnswer(what, response);
      if (response.status !== 404 || isObjectNotFound(statusOf(response))) return response;
      const plural = await resources.discover(to.apiVersion, to.kind, options.signal);
      const corrected = plural === undefined ? path : pathOf(to, plural);
      if (corrected === path) return response;
      const second = await sendOne({ method, path: corrected, ...options });
      assertAnswer(what, second);
      return second;
    };
    return {
      request,
      async get(ref, signal) {
        const response = await request('GET', ref, { signal });
        if (response.status === 404) return null;
        if (response.status !== 200) throw apiError(`read ${nameOf(ref)}`, statusOf(response));
        return objectIn(`read ${nameOf(ref)}`, response, ref);
      },
      guarded: (before) => over((each) => sendOne(each.method === 'GET' ? each : { ...each, before })),
    };
  };
  return over(send);
}

const words: { readonly [method in ApiRequest['method']]: string } = {
  GET: 'read',
  POST: 'send',
  PUT: 'write',
  PATCH: 'patch',
  DELETE: 'delete',
};

function pathOf(to: Parameters<Api['request']>[1], plural: string): string {
  const namespace = to.namespace === undefined ? [] : ['namespaces', to.namespace];
  const rest = [
    ...namespace,
    plural,
    ...(to.name === undefined ? [] : [to.name]),
    ...(to.subresource === undefined ? [] : [to.subresource]),
  ];
  return [groupPath(to.apiVersion), ...rest.map(encodeURIComponent)].join('/');
}
