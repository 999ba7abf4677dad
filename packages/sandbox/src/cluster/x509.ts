/**
 * Loads `@peculiar/x509`. Its container (tsyringe) refuses to load without reflection functions though none of the
 * classes used here needs them; stand-ins are there while it loads and gone after, so that the real functions find
 * their place free.
 */
async function load(): Promise<typeof import('@peculiar/x509')> {
  const names = ['getMetadata', 'getOwnMetadata', 'defineMetadata'].filter(
    (name) => !Reflect.has(Reflect, name),
  );
  for (const name of names)
    Reflect.defineProperty(Reflect, name, { value: () => undefined, configurable: true });
  const library = await import('@peculiar/x509');
  for (const name of names) Reflect.deleteProperty(Reflect, name);
  return library;
}

/** The library. */
export const x509: typeof import('@peculiar/x509') = await load();
