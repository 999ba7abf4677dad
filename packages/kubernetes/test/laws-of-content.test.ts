import { describeLaws, statusWriter } from '@claw-run/testing';
import { connectForLaws } from './laws/connect.ts';
import { useServer } from './laws/server.ts';
import { contentSubjects } from './laws/subjects.ts';

const kubeconfig = useServer();

describeLaws(contentSubjects(statusWriter(kubeconfig)), { connect: () => connectForLaws(kubeconfig()) });
