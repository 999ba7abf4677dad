import { defineRunbook } from '@claw-run/runbook';
import { serviceAccount } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  steps: {
    account: {
      uses: serviceAccount,
      with: ({ params }) => ({
        name: params.text,
        namespace: 'b',
        rules: [{ verb: 'get', resource: params.text, gruop: 'x' }],
      }),
    },
  },
});
