import { type Column, columnsOf } from '../kinds/columns.ts';
import { storeKey } from '../kinds/resource.ts';
import { ageSince } from '../storage/age.ts';
import { isObject, type JsonObject, type KubeObject, listOr, textOr } from '../storage/objects.ts';
import type { Call } from './context.ts';

/** Objects as a Table (meta/v1), which is what `kubectl get` prints. */
export function tableOf(
  call: Call,
  objects: readonly KubeObject[],
  metadata: JsonObject,
  withColumns: boolean,
): JsonObject {
  const columns = call.resource.custom
    ? customColumns(call.resource.custom.columns)
    : columnsOf(storeKey(call.resource));
  const include = call.request.query.get('includeObject') ?? 'Metadata';
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withColumns ? columns.map(definition) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object) ?? '<none>'),
      ...included(object, include),
    })),
  };
}

function definition({ name, type = 'string', wide = false }: Column): JsonObject {
  return { name, type, format: name === 'Name' ? 'name' : '', description: '', priority: wide ? 1 : 0 };
}

function included(object: KubeObject, include: string): JsonObject {
  if (include === 'None') return {};
  if (include === 'Object') return { object };
  return {
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
  };
}

function customColumns(columns: readonly JsonObject[]): readonly Column[] {
  const name: Column = { name: 'Name', cell: (object) => object.metadata.name };
  const rest =
    columns.length > 0 ? columns : [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }];
  return [
    name,
    ...rest.map((column) => ({
      name: textOr(column.name),
      type: textOr(column.type),
      wide: Number(column.priority ?? 0) > 0,
      cell: cellAt(column),
    })),
  ];
}

function cellAt(column: JsonObject): Column['cell'] {
  const steps = pathSteps(textOr(column.jsonPath));
  return (object) => {
    const found = steps.reduce<unknown>((at, step) => stepInto(at, step), object);
    if (found === undefined || found === null) return null;
    if (column.type === 'date') return age(textOr(found));
    return typeof found === 'object' ? JSON.stringify(found) : found;
  };
}

type Step = string | number | { readonly key: string; readonly value: string };

/** The steps of a simple JSONPath: `.a.b`, `.a[0]`, `.a['b']` and `.a[?(@.type=="Ready")].b`. */
function pathSteps(path: string): readonly Step[] {
  const pattern =
    /\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]|\[\?\(@\.([A-Za-z0-9_]+)\s*==\s*["']([^"']*)["']\)\]/g;
  return [...path.replaceAll('\\.', '\u0000').matchAll(pattern)].map(
    ([, field, index, quoted, key, value]) => {
      if (key !== undefined) return { key, value: value ?? '' };
      return index !== undefined ? Number(index) : (field ?? quoted ?? '').replaceAll('\u0000', '.');
    },
  );
}

function stepInto(at: unknown, step: Step): unknown {
  if (typeof step === 'number') return listOr(at)[step];
  if (typeof step === 'string') return isObject(at) ? at[step] : undefined;
  return listOr(at).find((item) => isObject(item) && item[step.key] === step.value);
}

function age(text: string): string {
  return ageSince(text, Date.now());
}
