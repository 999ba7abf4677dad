import { X509Certificate } from 'node:crypto';

/** The PEM blocks of a text (RFC 7468), whatever stands between them. */
export function pemBlocks(text: string): readonly string[] {
  return text.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? [];
}

/** The certificates of a PEM text; `undefined` where one of them cannot be read. */
export function certificatesIn(text: string): readonly X509Certificate[] | undefined {
  const blocks = pemBlocks(text).filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----'));
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** A bundle with the certificates of another added that it does not have. */
export function addedCertificates(bundle: string, others: string): string {
  const has = new Set(pemBlocks(bundle).map(bare));
  const missing = pemBlocks(others).filter((block) => !has.has(bare(block)));
  if (missing.length === 0) return bundle;
  const gap = bundle === '' || bundle.endsWith('\n') ? '' : '\n';
  return `${bundle}${gap}${missing.join('\n')}\n`;
}

function bare(block: string): string {
  return block.replaceAll(/\s/g, '');
}
