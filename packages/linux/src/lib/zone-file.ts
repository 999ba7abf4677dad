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

function uncommented(xml: string): string {
  return xml.replaceAll(/<!--[\s\S]*?-->/g, '');
}
