import { ClawError, type ClusterObject, isObject } from '@claw-run/core';
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
  // what an API server says of a path that it does not serve
  if (status === 404 && text.trim() === '404 page not found') return;
  if (isObject(jsonOf(text))) return;
  throw strange(what, `HTTP ${status} came with ${described(text)} instead of JSON`, behindProxy);
}

/** The object that an answer holds. @throws ClawError `unreachable` where it holds another thing */
export function objectIn(what: string, response: ApiResponse): ClusterObject {
  const value = jsonOf(response.text);
  if (isObject(value) && value.kind !== 'Status' && isObject(value.metadata))
    return value as unknown as ClusterObject;
  throw strange(
    what,
    `HTTP ${response.status} came with ${described(response.text)} instead of the object`,
    behindProxy,
  );
}

/** A JSON object, of whatever kind. @throws ClawError `unreachable` */
export function documentIn(what: string, response: ApiResponse): Record<string, unknown> {
  const value = jsonOf(response.text);
  if (isObject(value)) return value;
  throw strange(
    what,
    `HTTP ${response.status} came with ${described(response.text)} instead of JSON`,
    behindProxy,
  );
}

const behindProxy =
  'is there a proxy or a log-in page in between? check `server` of the current kubeconfig context, and HTTPS_PROXY';

function strange(what: string, why: string, hint: string): ClawError {
  return new ClawError('unreachable', `cannot ${what}: the answer is not one of an API server: ${why}`, {
    hint,
    retryable: true,
  });
}

function described(text: string): string {
  const start = text.trim().replaceAll(/\s+/g, ' ').slice(0, 60);
  if (start === '') return 'nothing';
  if (/^<(!doctype|html|head|body)/i.test(start)) return `a web page (${start}…)`;
  return /^[[{"]/.test(start) ? 'JSON that was cut off, or of another kind' : JSON.stringify(start);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
