import { defineRunbook } from '@claw-run/runbook';
import { serviceAccount } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  steps: {
    account: {
      uses: serviceAccount,
      with: { name: 'a', namespace: 'b', rules: [{ verb: 'get', resource: 'pods', gruop: 'x' }] },
    },
  },
});
