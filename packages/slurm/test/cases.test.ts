import { describeCases } from '@claw-run/testing/cases';
import { slurm } from '../src/index.ts';

describeCases(slurm, new URL('../src', import.meta.url).pathname);
