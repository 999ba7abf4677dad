import { type ClusterObject, type Fact, nameOf, type ObjectRef, objectFact } from '@claw-run/core';
import { normalForm } from './normal-form.ts';

/** An object in its normal form; `null` when there is none. */
export function storedObject(ref: ObjectRef): Fact<'cluster', ClusterObject | null> {
  return objectFact({ ref, parse: (object) => (object === null ? null : normalForm(object)) });
}

/** Whether an object is there. */
export function presence(ref: ObjectRef): Fact<'cluster', boolean> {
  return objectFact({ key: `${nameOf(ref)} exists`, ref, parse: (object) => object !== null });
}
