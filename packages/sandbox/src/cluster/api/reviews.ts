import type { Attributes } from '../access/rules.ts';
import { issuer } from '../access/tokens.ts';
import type { User } from '../access/user.ts';
import { apiVersionOf } from '../kinds/resource.ts';
import { required } from '../storage/causes.ts';
import { isObject, type JsonObject, type KubeObject, objectOr, textOr, textsOf } from '../storage/objects.ts';
import { badRequest, invalid } from '../storage/status.ts';
import { asKubeObject, parseObject } from './body.ts';
import type { Answer, Call } from './context.ts';

type Review = (call: Call, object: KubeObject) => JsonObject | Promise<JsonObject>;

const reviews: Readonly<Record<string, Review>> = {
  subjectaccessreviews: (call, object) => accessReview(call, object, subjectOf(call, object)),
  localsubjectaccessreviews: localAccessReview,
  selfsubjectaccessreviews: (call, object) => accessReview(call, object, call.user),
  selfsubjectrulesreviews: rulesReview,
  selfsubjectreviews: (call) => ({ status: { userInfo: userInfo(call.user) } }),
  tokenreviews: tokenReview,
};

/** Whether the resource is a review: an object that is answered and not kept. */
export function isReview(call: Call): boolean {
  return call.resource.group.endsWith('ization.k8s.io') || call.resource.group === 'authentication.k8s.io'
    ? Object.hasOwn(reviews, call.resource.plural)
    : false;
}

/** POST of a review: the object with its `status` filled in. */
export async function answerReview(call: Call): Promise<Answer> {
  const object = asKubeObject(parseObject(call.request), call.resource);
  const review = reviews[call.resource.plural];
  const filled = await review?.(call, object);
  const head = { kind: call.resource.kind, apiVersion: apiVersionOf(call.resource) };
  return {
    code: 201,
    body: {
      ...head,
      metadata: object.metadata,
      ...(object.spec !== undefined && { spec: object.spec }),
      ...filled,
    },
  };
}

function subjectOf(call: Call, object: KubeObject): User {
  const spec = objectOr(object.spec);
  const groups = textsOf(spec.groups);
  if (textOr(spec.user) === '' && groups.length === 0) {
    throw invalid(call.resource, '', [
      {
        ...required('spec.user', 'at least one of user or group must be specified'),
        reason: 'FieldValueInvalid',
        message: 'Invalid value: "": at least one of user or group must be specified',
      },
    ]);
  }
  return { username: textOr(spec.user), groups };
}

function accessReview(call: Call, object: KubeObject, user: User): JsonObject {
  const spec = objectOr(object.spec);
  const both = isObject(spec.resourceAttributes) === isObject(spec.nonResourceAttributes);
  if (both) {
    throw invalid(call.resource, '', [
      {
        reason: 'FieldValueInvalid',
        message:
          'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
        field: 'spec.resourceAttributes',
      },
    ]);
  }
  const decision = call.cluster.authorizer.decide(user, attributesOf(spec));
  return {
    status: { allowed: decision.allowed, ...(decision.reason !== '' && { reason: decision.reason }) },
  };
}

function localAccessReview(call: Call, object: KubeObject): JsonObject {
  const asked = textOr(objectOr(objectOr(object.spec).resourceAttributes).namespace);
  if (asked !== call.info.namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${call.info.namespace}`);
  }
  return accessReview(call, object, subjectOf(call, object));
}

function attributesOf(spec: JsonObject): Attributes {
  const wanted = objectOr(spec.resourceAttributes);
  if (!isObject(spec.resourceAttributes)) {
    const path = objectOr(spec.nonResourceAttributes);
    return { verb: textOr(path.verb), path: textOr(path.path) };
  }
  return {
    verb: textOr(wanted.verb),
    group: textOr(wanted.group),
    version: textOr(wanted.version),
    plural: textOr(wanted.resource),
    subresource: textOr(wanted.subresource),
    namespace: textOr(wanted.namespace),
    name: textOr(wanted.name),
  };
}

function rulesReview(call: Call, object: KubeObject): JsonObject {
  const namespace = textOr(objectOr(object.spec).namespace);
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = call.cluster.authorizer.rules(call.user, namespace);
  const resourceRules = rules
    .filter((rule) => rule.resources.length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs,
      apiGroups,
      resources,
      ...(resourceNames.length > 0 && { resourceNames }),
    }));
  const nonResourceRules = rules
    .filter((rule) => rule.nonResourceURLs.length > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
  return { status: { resourceRules, nonResourceRules, incomplete: false } };
}

async function tokenReview(call: Call, object: KubeObject): Promise<JsonObject> {
  const spec = objectOr(object.spec);
  const given = textsOf(spec.audiences);
  const token = textOr(spec.token);
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const verified = await call.cluster.tokens.verify(token, given.length > 0 ? given : [issuer]);
  if ('error' in verified) return { status: { user: {}, error: verified.error } };
  return { status: { authenticated: true, user: userInfo(verified.user), audiences: verified.audiences } };
}

function userInfo(user: User): JsonObject {
  return { ...user, groups: user.groups };
}
