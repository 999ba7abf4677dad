import { jsonPatch, mergePatch } from '../fields/patches.ts';
import { applyConfiguration } from '../fields/server-side-apply.ts';
import { strategicMerge } from '../fields/strategic-merge.ts';
import { type Resource, storeKey } from '../kinds/resource.ts';
import { invalidValue, required } from '../storage/causes.ts';
import { copy, isObject, type JsonObject, type KubeObject } from '../storage/objects.ts';
import { ApiError, badRequest, invalid, unsupportedMediaType } from '../storage/status.ts';
import { asKubeObject, mediaType, parseBody } from './body.ts';
import type { Answer, Call } from './context.ts';
import { createNamed, placeInNamespace } from './create.ts';
import { normalize } from './decode.ts';
import { isDryRun, writerOf } from './options.ts';
import { persistChange } from './persist.ts';
import { isTrue } from './request-info.ts';
import { changed, current } from './update.ts';

const json = 'application/json-patch+json';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const apply = 'application/apply-patch+yaml';

/** PATCH of an object or of its `status`, in any of the four formats. */
export function patchObject(call: Call): Answer {
  const type = mediaType(call.request);
  if (type === apply) return applyObject(call);
  const accepted = [json, merge, ...(call.resource.custom ? [] : [strategic]), apply];
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  if (call.request.query.has('force')) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      {
        reason: 'FieldValueForbidden',
        message: 'Forbidden: may not be specified for non-apply patch',
        field: 'force',
      },
    ]);
  }
  const before = current(call);
  const after = patched(copy(before), parseBody(call.request), type, call);
  if (after.metadata.name !== call.info.name) {
    throw invalid(call.resource, call.info.name, [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(after.metadata.name)}: field is immutable`,
        field: 'metadata.name',
      },
    ]);
  }
  refuseUnreadable(after, call.resource);
  const options = { dryRun: isDryRun(call.request.query), writer: writerOf(call, 'Update') };
  return { code: 200, body: persistChange(call, before, changed(call, before, after), options) };
}

/** What a patch makes of an object must be readable as its kind; the API server answers 422 where a PUT is a 400. */
function refuseUnreadable(object: KubeObject, resource: Resource): void {
  try {
    normalize(copy(object), resource);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 400) throw error;
    throw invalid({ group: '', kind: '' }, '', [
      invalidValue('patch', JSON.stringify(object), error.message),
    ]);
  }
}

/** The object after a patch that is not an apply. */
export function patched(before: KubeObject, patch: unknown, type: string, call: Call): KubeObject {
  if (type !== json && !isObject(patch)) throw badRequest('the patch is not an object');
  const result =
    type === json
      ? jsonPatch(before, patch)
      : type === merge
        ? mergePatch(before, patch)
        : strategicMerge(before, patch as JsonObject, call.resource.shape);
  if (!isObject(result) || !isObject(result.metadata)) throw badRequest('the patched object has no metadata');
  return result as KubeObject;
}

function applyObject(call: Call): Answer {
  const { request, resource, info, cluster } = call;
  if (!request.query.get('fieldManager')) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      required('fieldManager', 'is required for apply patch'),
    ]);
  }
  const body = parseBody(request);
  if (!isObject(body)) throw badRequest('the configuration to apply is not an object');
  if (!body.kind || !body.apiVersion)
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(body)}'`);
  const config = asKubeObject(body, resource);
  if (config.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  placeInNamespace(config, info.namespace, resource);
  config.metadata.name ??= info.name;
  if (config.metadata.name !== info.name)
    throw badRequest(
      `the name of the object (${config.metadata.name}) does not match the name on the URL (${info.name})`,
    );
  const live = cluster.store.get(storeKey(resource), info.namespace, info.name) && current(call);
  const writer = writerOf(call, 'Apply');
  const hasStatus = resource.subresources.status !== undefined;
  const applied = applyConfiguration(live, config, {
    writer,
    force: isTrue(request.query.get('force')),
    shape: resource.shape,
    hasStatus,
  });
  const options = { dryRun: isDryRun(request.query), writer, owners: applied.owners };
  if (live === undefined) return { code: 201, body: createNamed(call, applied.object, options) };
  const { resourceVersion } = config.metadata;
  const after = {
    ...applied.object,
    metadata: {
      ...applied.object.metadata,
      resourceVersion: resourceVersion ?? live.metadata.resourceVersion,
    },
  };
  return { code: 200, body: persistChange(call, live, changed(call, live, after), options) };
}
