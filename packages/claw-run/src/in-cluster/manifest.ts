import { isDeepStrictEqual } from 'node:util';
import type { Json } from '@claw-run/core';
import { printable } from '@claw-run/core';
import { Document, isScalar, parseAllDocuments, visit, type YAMLSeq } from 'yaml';

/** A Kubernetes object to be applied. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [key: string]: Json | undefined;
  };
  readonly [key: string]: Json | undefined;
}

/** A manifest and what a reviewer should know of it. */
export interface Explained {
  readonly manifest: Manifest;
  readonly notes: readonly string[];
}

/** Manifests as one YAML text for `kubectl apply -f`, with notes as comments. Read back before it is given. */
export function manifestsYaml(manifests: readonly Explained[], heading: readonly string[]): string {
  const texts = manifests.map(({ manifest, notes }) => {
    const document = new Document(manifest, { aliasDuplicateObjects: false });
    visit(document, {
      Seq: (_, list) => {
        list.flow = isShort(list);
      },
    });
    return `${comments(notes)}${document.toString({ lineWidth: 0, flowCollectionPadding: false })}`;
  });
  const text = `${comments(heading)}${texts.map((each) => `---\n${each}`).join('')}`;
  const read = texts.length === 0 ? [] : parseAllDocuments(text);
  const objects = Array.isArray(read) ? read.map((document) => document.toJS() as unknown) : [];
  if (
    !isDeepStrictEqual(
      objects,
      manifests.map(({ manifest }) => JSON.parse(JSON.stringify(manifest))),
    )
  )
    throw new Error('the manifests do not read back as what they are to say');
  return text;
}

/** A list of a few words stands in one line. */
function isShort({ items }: YAMLSeq): boolean {
  return items.every((item) => isScalar(item)) && JSON.stringify(items).length <= 100;
}

function comments(lines: readonly string[]): string {
  return lines.map((line) => (line === '' ? '#\n' : `# ${printable(line).replaceAll('\n', ' ')}\n`)).join('');
}
