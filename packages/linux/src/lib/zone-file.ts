import { lineEnd } from '../edit/edit.ts';
import type { Knock } from '../facts/nft-rules.ts';
import { familyOf, inNetwork } from './network.ts';

/** Names of the services that a permanent zone lets in; firewalld.zone(5). */
export function servicesOf(xml: string): readonly string[] {
  return [...uncommented(xml).matchAll(/<service\s+name="([^"]+)"/g)].map(([, name = '']) => name);
}

/** Whether a permanent zone lets a connection in, its services left aside. */
export function zoneFileOpens(commented: string, { port, proto, source }: Knock): boolean {
  const xml = uncommented(commented);
  if (/<zone\b[^>]*\btarget="ACCEPT"/.test(xml)) return true;
  const rules = [...xml.matchAll(/<rule\b[\s\S]*?<\/rule>/g)].map(([rule]) => rule);
  const plain = rules.reduce((rest, rule) => rest.replace(rule, ''), xml);
  return (
    hasPort(plain, port, proto) ||
    rules.some((rule) => {
      const from = /<source\b[^>]*\baddress="([^"]+)"/.exec(rule)?.[1];
      const inverted = /<source\b[^>]*\binvert="/.test(rule);
      return (
        /<accept\s*\/?>/.test(rule) &&
        !inverted &&
        hasPort(rule, port, proto) &&
        (from === undefined || (source !== undefined && inNetwork(source, from)))
      );
    })
  );
}

/** The zone with one more port at its end, every other byte as it was; nothing where the file does not look like a zone. */
export function withPort(xml: string, { port, proto, source }: Knock): string | undefined {
  const at = xml.lastIndexOf('</zone>');
  if (at < 0) return undefined;
  const end = lineEnd(xml);
  const opening = `<port port="${port}" protocol="${proto}"/>`;
  const lines =
    source === undefined
      ? [`  ${opening}`]
      : [
          `  <rule family="${familyOf(source)}">`,
          `    <source address="${source}"/>`,
          `    ${opening}`,
          '    <accept/>',
          '  </rule>',
        ];
  const head = xml.slice(0, at);
  const gap = /\n[ \t]*$/.test(head) ? '' : end;
  return head.replace(/[ \t]*$/, '') + gap + lines.map((line) => line + end).join('') + xml.slice(at);
}

/** The zone without what opens just this port to just this source, every other byte as it was. */
export function withoutPort(xml: string, knock: Knock): string {
  const code = uncommented(xml);
  const rules = [...code.matchAll(/<rule\b[\s\S]*?<\/rule>/g)].map(spanOf);
  const own =
    knock.source === undefined
      ? [...code.matchAll(/<port\b[^>]*?(?:\/>|>\s*<\/port>)/g)]
          .map(spanOf)
          .filter(({ start, text }) => isPort(text, knock) && !rules.some((rule) => holds(rule, start)))
      : rules.filter(({ text }) => isOwnRule(text, knock));
  return own.reduceRight((rest, span) => withoutSpan(rest, span), xml);
}

/** Ports as firewalld lists them: `7321/tcp`, `8000-8010/udp`. */
export function listOpens(ports: readonly string[], { port, proto }: Knock): boolean {
  return ports.some((one) => {
    const [range = '', kind] = one.split('/');
    const [low = '', high = low] = range.split('-');
    return kind === proto && Number(low) <= port && port <= Number(high);
  });
}

/** The rich rule that opens a port to a source, as firewalld prints it. */
export function richRule({ port, proto, source = '' }: Knock): string {
  return `rule family="${familyOf(source)}" source address="${source}" port port="${port}" protocol="${proto}" accept`;
}

/** Whether a rich rule as firewalld prints it lets the connection in. */
export function ruleOpens(rule: string, { port, proto, source }: Knock): boolean {
  if (!/ accept$/.test(rule) || / NOT /i.test(rule)) return false;
  const ports = [...rule.matchAll(/port port="([^"]+)" protocol="([^"]+)"/g)].map(
    ([, range, kind]) => `${range}/${kind}`,
  );
  const from = /source address="([^"]+)"/.exec(rule)?.[1];
  return (
    listOpens(ports, { port, proto, source }) &&
    (from === undefined || (source !== undefined && inNetwork(source, from)))
  );
}

function hasPort(xml: string, port: number, proto: string): boolean {
  const ports = [...xml.matchAll(/<port\b[^>]*>/g)].map(([tag]) => {
    const value = (name: string) =>
      new RegExp(`\\b${name}="([^"]*)"`).exec(tag.replace('<port', ''))?.[1] ?? '';
    return `${value('port')}/${value('protocol')}`;
  });
  return listOpens(ports, { port, proto: proto === 'udp' ? 'udp' : 'tcp', source: undefined });
}

interface Span {
  readonly start: number;
  readonly text: string;
}

function spanOf(match: RegExpExecArray): Span {
  return { start: match.index, text: match[0] };
}

function holds({ start, text }: Span, offset: number): boolean {
  return start <= offset && offset < start + text.length;
}

/** Takes its line too where nothing else is on it. */
function withoutSpan(xml: string, { start, text }: Span): string {
  const [before, after] = [xml.slice(0, start), xml.slice(start + text.length)];
  const alone = /(?:^|\n)[ \t]*$/.test(before) && /^[ \t]*\r?\n/.test(after);
  return alone ? before.replace(/[ \t]*$/, '') + after.replace(/^[ \t]*\r?\n/, '') : before + after;
}

function attributes(tag: string): { readonly [name: string]: string } {
  return Object.fromEntries(
    [...tag.matchAll(/\s([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

function isPort(tag: string, { port, proto }: Knock): boolean {
  const { port: range, protocol } = attributes(tag);
  return range === `${port}` && protocol === proto;
}

/** A rule with a source, a port and nothing else but that it accepts. */
function isOwnRule(rule: string, knock: Knock): boolean {
  const tags = [...rule.matchAll(/<[a-z][^>]*>/g)].map(([tag]) => tag);
  const of = (name: string) => tags.filter((tag) => new RegExp(`^<${name}\\b`).test(tag));
  const [[head = ''], [source = ''], [opening = '']] = [of('rule'), of('source'), of('port')];
  const { address, ...more } = attributes(source);
  return (
    tags.length === 4 &&
    of('accept').length === 1 &&
    Object.keys(attributes(head)).every((name) => name === 'family') &&
    address === knock.source &&
    Object.keys(more).length === 0 &&
    isPort(opening, knock)
  );
}

/** Comments are blanked, not cut, so that offsets stay what they are. */
function uncommented(xml: string): string {
  return xml.replaceAll(/<!--[\s\S]*?-->/g, (comment) => ' '.repeat(comment.length));
}
