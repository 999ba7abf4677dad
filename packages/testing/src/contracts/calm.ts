/** A signal for one request; no healthy target takes a minute. */
export function calm(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(60_000) };
}
