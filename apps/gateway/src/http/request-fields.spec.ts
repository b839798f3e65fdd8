import {
  appCreate,
  type Endpoint,
  endpoints,
  projectList,
  sessionSignIn,
  userSignUp,
} from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { fieldReader, type RequestParts } from './request-fields.js';

const projectId = '0192f0c1-9d55-7f21-8a64-6d0b5c7e3f03';

function endpointOf(rpc: Endpoint['rpc']): Endpoint {
  const endpoint = endpoints.find((each) => each.rpc === rpc);
  if (!endpoint) throw new Error('no such endpoint');
  return endpoint;
}

function read(rpc: Endpoint['rpc'], parts: Partial<RequestParts>) {
  return fieldReader(endpointOf(rpc))({ params: {}, query: {}, body: undefined, ...parts });
}

function faults(rpc: Endpoint['rpc'], parts: Partial<RequestParts>): string[] {
  try {
    read(rpc, parts);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'platform.request.invalid') {
      return (error.fieldErrors ?? []).map(({ path }) => path);
    }
    throw error;
  }
  throw new Error('the request was taken');
}

describe('the fields of a request', () => {
  it('come from the path and the body, with the defaults of the schema', () => {
    expect(read(appCreate, { params: { projectId }, body: { name: 'hello' } })).toEqual({
      projectId,
      name: 'hello',
      healthPath: '/',
      command: null,
      memoryLimitBytes: 268_435_456,
    });
  });

  it('come from the query of a GET, read as the type the schema wants', () => {
    expect(read(projectList, { query: { limit: '7' } })).toEqual({ limit: 7 });
  });

  it('are refused when given in the path and once more beside it', () => {
    expect(faults(appCreate, { params: { projectId }, body: { name: 'hello', projectId } })).toEqual([
      'projectId',
    ]);
  });

  it('are refused in the query of a request that has a body', () => {
    expect(faults(appCreate, { params: { projectId }, query: { name: 'hello' }, body: {} })).toEqual([
      'name',
    ]);
  });

  it('are refused when unknown, missing or repeated, each by its name', () => {
    expect(faults(appCreate, { params: { projectId }, body: { naem: 'x' } }).sort()).toEqual([
      'naem',
      'name',
    ]);
    expect(faults(projectList, { query: { limit: ['1', '2'] } })).toEqual(['limit']);
  });

  it.each([[null], [[]], ['text'], [7]])('cannot come from a body that is no object: %j', (body) => {
    expect(faults(appCreate, { params: { projectId }, body })).toEqual(['']);
  });

  it('are refused when they hold half a character or U+0000, which nothing can store, wherever they are', () => {
    const params = { projectId };
    expect(faults(appCreate, { params, body: { name: 'hello', command: ['node', 'a\ud800'] } })).toEqual([
      'command.1',
    ]);
    expect(faults(appCreate, { params, body: { name: 'hello', command: ['a\0b'] } })).toEqual(['command.0']);
    expect(faults(sessionSignIn, { body: { email: 'ada@example.com', password: 'p\udfff' } })).toEqual([
      'password',
    ]);
    const ada = { email: 'ada@example.com', name: 'Ada', organizationName: 'Acme' };
    expect(faults(userSignUp, { body: { ...ada, password: 'correct horse \ud83d' } })).toEqual(['password']);
    expect(faults(userSignUp, { body: { ...ada, name: '\ud800', password: 'correct horse' } })).toEqual([
      'name',
    ]);
    expect(read(sessionSignIn, { body: { email: 'ada@example.com', password: '🐎' } })).toMatchObject({
      password: '🐎',
    });
  });

  it('are taken as missing when there is no body at all', () => {
    expect(faults(appCreate, { params: { projectId } })).toEqual(['name']);
  });
});
