import { ClawError, type ClusterObject, isObject, parseExactJson } from '@claw-run/core';
import type { ApiResponse } from './http.ts';

/**
 * Tells the answers of an API server from those of somebody in between: a proxy that wants a log-in, a page of a load balancer, an answer that was cut off. Of an
 * answer that is none, nothing follows, not even that an object is not there.
 * @throws ClawError `unreachable`
 */
export function assertAnswer(what: string, response: ApiResponse): void {
  const { status, text } = response;
  if (status >= 500) return;
  if (status === 407)
    throw strange(
      what,
      'the proxy in between asks for a log-in (HTTP 407)',
      'give its user and password in HTTPS_PROXY',
    );
  if (status >= 300 && status < 400)
    throw strange(
      what,
      `the server sends elsewhere (HTTP ${status})`,
      'correct `server` of the current kubeconfig context',
    );
  if (isUnservedPath(response)) return;
  const value = jsonOf(text);
  // what follows from these has to be said by the API server itself; gateways before it refuse in words of their own
  const mustBeStatus = status >= 400 && status !== 401 && status !== 403 && status !== 429;
  if (isObject(value) && (!mustBeStatus || value.kind === 'Status')) return;
  if (status === 429) return;
  throw notJson(what, response, mustBeStatus ? 'a Status' : 'JSON');
}

/** What an API server says of a path that it does not serve. So do other servers. */
export function isUnservedPath({ status, text }: ApiResponse): boolean {
  return status === 404 && text.trim() === '404 page not found';
}

/** The object that an answer holds. @throws ClawError `unreachable` where it holds another thing */
export function objectIn(
  what: string,
  response: ApiResponse,
  asked: { readonly kind: string; readonly name?: string | undefined },
): ClusterObject {
  const value = jsonOf(response.text);
  const fits =
    isObject(value) &&
    value.kind === asked.kind &&
    isObject(value.metadata) &&
    typeof value.metadata.name === 'string' &&
    (asked.name === undefined || value.metadata.name === asked.name);
  if (fits) return value as unknown as ClusterObject;
  throw notJson(what, response, `the ${asked.kind}`);
}

/** The answer to a question: a review with its status. @throws ClawError `unreachable` where it holds another thing */
export function reviewIn(
  what: string,
  response: ApiResponse,
  kind: string,
): ClusterObject & { readonly status: object } {
  const value = jsonOf(response.text);
  if (isObject(value) && value.kind === kind && isObject(value.status))
    return value as unknown as ClusterObject & { readonly status: object };
  throw notJson(what, response, `the ${kind}`);
}

/** One page of a list, and how to ask for the next. @throws ClawError `unreachable` where it holds another thing */
export function pageIn(
  what: string,
  response: ApiResponse,
  kind: string,
): { readonly items: readonly object[]; readonly next: string | undefined } {
  const page = jsonOf(response.text);
  const items =
    isObject(page) && page.kind !== 'Status' && Array.isArray(page.items) ? page.items : undefined;
  if (items === undefined || !isObject(page) || !items.every(isNamed))
    throw notJson(what, response, `a list of ${kind}s`);
  const next = isObject(page.metadata) ? page.metadata.continue : undefined;
  return { items, next: typeof next === 'string' && next !== '' ? next : undefined };
}

/** A JSON object, of whatever kind. @throws ClawError `unreachable` */
export function documentIn(what: string, response: ApiResponse): Record<string, unknown> {
  const value = jsonOf(response.text);
  if (isObject(value)) return value;
  throw notJson(what, response, 'JSON');
}

/** What a text is that came instead of an answer, for messages. */
export function described(text: string): string {
  const start = text.trim().replaceAll(/\s+/g, ' ').slice(0, 60);
  if (start === '') return 'nothing';
  if (/^<(!doctype|html|head|body)/i.test(start)) return `a web page (${start}…)`;
  const value = jsonOf(text);
  if (isObject(value)) return typeof value.kind === 'string' ? `another ${value.kind}` : 'other JSON';
  if (value !== undefined) return Array.isArray(value) ? 'a JSON array' : `JSON (${start})`;
  return /^[[{"]/.test(start) ? 'JSON that was cut off' : JSON.stringify(start);
}

/** An answer that is none of an API server. */
export function strange(what: string, why: string, hint = behindProxy): ClawError {
  return new ClawError('unreachable', `cannot ${what}: the answer is not one of an API server: ${why}`, {
    hint,
    retryable: true,
  });
}

const behindProxy =
  'is there a proxy or a log-in page in between? check `server` of the current kubeconfig context, and HTTPS_PROXY';

function notJson(what: string, { status, text }: ApiResponse, instead: string): ClawError {
  return strange(what, `HTTP ${status} came with ${described(text)} instead of ${instead}`);
}

function isNamed(item: unknown): item is object {
  return isObject(item) && isObject(item.metadata) && typeof item.metadata.name === 'string';
}

function jsonOf(text: string): unknown {
  try {
    // what is read may be written back: a number keeps all its digits, if only as a text, which the server refuses
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}
