/**
 * Marks the instances of a class for every copy of this package in a process, and tells whether a value is one, of whichever copy. Installed packages may
 * bring several copies (the command line has its own inside), and `instanceof` alone takes what one made for a stranger in another. JSON has no symbols, so
 * nothing that was read from somewhere can claim to be one.
 */
export function brandedClass(
  name: string,
  made: { readonly prototype: object },
): (value: unknown) => boolean {
  const brand = Symbol.for(`claw-run.${name}`);
  Object.defineProperty(made.prototype, brand, { value: true });
  return (value) => typeof value === 'object' && value !== null && brand in value;
}
