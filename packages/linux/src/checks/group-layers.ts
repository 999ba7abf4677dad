import { defineCheck, fail, isRefused, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import {
  layerFacts,
  layerInput,
  layersOf,
  moreLayerFacts,
  processesWithout,
  staleLayers,
  staleText,
} from '../lib/group-layers.ts';

export const groupLayers = defineCheck({
  id: 'linux.group-layers',
  on: 'host',
  summary: 'A user is in a group for every layer that is asked on the way',
  description:
    'The directory (or /etc/group), the cache of sssd, nscd, a scheduler that remembers groups itself. `layer` narrows the question, so that each ' +
    'can be a cause of its own: `source` fails only where the source lacks the user, `caches` only where the source has the user and a cache of the ' +
    'host says otherwise, `scheduler` only where the host has the user and the scheduler says otherwise.',
  input: layerInput.extend({
    layer: z.enum(['any', 'source', 'caches', 'scheduler']).default('any').describe('Which layers count'),
  }),
  examples: [
    { title: 'Everything sees it', with: { user: 'lalice', group: 'claw-ldap' } },
    { title: 'The cause is a cache', with: { user: 'lalice', group: 'claw-ldap', layer: 'caches' } },
  ],
  facts: (input) => layerFacts(input),
  moreFacts: (input, seen) => moreLayerFacts(input, seen),
  expect: (input, seen) => {
    const layers = layersOf(input, seen);
    if (isRefused(layers))
      return input.layer === 'any' || input.layer === 'source' ? fail(layers.refused) : pass(layers.refused);
    const evidence = { layers, without: processesWithout(seen) };
    const [source] = layers;
    const stale = staleLayers(layers);
    const text = staleText(input, layers) ?? '';
    const isCache = stale[0] !== undefined && stale[0].layer !== 'scheduler';
    switch (input.layer) {
      case 'source':
        if (source?.has == null)
          return unknown(`${source?.name} cannot be asked: ${source?.because ?? 'no answer'}`, evidence);
        break;
      case 'caches':
        return isCache
          ? fail(text, evidence)
          : pass('the caches of the host say what the source says', evidence);
      case 'scheduler':
        if (isCache || stale.length === 0) return pass('the scheduler says what the host says', evidence);
        return stale[0]?.has === null ? unknown(text, evidence) : fail(text, evidence);
      default:
        break;
    }
    if (source?.has === false)
      return fail(`${source.name} does not have ${input.user} in ${input.group}`, evidence);
    if (input.layer === 'source')
      return pass(`${source?.name} has ${input.user} in ${input.group}`, evidence);
    return stale.length === 0
      ? pass(`${input.user} is in ${input.group} for every layer`, evidence)
      : fail(text, evidence);
  },
});
