import { mapSecrets } from '@claw-run/core';

/** JSON text with the secrets in it: only for the wire. */
export function revealSecrets(value: unknown): string {
  return JSON.stringify(mapSecrets(value, (secret) => secret.reveal()));
}
