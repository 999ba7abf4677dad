/** What `systemctl show` prints: a property may be there several times. */
export function properties(text: string): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at < 1) continue;
    const key = line.slice(0, at);
    all.set(key, [...(all.get(key) ?? []), line.slice(at + 1)]);
  }
  return all;
}

/** `Sun 2026-11-22 03:30:12.562136 UTC` in milliseconds since 1970, with their fraction; `null` where it has not happened. */
export function stamp(text: string): number | null {
  const [, day, time, fraction = ''] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? UTC/.exec(text) ?? [];
  return day === undefined || time === undefined
    ? null
    : Date.parse(`${day}T${time}Z`) + Number(`0${fraction}`) * 1000;
}

/** The stamps in `{ path=… ; start_time=[…] ; … }`. */
export function stampsIn(line: string, name: string): readonly number[] {
  return [...line.matchAll(new RegExp(`${name}=\\[([^\\]]*)\\]`, 'g'))].flatMap(([, text = '']) => {
    const time = stamp(text);
    return time === null ? [] : [time];
  });
}
