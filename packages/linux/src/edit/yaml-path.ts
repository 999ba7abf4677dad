import * as z from 'zod';

/** The keys and indexes that lead to a value. */
export type YamlPath = readonly (string | number)[];

/** `auth.authorized_groups`, `servers.0.port`, or a list where keys have dots in them. */
export const yamlPath = z
  .union([
    z.string().regex(/^[^.]+(\.[^.]+)*$/, 'must be keys joined by dots; write a list where a key has dots'),
    z.array(z.union([z.string().min(1), z.number().int().nonnegative()])).min(1),
  ])
  .describe('Where in the YAML: keys joined by dots, numbers for the items of a list; or a list of keys');

export function keysOf(path: z.output<typeof yamlPath>): YamlPath {
  return typeof path === 'string' ? path.split('.') : path;
}

export function pathText(path: YamlPath): string {
  return path.join('.');
}
