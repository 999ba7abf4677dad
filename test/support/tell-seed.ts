import { samplingOf } from '../../packages/testing/src/sampling.ts';

/** Says how this run can be had again. */
export default function tellSeed(): void {
  const { seed, all } = samplingOf();
  if (all)
    console.error(`nothing is sampled (CLAW_RUN_TEST_ALL=1); random worlds by CLAW_RUN_TEST_SEED=${seed}`);
  else console.error(`sampled by CLAW_RUN_TEST_SEED=${seed}; CLAW_RUN_TEST_ALL=1 tries everything`);
}
