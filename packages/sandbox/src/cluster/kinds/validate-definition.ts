import { invalidValue, required } from '../storage/causes.ts';
import { dig, isObject, type KubeObject, objectsOf, textOr } from '../storage/objects.ts';
import type { Cause } from '../storage/status.ts';

/** CustomResourceDefinition: its name, names, versions and schemas. */
export function validateDefinition(definition: KubeObject, before?: KubeObject): readonly Cause[] {
  const group = textOr(dig(definition, 'spec', 'group'));
  const plural = textOr(dig(definition, 'spec', 'names', 'plural'));
  const name = definition.metadata.name;
  const versions = objectsOf(dig(definition, 'spec', 'versions'));
  const stored = versions.filter((version) => version.storage === true).length;
  const causes: Cause[] = [];
  if (name !== `${plural}.${group}`)
    causes.push(invalidValue('metadata.name', name, `must be spec.names.plural+"."+spec.group`));
  if (group === '') causes.push(required('spec.group'));
  if (textOr(dig(definition, 'spec', 'scope')) === '') causes.push(required('spec.scope'));
  if (textOr(dig(definition, 'spec', 'names', 'kind')) === '') causes.push(required('spec.names.kind'));
  if (stored !== 1)
    causes.push(
      invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
  versions.forEach((version, at) => {
    const schema = dig(version, 'schema', 'openAPIV3Schema');
    const field = `spec.versions[${at}].schema.openAPIV3Schema`;
    if (!isObject(schema)) causes.push(required(field, 'schemas are required'));
    else if (textOr(schema.type) === '')
      causes.push(required(`${field}.type`, 'must not be empty at the root'));
  });
  if (before !== undefined && dig(before, 'spec', 'scope') !== dig(definition, 'spec', 'scope')) {
    causes.push(invalidValue('spec.scope', dig(definition, 'spec', 'scope'), 'field is immutable'));
  }
  return causes;
}
