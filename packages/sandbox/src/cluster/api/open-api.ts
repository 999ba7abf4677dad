import type { ServerResponse } from 'node:http';
import { unknownPath } from '../storage/status.ts';
import type { Answer } from './context.ts';
import { version } from './discovery.ts';
import type { ApiRequest } from './request.ts';

/**
 * `/openapi/v2`: a document without definitions. Clients that validate against it find no schema and leave validation
 * to the server. As protobuf, which kubectl asks for, a document without fields is an empty body.
 */
export function openApi(request: ApiRequest, response: ServerResponse): Answer | undefined {
  if (request.path !== '/openapi/v2') throw unknownPath();
  if ((request.headers.accept ?? '').includes('protobuf')) {
    response
      .writeHead(200, {
        'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
        'content-length': 0,
      })
      .end();
    return undefined;
  }
  const info = { title: 'Kubernetes', version: version.gitVersion };
  return { code: 200, body: { swagger: '2.0', info, paths: {}, definitions: {} } };
}
