import { createLibrary } from '@claw-run/core';
import { kubernetes } from '@claw-run/kubernetes';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import { slurm } from '@claw-run/slurm';

export const standard = createLibrary(kubernetes, linux, openclaw, slurm);
