import { describeCases } from '@claw-run/testing/cases';
import { kubernetes } from '../src/index.ts';

describeCases(kubernetes, new URL('../src', import.meta.url).pathname);
