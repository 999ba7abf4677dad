import { groupOf, guessPlural } from '@claw-run/core';
import { documentIn, isUnservedPath, strange } from './answer.ts';
import type { SendRequest } from './http.ts';

/** `/api/v1` or `/apis/apps/v1`. */
export function groupPath(apiVersion: string): string {
  return groupOf(apiVersion) === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
}

/** Finds plurals: guessed first, which costs no request, and asked of the server where the guess was wrong. */
export interface Resources {
  readonly plural: (apiVersion: string, kind: string) => string;
  /** Asks the server; `undefined` when it does not serve the kind. */
  readonly discover: (apiVersion: string, kind: string, signal: AbortSignal) => Promise<string | undefined>;
}

export function createResources(send: SendRequest): Resources {
  const found = new Map<string, string>();
  let known = false;
  /** Other servers, too, say that they do not serve a path: of one that is no API server it does not follow that an object is not there. */
  const assertApiServer = async (signal: AbortSignal) => {
    if (known) return;
    const { status, text } = await send({ method: 'GET', path: '/api', signal });
    if (!/"kind": ?"(APIVersions|APIGroupDiscoveryList|Status)"/.test(text))
      throw strange(
        'ask what the API server has',
        `HTTP ${status} came for /api, and no list of its versions`,
      );
    known = true;
  };
  return {
    plural: (apiVersion, kind) => found.get(`${apiVersion} ${kind}`) ?? guessPlural(kind),
    async discover(apiVersion, kind, signal) {
      const response = await send({ method: 'GET', path: groupPath(apiVersion), signal });
      if (isUnservedPath(response)) await assertApiServer(signal);
      if (response.status !== 200) return undefined;
      const { resources = [] } = documentIn(`ask what ${apiVersion} has`, response) as {
        resources?: { name: string; kind: string }[];
      };
      const name = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'))?.name;
      if (name !== undefined) found.set(`${apiVersion} ${kind}`, name);
      return name;
    },
  };
}
