import type { ServerResponse } from 'node:http';
import { badRequest, methodNotAllowed, notFound, unknownPath } from '../storage/status.ts';
import type { Answer, Call } from './context.ts';
import { createObject } from './create.ts';
import { deleteCollection, deleteObject } from './delete.ts';
import { listObjects } from './list.ts';
import { patchObject } from './patch.ts';
import { streamLog } from './pod-log.ts';
import { bindPod, evictPod } from './pod-subresources.ts';
import { present, presentOne } from './present.ts';
import { answerReview, isReview } from './reviews.ts';
import { handleScale } from './scale.ts';
import { createToken } from './token-request.ts';
import { current, updateObject } from './update.ts';
import { watchObjects } from './watch.ts';

type Handler = (call: Call) => Answer | Promise<Answer>;

const verbs: Readonly<Record<string, Handler>> = {
  create: createObject,
  get: (call) => ({ code: 200, body: current(call) }),
  list: listObjects,
  update: updateObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteCollection,
};
const subresources: Readonly<Record<string, Handler>> = {
  binding: bindPod,
  eviction: evictPod,
  scale: handleScale,
  token: createToken,
};

/** Answers a call; undefined when the answer has gone out as a stream. */
export async function dispatch(call: Call, response: ServerResponse): Promise<Answer | undefined> {
  const { info, resource } = call;
  const allowed = info.subresource === '' ? resource.verbs : resource.subresources[info.subresource]?.verbs;
  if (allowed === undefined) throw unknownPath();
  if (!allowed.includes(info.verb)) throw methodNotAllowed(resource, info.verb);
  if (info.name === '' && ['update', 'patch'].includes(info.verb))
    throw methodNotAllowed(resource, info.verb);
  if (isReview(call)) return answerReview(call);
  if (resource.namespaced && info.namespace === '' && info.verb === 'create')
    throw notFound(resource, info.name);
  if (info.subresource === 'exec') throw badRequest('Upgrade request required');
  if (info.subresource === 'log') return void (await streamLog(call, response));
  if (info.verb === 'watch') return void watchObjects(call, response, presentOne(call));
  const handler = subresources[info.subresource] ?? verbs[info.verb];
  if (handler === undefined) throw methodNotAllowed(resource, info.verb);
  return present(call, await handler(call));
}
