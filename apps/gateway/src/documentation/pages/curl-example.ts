import type { Operation } from '../openapi-document.js';

/** A command that sends the documented example; `$TOKEN` and the ids in capitals are the reader's. */
export function curlExample(method: string, path: string, operation: Operation): string {
  const url = path.replace(
    /\{(\w+)\}/g,
    (_, name: string) => `$${name.replace(/([A-Z])/g, '_$1').toUpperCase()}`,
  );
  const json = operation.requestBody?.content['application/json'];
  const streams = Object.values(operation.responses).some(
    (response) => 'content' in response && response.content?.['text/event-stream'],
  );
  const lines = [
    `curl${streams ? ' -N' : ''}${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "$API${url}"`,
    ...(operation.security.length > 0 ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(json ? ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(json.example)}'`] : []),
  ];
  return lines.join(' \\\n  ');
}
