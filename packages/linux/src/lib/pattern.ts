import * as z from 'zod';

/** A regular expression in the notation of JavaScript, with the flag `u`. */
export const pattern = z.string().min(1).refine(compiles, 'must be a regular expression');

function compiles(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
