import type { KubeClient } from './client.ts';
import type { TokenVerdict } from './registration.ts';
import { type KubeObject, resources } from './resources.ts';
import { workerRules } from './world-worker-side.ts';

/** The API server's answers about accounts and tokens, kept for a while. */
export interface Reviews {
  mayWork(namespace: string, serviceAccount: string): Promise<boolean>;
  reviewToken(token: string, audience: string): Promise<TokenVerdict>;
  /** Rights or accounts have changed: ask again. */
  forget(): void;
}

const KEPT_MS = 30_000;
/** The API server takes a moment to act on changed rights; answers from that time are soon asked for again. */
const UNSETTLED_MS = 3_000;
const KEPT_WHILE_UNSETTLED_MS = 400;

interface Kept {
  readonly answer: Promise<unknown>;
  readonly until: number;
}

/** Reviews by the API server that the client talks to. */
export function createReviews(client: KubeClient): Reviews {
  const kept = new Map<string, Kept>();
  let changedAt = Number.NEGATIVE_INFINITY;

  const ask = <T>(key: string, question: () => Promise<T>): Promise<T> => {
    const now = performance.now();
    const known = kept.get(key);
    if (known !== undefined && now < known.until) return known.answer as Promise<T>;
    const answer = question();
    answer.catch(() => kept.delete(key));
    kept.set(key, {
      answer,
      until: now + (now - changedAt < UNSETTLED_MS ? KEPT_WHILE_UNSETTLED_MS : KEPT_MS),
    });
    return answer;
  };

  return {
    mayWork: (namespace, account) =>
      ask(`rights/${namespace}/${account}`, async () => {
        const answers = await Promise.all(
          accesses(namespace).map((access) => isAllowed(client, account, access)),
        );
        return answers.every(Boolean);
      }),
    reviewToken: (token, audience) =>
      ask(`token/${audience}/${token}`, () => review(client, token, audience)),
    forget: () => {
      changedAt = performance.now();
      kept.clear();
    },
  };
}

interface Access {
  readonly namespace: string;
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
}

function accesses(namespace: string): readonly Access[] {
  return workerRules.flatMap(({ apiGroups, resources: kinds, verbs }) =>
    apiGroups.flatMap((group) =>
      kinds.flatMap((resource) => verbs.map((verb) => ({ namespace, group, resource, verb }))),
    ),
  );
}

async function isAllowed(client: KubeClient, account: string, resourceAttributes: Access): Promise<boolean> {
  const { namespace } = resourceAttributes;
  const spec = {
    user: `system:serviceaccount:${namespace}:${account}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    resourceAttributes,
  };
  const { status } = await client.create<ReviewOf<{ allowed?: boolean }>>(
    resources.subjectAccessReviews,
    asReview(spec),
  );
  return status?.allowed === true;
}

async function review(client: KubeClient, token: string, audience: string): Promise<TokenVerdict> {
  const { status } = await client.create<ReviewOf<{ authenticated?: boolean; user?: { username?: string } }>>(
    resources.tokenReviews,
    asReview({ token: token.trim(), audiences: [audience] }),
  );
  const username = status?.user?.username;
  return { authenticated: status?.authenticated === true, ...(username && { username }) };
}

type ReviewOf<S> = KubeObject & { readonly status?: S };

function asReview(spec: object) {
  return { metadata: {} as KubeObject['metadata'], spec };
}
