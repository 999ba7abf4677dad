import type { JsonObject } from './objects.ts';

/** One reason for a refusal: `status.details.causes[]`. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** What a resource is called in messages: `deployments.apps`. */
export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}

/** What a kind is called in messages: `Deployment.apps`. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** A refusal that is answered as a `Status` object (meta/v1). */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;

  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The body of the answer. */
  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** `deployments.apps`, or `pods` in the core group. */
export function qualified(resource: GroupResource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function detailsOf(resource: GroupResource, name?: string): JsonObject {
  return {
    ...(name ? { name } : {}),
    ...(resource.group === '' ? {} : { group: resource.group }),
    ...(resource.plural === '' ? {} : { kind: resource.plural }),
  };
}

/** 404: `pods "x" not found`. */
export function notFound(resource: GroupResource, name: string): ApiError {
  return new ApiError(
    404,
    'NotFound',
    `${qualified(resource)} "${name}" not found`,
    detailsOf(resource, name),
  );
}

/** 404 for a path that nothing serves. */
export function unknownPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409: `pods "x" already exists`. */
export function alreadyExists(resource: GroupResource, name: string): ApiError {
  return new ApiError(
    409,
    'AlreadyExists',
    `${qualified(resource)} "${name}" already exists`,
    detailsOf(resource, name),
  );
}

/** 409: `Operation cannot be fulfilled on pods "x": why`. */
export function conflict(resource: GroupResource, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, detailsOf(resource, name));
}

/** What a writer with a stale resourceVersion is told. */
export const modifiedSince =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 403: `pods "x" is forbidden: why`. */
export function forbidden(resource: GroupResource, name: string, why: string): ApiError {
  const subject =
    resource.plural === '' ? 'forbidden' : `${qualified(resource)}${name ? ` "${name}"` : ''} is forbidden`;
  return new ApiError(403, 'Forbidden', `${subject}: ${why}`, detailsOf(resource, name));
}

/** 422 with one cause a field. */
export function invalid(kind: GroupKind, name: string, causes: readonly Cause[]): ApiError {
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const each = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const why = each.length === 1 ? each[0] : `[${each.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${subject} "${name}" is invalid: ${why}`, {
    ...(name ? { name } : {}),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  });
}

/** 400. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** 401. */
export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

/** 405. */
export function methodNotAllowed(resource: GroupResource, verb: string): ApiError {
  const message = `${verb} is not supported on resources of kind "${qualified(resource)}"`;
  return new ApiError(405, 'MethodNotAllowed', message, detailsOf(resource));
}

/** 410: the revision asked for is no longer kept. */
export function expired(asked: number, oldest: number): ApiError {
  return new ApiError(410, 'Expired', `too old resource version: ${asked} (${oldest})`);
}

/** 415. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

/** 500. */
export function internalError(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}
