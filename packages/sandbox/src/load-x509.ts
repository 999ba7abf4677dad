type Library = typeof import('@peculiar/x509');

let loading: Promise<Library> | undefined;

/**
 * Loads `@peculiar/x509` when first needed, once. Its container (tsyringe) refuses to load without reflection functions though none of the
 * classes used here needs them; stand-ins are there while it loads and gone after, so that the real functions find
 * their place free.
 */
export function loadX509(): Promise<Library> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Library> {
  const names = ['getMetadata', 'getOwnMetadata', 'defineMetadata'].filter(
    (name) => !Reflect.has(Reflect, name),
  );
  for (const name of names)
    Reflect.defineProperty(Reflect, name, { value: () => undefined, configurable: true });
  const library = await import('@peculiar/x509');
  for (const name of names) Reflect.deleteProperty(Reflect, name);
  library.cryptoProvider.set(globalThis.crypto);
  return library;
}
