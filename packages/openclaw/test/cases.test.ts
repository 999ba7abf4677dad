import { describeCases } from '@claw-run/testing/cases';
import { openclaw } from '../src/index.ts';

describeCases(openclaw, new URL('../src', import.meta.url).pathname);
