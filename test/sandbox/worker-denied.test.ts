import { scenariosOf } from '@claw-run/sandbox';
import { describeWorkerDenied } from '../cluster/support/worker-denied-contract.ts';
import { startOwnServer } from './own-server.ts';

const broken = scenariosOf('worker-denied');

describeWorkerDenied(startOwnServer, [['healthy'], ...broken.map((name) => [name]), broken]);
