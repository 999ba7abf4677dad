import type { Shape } from '../fields/shape.ts';
import { shapeOfField } from '../fields/shape.ts';
import { fillDefaults, prune } from '../kinds/custom-schema.ts';
import { applyDefaults } from '../kinds/defaults.ts';
import { type Resource, storeKey } from '../kinds/resource.ts';
import { metadata } from '../kinds/shapes.ts';
import { isObject, type KubeObject, objectOr } from '../storage/objects.ts';
import { badRequest } from '../storage/status.ts';
import { wrongType } from './body.ts';

const goTypes = { string: 'string', integer: 'int32', boolean: 'bool' };

/**
 * Brings an object into the form that is stored: checks the JSON types that the kind's shape knows, prunes and
 * defaults. Changes the object.
 */
export function normalize(object: KubeObject, resource: Resource): void {
  dropNulls(object, resource);
  checkTypes(object.metadata, metadata, 'metadata', resource);
  if (resource.custom === undefined) {
    checkTypes(object, resource.shape, '', resource);
    if (storeKey(resource) === '/secrets') encodeSecret(object);
    applyDefaults(storeKey(resource), object);
  } else {
    prune(object, resource.custom.schema);
    fillDefaults(object, resource.custom.schema);
  }
}

function dropNulls(object: KubeObject, resource: Resource): void {
  for (const key of Object.keys(object.metadata))
    if (object.metadata[key] === null) delete object.metadata[key];
  if (resource.custom !== undefined) return;
  for (const key of ['spec', 'status', 'data']) if (object[key] === null) delete object[key];
}

function checkTypes(value: unknown, shape: Shape | undefined, path: string, resource: Resource): void {
  if (shape === undefined || value === null || value === undefined) return;
  if (shape.type !== undefined) {
    const fits = shape.type === 'integer' ? Number.isInteger(value) : typeof value === shape.type;
    if (!fits) throw wrongType(resource, jsonType(value), path, goTypes[shape.type]);
    return;
  }
  const isList = shape.keys !== undefined || shape.set === true;
  if (isList && !Array.isArray(value)) throw wrongType(resource, jsonType(value), path, '[]v1');
  const isMap = shape.each !== undefined && !isList && shape.atomic === undefined;
  if ((shape.fields !== undefined || isMap) && !isObject(value))
    throw wrongType(resource, jsonType(value), path, 'v1');
  const under = (key: string) => (path === '' ? key : `${path}.${key}`);
  if (Array.isArray(value)) for (const item of value) checkTypes(item, shape.each, path, resource);
  else if (isObject(value))
    for (const [key, item] of Object.entries(value))
      checkTypes(item, shapeOfField(shape, key), under(key), resource);
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function encodeSecret(secret: KubeObject): void {
  const { stringData } = secret;
  for (const [key, value] of Object.entries(objectOr(secret.data))) {
    const text = String(value);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
      throw badRequest(
        `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte ${text.search(/[^A-Za-z0-9+/]/)}: data.${key}`,
      );
    }
  }
  delete secret.stringData;
  if (!isObject(stringData)) return;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ]);
  secret.data = { ...objectOr(secret.data), ...Object.fromEntries(encoded) };
}
