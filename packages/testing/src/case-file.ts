import { Secret } from '@claw-run/core';
import { type CollectionTag, parse, type ScalarTag, YAMLMap } from 'yaml';

/**
 * Reads a file of cases: YAML with `!secret text`, `!base64 text`, `!secret-base64 text` and `!jwt {…}` (a token with these
 * claims, as the data of a Secret holds it: base64, and nobody's signature).
 */
export function parseCases<T>(text: string): readonly T[] {
  return parse(text, { customTags: [secret, base64, secretBase64, jwt], merge: true });
}

const secret = scalar('!secret', (text) => new Secret(text));
const base64 = scalar('!base64', encoded);
const secretBase64 = scalar('!secret-base64', (text) => new Secret(encoded(text)));

const jwt: CollectionTag = {
  tag: '!jwt',
  collection: 'map',
  nodeClass: class TokenMap extends YAMLMap {
    override toJSON(): string {
      const claims = JSON.stringify(super.toJSON());
      const parts = ['{"alg":"none"}', claims, 'signature'].map((part) =>
        Buffer.from(part).toString('base64url'),
      );
      return encoded(parts.join('.'));
    }
  },
};

function scalar(tag: string, resolve: (text: string) => unknown): ScalarTag {
  return { tag, resolve };
}

function encoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
