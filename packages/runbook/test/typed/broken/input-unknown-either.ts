import { defineRunbook } from '@claw-run/runbook';
import { restartWorkload } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  steps: {
    restart: {
      uses: restartWorkload,
      with: ({ params }) =>
        params.text === 'x' ? { deployment: 'x' } : { deployment: 'y', nmespace: params.text },
    },
  },
});
