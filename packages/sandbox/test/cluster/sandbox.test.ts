import { startApiServer } from '../../src/cluster/index.ts';
import { apiServerContract } from './contract.ts';

apiServerContract(() => startApiServer());
