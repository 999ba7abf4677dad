import { defineEvent, isRefused, refused } from '@claw-run/core';
import {
  type LayerInput,
  layerFacts,
  layerInput,
  layersOf,
  moreLayerFacts,
  type SeenLayers,
  staleText,
} from '../lib/group-layers.ts';
import { sssdFlush as flush } from './group-visible.ts';

export const sssdFlush = defineEvent({
  id: 'linux.sssd-flush',
  on: 'host',
  summary: 'sssd says of a membership what the directory says',
  description:
    'Makes sssd forget one user and one group, in its database and in the memory that programs share (`sss_cache -u … -g …`), where its answer is ' +
    'not that of the directory. Everything else stays cached: on a large site `sss_cache -E` would send every host to the directory at once.',
  risk: 'routine',
  settlesWithinSeconds: 30,
  input: layerInput.omit({ scheduler: true }),
  examples: [{ title: 'After a change in LDAP', with: { user: 'lalice', group: 'claw-ldap' } }],
  facts: (input) => layerFacts(input),
  moreFacts: (input, seen) => moreLayerFacts(input, seen),
  needed: (input, seen) => {
    const layers = upToSssd(input, seen);
    if (isRefused(layers)) return layers;
    const [source] = layers;
    if (source?.layer === 'local') return undefined;
    if (source?.has === null)
      return refused(
        `the directory cannot be asked: ${source.because ?? 'no answer'}`,
        'correct `directory`, or bring the server up',
      );
    return staleText(input, layers);
  },
  actions: (input, seen) => (seen.local === null && seen.account !== null ? [flush(input)] : []),
  done: (input, seen) => {
    const layers = upToSssd(input, seen);
    if (isRefused(layers)) return { progress: 'failed', because: layers.refused };
    const stale = staleText(input, layers);
    return stale === undefined
      ? { progress: 'done', because: 'sssd says what the directory says' }
      : { progress: 'pending', because: stale };
  },
  undo: { again: 'sssd forgets the membership that was taken back' },
});

function upToSssd(input: LayerInput, seen: SeenLayers) {
  const layers = layersOf(input, seen);
  return isRefused(layers)
    ? layers
    : layers.filter(({ layer }) => ['local', 'directory', 'sssd'].includes(layer));
}
