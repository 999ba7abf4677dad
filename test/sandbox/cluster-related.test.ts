import { describeClusterRelated } from '../cluster/support/cluster-related-contract.ts';
import { startOwnServer } from './own-server.ts';

describeClusterRelated(startOwnServer);
