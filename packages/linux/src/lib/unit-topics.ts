/** Where systemd looks for unit files of the system, the first before the others (systemd.unit(5)). */
const folders = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
];

/** What a unit is made of: itself, and wherever a file of it, of its template or a drop-in for it may come to be (systemd.unit(5)). Pure. */
export function unitTopics(name: string): readonly string[] {
  const dot = name.lastIndexOf('.');
  const [stem, type] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '.service'];
  const template = stem.includes('@') ? [`${stem.slice(0, stem.indexOf('@') + 1)}${type}`] : [];
  const own = [`${stem}${type}`, ...template];
  // foo-bar.service takes drop-ins of foo-.service.d too, and every service those of service.d
  const prefixes = [...stem.matchAll(/-/g)].map(({ index }) => `${stem.slice(0, index + 1)}${type}.d`);
  const names = [...own, ...own.map((each) => `${each}.d`), ...prefixes, `${type.slice(1)}.d`];
  return [`service ${name}`, ...folders.flatMap((folder) => names.map((each) => `file ${folder}/${each}`))];
}
