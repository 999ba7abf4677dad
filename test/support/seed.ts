import { samplingOf } from '@claw-run/testing';
import fc from 'fast-check';

// random worlds and inputs come of the seed of the run, too
fc.configureGlobal({ seed: samplingOf().seed });
