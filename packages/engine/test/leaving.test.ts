import { useBench } from './support/bench.ts';
import { describeLeaving } from './support/leaving-contract.ts';

describeLeaving(useBench());
