import { useBench } from './support/bench.ts';
import { describeGrants } from './support/grant-contract.ts';

describeGrants(useBench());
