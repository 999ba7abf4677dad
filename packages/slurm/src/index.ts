import type { Definition } from '@claw-run/core';

/** Every step, check and lookup of this library. */
export const slurm: readonly Definition[] = [];
