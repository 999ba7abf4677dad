import { issuer } from '../access/tokens.ts';
import { invalidValue } from '../storage/causes.ts';
import { isObject, type JsonObject, objectOr, textOr, textsOf, timestamp } from '../storage/objects.ts';
import { conflict, invalid, notFound } from '../storage/status.ts';
import { parseObject } from './body.ts';
import type { Answer, Call } from './context.ts';
import { isDryRun } from './options.ts';
import { current } from './update.ts';

/** POST to `serviceaccounts/NAME/token` (authentication.k8s.io/v1 TokenRequest). */
export async function createToken(call: Call): Promise<Answer> {
  const body = parseObject(call.request);
  const account = current(call);
  const spec = objectOr(body.spec);
  const seconds = typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : 3600;
  const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
  if (seconds < 600)
    throw invalid(kind, '', [
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'),
    ]);
  if (seconds > 2 ** 32)
    throw invalid(kind, '', [
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds'),
    ]);
  const bound = boundObject(call, spec.boundObjectRef);
  const issuedAt = Math.floor(Date.now() / 1000);
  const asked = textsOf(spec.audiences);
  const audiences = asked.length > 0 ? asked : [issuer];
  const { name, uid, namespace = '' } = account.metadata;
  const expiresAt = issuedAt + seconds;
  const token = isDryRun(call.request.query)
    ? ''
    : await call.cluster.tokens.sign({
        namespace,
        name,
        uid,
        audiences,
        issuedAt,
        expiresAt,
        ...(bound && { bound }),
      });
  return {
    code: 201,
    body: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: timestamp() },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
      status: { token, expirationTimestamp: timestamp(new Date(expiresAt * 1000)) },
    },
  };
}

function boundObject(
  call: Call,
  ref: unknown,
): { kind: 'Pod' | 'Secret'; name: string; uid: string } | undefined {
  if (!isObject(ref)) return undefined;
  const { kind, uid } = ref as JsonObject;
  const name = textOr(ref.name);
  if (kind !== 'Pod' && kind !== 'Secret') {
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
      invalidValue('spec.boundObjectRef.kind', kind, 'cannot bind token to this kind of object'),
    ]);
  }
  const plural = `${kind.toLowerCase()}s`;
  const object = call.cluster.store.get(`/${plural}`, call.info.namespace, name);
  if (object === undefined) throw notFound({ group: '', plural }, name);
  if (textOr(uid) !== '' && uid !== object.metadata.uid) {
    throw conflict(
      { group: '', plural },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return { kind, name, uid: object.metadata.uid };
}
