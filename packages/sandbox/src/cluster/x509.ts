/**
 * `@peculiar/x509`, loaded with the three reflection functions that its container (tsyringe) asks for. They answer
 * that nothing is known, which is so: none of the classes used here has constructor parameters to inject.
 */
const missing = {
  getMetadata: () => undefined,
  getOwnMetadata: () => undefined,
  defineMetadata: () => undefined,
};
for (const [name, value] of Object.entries(missing)) {
  if (!Reflect.has(Reflect, name))
    Reflect.defineProperty(Reflect, name, { value, configurable: true, writable: true });
}

/** The library. */
export const x509: typeof import('@peculiar/x509') = await import('@peculiar/x509');
