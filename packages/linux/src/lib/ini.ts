/** Sections and their settings as sssd and its like write them; a later setting goes before an earlier one. */
export function parseIni(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const section = /^\[(.+)\]$/.exec(line)?.[1]?.trim();
    const [, key, value] = /^([^#;=][^=]*?)\s*=\s*(.*)$/.exec(line) ?? [];
    if (section !== undefined) {
      current = sections.get(section) ?? new Map();
      sections.set(section, current);
    } else if (key !== undefined && value !== undefined) current.set(key, value);
  }
  return sections;
}
