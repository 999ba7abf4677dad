import type { Subject } from '@claw-run/testing';
import {
  caMatches,
  certificateValid,
  identityPattern,
  retireToken,
  token,
  tokenValid,
} from '../../src/index.ts';
import { configMap, home, object, secret } from './given.ts';
import { certificate } from './pem.ts';

const account = object(['v1', 'ServiceAccount', 'worker']);
const use = { definition: token, with: { account: 'worker', namespace: home, secret: 'worker-token' } };
const place = (name: string) => ({ 'config-map': name, namespace: home, key: 'ca.crt' });

export const credentialSubjects: readonly Subject[] = [
  { ...use, title: 'no token', given: [account] },
  {
    ...use,
    title: 'a Secret with something else in it',
    with: { ...use.with, 'bound-to': 'worker-session' },
    given: [account, secret('worker-token', { token: 'malformed', more: 'x' })],
  },
  { ...use, title: 'no account', plans: 'refused' },
  {
    definition: retireToken,
    title: 'the Secret of a token',
    with: { namespace: home, secret: 'worker-session' },
    given: [secret('worker-session', {})],
  },
  {
    definition: retireToken,
    title: 'a Secret of something else',
    with: { namespace: home, secret: 'worker-session' },
    given: [secret('worker-session', { password: 'x' })],
    plans: 'refused',
  },
  {
    definition: tokenValid,
    title: 'no token',
    with: { namespace: home, secret: 'worker-token', account: 'worker' },
    given: [account],
    finds: 'fail',
  },
  {
    definition: certificateValid,
    title: 'a certificate made now',
    with: { certificate: place('issued') },
    given: [configMap('issued', { 'ca.crt': certificate })],
    finds: 'pass',
  },
  {
    definition: caMatches,
    title: 'the same certificate twice',
    with: { bundle: place('used'), of: place('issued') },
    given: [configMap('issued', { 'ca.crt': certificate }), configMap('used', { 'ca.crt': certificate })],
    finds: 'pass',
  },
  {
    definition: identityPattern,
    title: 'a generator that makes more than is accepted',
    with: { generator: 'worker-[a-z]{4}', 'accepted-by': ['^worker-[a-m]{4}$'] },
    finds: 'fail',
  },
];
