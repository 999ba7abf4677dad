import type { Definition } from '@claw-run/core';
import * as definitions from './definitions.ts';

export * from './definitions.ts';

/** Every step, check and lookup of this library. */
export const linux: readonly Definition[] = Object.values(definitions);
