import { invalidValue, notSupported, required } from '../storage/causes.ts';
import {
  copy,
  isObject,
  type JsonObject,
  listOr,
  objectOr,
  objectsOf,
  textOr,
  textsOf,
} from '../storage/objects.ts';
import type { Cause } from '../storage/status.ts';

const rootFields = ['apiVersion', 'kind', 'metadata'];

/** Drops the fields that a structural schema does not know, unless it says `x-kubernetes-preserve-unknown-fields`. */
export function prune(value: unknown, schema: JsonObject, root = true): void {
  if (Array.isArray(value)) for (const item of value) prune(item, objectOr(schema.items), false);
  if (!isObject(value)) return;
  const properties = objectOr(schema.properties);
  for (const key of Object.keys(value)) {
    if (root && rootFields.includes(key)) continue;
    if (schema['x-kubernetes-embedded-resource'] === true && rootFields.includes(key)) continue;
    const known = properties[key] ?? schema.additionalProperties;
    if (isObject(known)) prune(value[key], known, false);
    else if (known !== true && schema['x-kubernetes-preserve-unknown-fields'] !== true) delete value[key];
  }
}

/** Fills `default` values of a structural schema. */
export function fillDefaults(value: unknown, schema: JsonObject): void {
  if (Array.isArray(value)) for (const item of value) fillDefaults(item, objectOr(schema.items));
  if (!isObject(value)) return;
  for (const [key, field] of Object.entries(objectOr(schema.properties))) {
    if (!isObject(field)) continue;
    const missing = value[key] === undefined || (value[key] === null && field.nullable !== true);
    if (missing && field.default !== undefined) value[key] = copy(field.default);
    fillDefaults(value[key], field);
  }
  if (isObject(schema.additionalProperties))
    for (const item of Object.values(value)) fillDefaults(item, schema.additionalProperties);
}

/** What is wrong with a value by a structural schema, in the words of the API server's validation. */
export function schemaCauses(value: unknown, schema: JsonObject, field = ''): readonly Cause[] {
  if (value === null || value === undefined) {
    return value === undefined || schema.nullable === true ? [] : typeCauses(null, schema, field);
  }
  const wrongType = typeCauses(value, schema, field);
  if (wrongType.length > 0) return wrongType;
  return [
    ...enumCauses(value, schema, field),
    ...textCauses(value, schema, field),
    ...numberCauses(value, schema, field),
    ...listCauses(value, schema, field),
    ...fieldCauses(value, schema, field),
    ...unionCauses(value, schema, field),
  ];
}

function typeCauses(value: unknown, schema: JsonObject, field: string): readonly Cause[] {
  const actual = typeName(value);
  const wanted = textOr(schema.type);
  if (schema['x-kubernetes-int-or-string'] === true && (actual === 'integer' || actual === 'string'))
    return [];
  if (wanted === '' || wanted === actual || (wanted === 'number' && actual === 'integer')) return [];
  const detail = `${field} in body must be of type ${wanted}: "${actual}"`;
  return [{ reason: 'FieldValueTypeInvalid', message: `Invalid value: "${actual}": ${detail}`, field }];
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

function enumCauses(value: unknown, schema: JsonObject, field: string): readonly Cause[] {
  const allowed = listOr(schema.enum);
  if (allowed.length === 0 || allowed.includes(value)) return [];
  return [notSupported(field, value, allowed.map(String))];
}

function textCauses(value: unknown, schema: JsonObject, field: string): readonly Cause[] {
  if (typeof value !== 'string') return [];
  const causes: Cause[] = [];
  const { pattern, minLength, maxLength } = schema;
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) {
    causes.push(invalidValue(field, value, `${field} in body should match '${pattern}'`));
  }
  if (typeof minLength === 'number' && value.length < minLength) {
    causes.push(invalidValue(field, value, `${field} in body should be at least ${minLength} chars long`));
  }
  if (typeof maxLength === 'number' && value.length > maxLength) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${maxLength} bytes`,
      field,
    });
  }
  if (schema.format === 'date-time' && Number.isNaN(Date.parse(value))) {
    causes.push(
      invalidValue(field, value, `${field} in body must be of type date-time: ${JSON.stringify(value)}`),
    );
  }
  return causes;
}

function numberCauses(value: unknown, schema: JsonObject, field: string): readonly Cause[] {
  if (typeof value !== 'number') return [];
  const { minimum, maximum } = schema;
  const low = typeof minimum === 'number' && value < minimum;
  const high = typeof maximum === 'number' && value > maximum;
  if (low)
    return [invalidValue(field, value, `${field} in body should be greater than or equal to ${minimum}`)];
  return high
    ? [invalidValue(field, value, `${field} in body should be less than or equal to ${maximum}`)]
    : [];
}

function listCauses(value: unknown, schema: JsonObject, field: string): readonly Cause[] {
  if (!Array.isArray(value)) return [];
  const { minItems, maxItems } = schema;
  const items = value.flatMap((item, at) => schemaCauses(item, objectOr(schema.items), `${field}[${at}]`));
  if (typeof minItems === 'number' && value.length < minItems) {
    return [
      invalidValue(field, value.length, `${field} in body should have at least ${minItems} items`),
      ...items,
    ];
  }
  if (typeof maxItems === 'number' && value.length > maxItems) {
    return [
      {
        reason: 'FieldValueTooMany',
        message: `Too many: ${value.length}: must have at most ${maxItems} items`,
        field,
      },
      ...items,
    ];
  }
  return items;
}

function fieldCauses(value: unknown, schema: JsonObject, field: string): readonly Cause[] {
  if (!isObject(value)) return [];
  const place = (key: string) => (field === '' ? key : `${field}.${key}`);
  const missing = textsOf(schema.required).filter((key) => value[key] === undefined);
  const known = Object.entries(objectOr(schema.properties)).filter((entry): entry is [string, JsonObject] =>
    isObject(entry[1]),
  );
  const rest = isObject(schema.additionalProperties)
    ? Object.keys(value).filter((key) => !known.some(([name]) => name === key))
    : [];
  return [
    ...missing.map((key) => required(place(key))),
    ...known.flatMap(([key, inner]) =>
      field === '' && key === 'metadata' ? [] : schemaCauses(value[key], inner, place(key)),
    ),
    ...rest.flatMap((key) => schemaCauses(value[key], objectOr(schema.additionalProperties), place(key))),
  ];
}

function unionCauses(value: unknown, schema: JsonObject, field: string): readonly Cause[] {
  const fits = (one: JsonObject) => schemaCauses(value, one, field).length === 0;
  const all = objectsOf(schema.allOf).flatMap((one) => schemaCauses(value, one, field));
  const any = objectsOf(schema.anyOf);
  const none = any.length > 0 && !any.some(fits);
  return none
    ? [...all, invalidValue(field, value, `${field} in body must validate at least one schema (anyOf)`)]
    : all;
}
