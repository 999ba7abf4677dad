/** Tries one law; what breaks it bears the law's name. */
export async function law(name: string, holds: () => unknown): Promise<void> {
  try {
    await holds();
  } catch (error) {
    // in place: what the runner shows of an assertion is in its other properties
    if (error instanceof Error) {
      error.message = `${name}: ${error.message}`;
      // a law inside of a law is what was broken
      Object.assign(error, { law: (error as { law?: string }).law ?? name });
    }
    throw error;
  }
}

/** A part of a law in words. */
export function claim(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
