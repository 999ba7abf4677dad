import type { Shape } from '../fields/shape.ts';
import {
  dig,
  isObject,
  type JsonObject,
  type KubeObject,
  objectOr,
  objectsOf,
  textOr,
  textsOf,
} from '../storage/objects.ts';
import type { Resource } from './resource.ts';
import { metadata } from './shapes.ts';

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const change = ['get', 'patch', 'update'];

/** The resources that an established CustomResourceDefinition (apiextensions.k8s.io/v1) adds: one for each served version. */
export function customResources(definition: KubeObject): readonly Resource[] {
  if (!hasCondition(definition, 'NamesAccepted')) return [];
  const names = objectOr(dig(definition, 'status', 'acceptedNames'));
  return objectsOf(dig(definition, 'spec', 'versions'))
    .filter((version) => version.served === true)
    .map((version) => customResource(definition, objectOr(names), version));
}

function customResource(definition: KubeObject, names: JsonObject, version: JsonObject): Resource {
  const kind = textOr(names.kind);
  const schema = objectOr(dig(version, 'schema', 'openAPIV3Schema'));
  const scale = dig(version, 'subresources', 'scale');
  return {
    group: textOr(dig(definition, 'spec', 'group')),
    version: textOr(version.name),
    plural: textOr(names.plural),
    singular: textOr(names.singular),
    kind,
    namespaced: dig(definition, 'spec', 'scope') === 'Namespaced',
    shortNames: textsOf(names.shortNames),
    categories: textsOf(names.categories),
    verbs,
    subresources: {
      ...(isObject(dig(version, 'subresources', 'status')) && { status: { kind, verbs: change } }),
      ...(isObject(scale) && {
        scale: { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: change },
      }),
    },
    shape: { ...shapeOfSchema(schema), fields: { ...shapeOfSchema(schema).fields, metadata } },
    custom: {
      schema,
      columns: objectsOf(version.additionalPrinterColumns),
      ...(isObject(scale) && { scale }),
    },
  };
}

/** Whether the object has a condition with status True. */
export function hasCondition(object: KubeObject, type: string): boolean {
  return objectsOf(dig(object, 'status', 'conditions')).some(
    (one) => one.type === type && one.status === 'True',
  );
}

function shapeOfSchema(schema: JsonObject): Shape {
  if (schema.type === 'array') return shapeOfList(schema);
  const fields = Object.entries(objectOr(schema.properties)).filter((entry): entry is [string, JsonObject] =>
    isObject(entry[1]),
  );
  return {
    ...(schema['x-kubernetes-map-type'] === 'atomic' && { atomic: true as const }),
    ...(fields.length > 0 && {
      fields: Object.fromEntries(fields.map(([name, field]) => [name, shapeOfSchema(field)])),
    }),
    ...(isObject(schema.additionalProperties) && { each: shapeOfSchema(schema.additionalProperties) }),
  };
}

function shapeOfList(schema: JsonObject): Shape {
  const item = objectOr(schema.items);
  const each = shapeOfSchema(item);
  if (schema['x-kubernetes-list-type'] === 'set') return { set: true, each };
  if (schema['x-kubernetes-list-type'] !== 'map') return { atomic: true, each };
  const keys = textsOf(schema['x-kubernetes-list-map-keys']);
  const defaults = keys.map((key) => [key, dig(item, 'properties', key, 'default')] as const);
  return { keys, each, keyDefaults: Object.fromEntries(defaults.filter(([, value]) => value !== undefined)) };
}
