import { parse } from 'yaml';
import { apiVersionOf, type Resource } from '../kinds/resource.ts';
import { isObject, type JsonObject, type KubeObject, textOr } from '../storage/objects.ts';
import { type ApiError, badRequest, unsupportedMediaType } from '../storage/status.ts';
import { decodeProtobuf, protobufType } from '../wire/protobuf.ts';
import type { ApiRequest } from './request.ts';

/** The media type of a request's body, without parameters. */
export function mediaType(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Reads a body that is JSON or YAML. */
export function parseBody(request: ApiRequest): unknown {
  const type = mediaType(request);
  try {
    return type.endsWith('yaml')
      ? parse(request.body.toString('utf8'))
      : JSON.parse(request.body.toString('utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(
      `the object provided is unrecognized (must be of type json or yaml): couldn't get version/kind; json parse error: ${why}`,
    );
  }
}

/** Reads an object as a body; an empty body is an empty object when allowed. */
export function parseObject(request: ApiRequest, empty: 'allowed' | 'refused' = 'refused'): JsonObject {
  const type = mediaType(request);
  if (request.body.length === 0 && empty === 'allowed') return {};
  if (type === protobufType) return decodeProtobuf(request.body);
  if (type !== '' && type !== 'application/json' && type !== 'application/yaml') {
    throw unsupportedMediaType(['application/json', 'application/yaml']);
  }
  const body = parseBody(request);
  if (!isObject(body)) throw badRequest('the body of the request is not an object');
  return body;
}

/** Checks that an object is of the resource's kind and version, and gives it metadata. */
export function asKubeObject(body: JsonObject, resource: Resource, kind: string = resource.kind): KubeObject {
  const expected = apiVersionOf(resource);
  const apiVersion = textOr(body.apiVersion);
  const given = textOr(body.kind);
  if (given === '' && resource.custom !== undefined)
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(body)}'`);
  if (apiVersion !== '' && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (given !== '' && given !== kind) {
    throw badRequest(
      `${given} in version "${resource.version}" cannot be handled as a ${kind}: no kind "${given}" is registered for the resource`,
    );
  }
  const metadata = body.metadata ?? {};
  if (!isObject(metadata))
    throw badRequest(
      `${kind} in version "${resource.version}" cannot be handled as a ${kind}: metadata is not an object`,
    );
  return { ...body, apiVersion: expected, kind, metadata: { ...metadata } } as KubeObject;
}

/** 400 for a value of the wrong JSON type, in the words of the API server's decoder. */
export function wrongType(resource: Resource, found: string, path: string, wanted: string): ApiError {
  const why = `json: cannot unmarshal ${found} into Go struct field ${resource.kind}.${path} of type ${wanted}`;
  return badRequest(
    `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${why}`,
  );
}
