import { describeLaws, statusWriter } from '@claw-run/testing';
import { expect, it } from 'vitest';
import { kubernetes } from '../src/index.ts';
import { connectForLaws } from './laws/connect.ts';
import { useServer } from './laws/server.ts';
import { accessSubjects, subjectsOf } from './laws/subjects.ts';

const kubeconfig = useServer();

it('everything that the library offers is held to the laws', () => {
  const held = new Set(subjectsOf(statusWriter(kubeconfig)).map(({ definition }) => definition.id));
  expect(kubernetes.map(({ id }) => id).filter((id) => !held.has(id))).toEqual([]);
});

describeLaws(accessSubjects, { connect: () => connectForLaws(kubeconfig()) });
