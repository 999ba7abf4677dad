import { ClawError, isObject, type JsonObject } from '@claw-run/core';
import { described } from './answer.ts';
import type { ApiResponse } from './http.ts';

/** The server's own words for what went wrong. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: JsonObject;
}

/** Reads a Status object; anything else is quoted as text. */
export function statusOf(response: ApiResponse): ApiStatus {
  const body = parseJson(response.text);
  if (isObject(body) && body.kind === 'Status') {
    return {
      code: response.status,
      reason: String(body.reason ?? ''),
      message: String(body.message ?? ''),
      ...(isObject(body.details) ? { details: body.details as JsonObject } : {}),
    };
  }
  return {
    code: response.status,
    reason: '',
    message: `HTTP ${response.status} came with ${described(response.text)}`,
  };
}

/** True where a 404 means that the object does not exist, not that the server knows no such resource. */
export function isObjectNotFound(status: ApiStatus): boolean {
  return status.code === 404 && status.reason === 'NotFound' && status.details?.name !== undefined;
}

/**
 * True where what is asked for was refused, and not who asks: admission says that it is forbidden too, for a quota, a policy, a namespace that ends. The authorizer
 * says that a user cannot do it, RBAC that they would grant what they have not.
 */
export function isRefusedByAdmission({ code, message }: ApiStatus): boolean {
  if (code < 400 || code >= 500) return false;
  if (/^admission webhook .* denied the request/.test(message)) return true;
  const lacksRight = /\bcannot \w+ (resource|path) |attempting to grant|not currently held|you can't set/;
  return message.includes(' is forbidden: ') && !lacksRight.test(message);
}

/**
 * The error that a refusing answer stands for; `what` is what was tried: `read ConfigMap a/b`. A request that was refused was not carried out; of one that the server
 * failed at, nobody knows.
 */
export function apiError(what: string, status: ApiStatus): ClawError {
  const message = `cannot ${what}: ${status.message}`;
  if (isRefusedByAdmission(status))
    return new ClawError('action-failed', message, {
      hint: 'no right is missing: a quota, a policy or a webhook of the cluster refuses it; change that, or what is asked for',
      notPerformed: true,
    });
  switch (status.code) {
    case 401:
      return new ClawError('forbidden', `cannot ${what}: the API server does not accept the credentials`, {
        hint: 'log in again, or check the user of the current kubeconfig context',
        notPerformed: true,
      });
    case 403:
      return new ClawError('forbidden', message, {
        hint: 'ask for the right, or use a context that has it',
        notPerformed: true,
      });
    case 404:
      return new ClawError('not-found', message, { notPerformed: true });
    case 409:
      return new ClawError('conflict', message, {
        hint: 'look at the object, then run again: it is observed anew',
        notPerformed: true,
      });
    case 408:
    case 502:
    case 503:
    case 504:
      return new ClawError('unreachable', message, {
        hint: inTrouble,
        retryable: true,
      });
    default:
      return new ClawError('action-failed', message, {
        ...(status.code >= 500 ? { hint: inTrouble } : {}),
        retryable: status.code >= 500 || status.code === 429,
        notPerformed: status.code >= 400 && status.code < 500,
      });
  }
}

const inTrouble = 'the API server, or what stands before it, is in trouble: look at it, then resume';

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
