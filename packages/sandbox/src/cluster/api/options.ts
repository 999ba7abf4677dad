import type { Writer } from '../fields/ownership.ts';
import { apiVersionOf } from '../kinds/resource.ts';
import { badRequest } from '../storage/status.ts';
import type { Call } from './context.ts';

/** Whether a write is only tried (`dryRun=All`). */
export function isDryRun(query: URLSearchParams, body: unknown = undefined): boolean {
  const values = [...query.getAll('dryRun'), ...(Array.isArray(body) ? body : [])];
  const unknown = values.find((value) => value !== 'All' && value !== '');
  if (unknown !== undefined)
    throw badRequest(`dryRun: Unsupported value: ${JSON.stringify([unknown])}: supported values: "All"`);
  return values.includes('All');
}

/** Who writes: `fieldManager`, else the first word of the user agent. */
export function writerOf(call: Call, operation: 'Apply' | 'Update'): Writer {
  const agent = (call.request.headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown';
  return {
    manager: call.request.query.get('fieldManager') || agent,
    operation,
    apiVersion: apiVersionOf(call.resource),
    subresource: call.info.subresource,
  };
}
