/** An entry of a directory: its attributes, by their names in lower case. */
export type LdapEntry = ReadonlyMap<string, readonly string[]>;

/** Reads what `ldapsearch -LLL -o ldif-wrap=no` prints (RFC 2849). */
export function parseLdif(text: string): readonly LdapEntry[] {
  return text
    .split(/\n\n+/)
    .map((block) => {
      const entry = new Map<string, string[]>();
      for (const line of block.split('\n')) {
        const [, name, colons, value = ''] = /^([A-Za-z][\w;.-]*)(::?) ?(.*)$/.exec(line) ?? [];
        if (name === undefined) continue;
        const text = colons === '::' ? Buffer.from(value, 'base64').toString('utf8') : value;
        const key = name.toLowerCase();
        entry.set(key, [...(entry.get(key) ?? []), text]);
      }
      return entry;
    })
    .filter((entry) => entry.has('dn'));
}

/** One line of LDIF; a value that could be misread goes as base64. */
export function ldifLine(name: string, value: string): string {
  const safe = /^(?![ :<])[\x20-\x7e]*(?<! )$/.test(value);
  return safe ? `${name}: ${value}` : `${name}:: ${Buffer.from(value, 'utf8').toString('base64')}`;
}

/** A value inside a search filter (RFC 4515). */
export function filterValue(text: string): string {
  return text.replaceAll(/[\\*()\0]/g, (sign) => `\\${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
