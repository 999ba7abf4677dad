import { describeCases } from '@claw-run/testing/cases';
import { linux } from '../src/index.ts';

describeCases(linux, new URL('../src', import.meta.url).pathname);
