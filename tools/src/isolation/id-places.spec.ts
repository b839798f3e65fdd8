import { readOperations } from './api-document.fixture.js';
import { describePlace, idPlacesOf } from './id-places.fixture.js';
import { KnownIds } from './known-ids.fixture.js';
import { Samples } from './samples.fixture.js';

const uuid = { type: 'string', format: 'uuid' };
const id = '01900000-0000-7000-8000-000000000001';

/** A route as nobody has written it yet. */
const document = {
  paths: {
    '/v1/teams/{teamSlug}/moves': {
      post: {
        operationId: 'createMove',
        security: [{ bearer: [] }],
        parameters: [
          { name: 'teamSlug', in: 'path', required: true, schema: { type: 'string' } },
          { $ref: '#/components/parameters/After' },
          { name: 'limit', in: 'query', required: false, schema: { type: 'integer' } },
        ],
        requestBody: {
          content: {
            'application/json': { schema: { $ref: '#/components/schemas/Move' } },
            'application/gzip': { schema: { type: 'string' } },
          },
        },
        responses: { 201: { content: { 'application/json': { schema: { type: 'object' } } } } },
      },
    },
  },
  components: {
    parameters: { After: { name: 'afterId', in: 'query', required: false, schema: uuid } },
    schemas: {
      Move: {
        type: 'object',
        required: ['note', 'target'],
        properties: {
          note: { type: 'string', minLength: 3 },
          target: { oneOf: [{ type: 'object', required: ['appId'], properties: { appId: uuid } }] },
          projectIds: { type: 'array', items: uuid },
          steps: {
            type: 'array',
            items: {
              type: 'object',
              required: ['weight'],
              properties: {
                weight: { type: 'integer', minimum: 7 },
                by: { anyOf: [{ type: 'object', properties: { userId: uuid } }, { type: 'null' }] },
              },
            },
          },
          then: { $ref: '#/components/schemas/Move' },
        },
      },
    },
  },
};

describe('what is read from a document', () => {
  const [json, archive] = readOperations(document);

  it('is every place that takes an id: in path and query, in lists, in choices, and however deep', () => {
    const places = json ? idPlacesOf(json) : [];
    expect(places.map((place) => [describePlace(place), place.name, place.required])).toEqual([
      ['path teamSlug', 'teamSlug', true],
      ['query afterId', 'afterId', false],
      ['body target.appId', 'appId', true],
      ['body projectIds.0', 'projectId', false],
      ['body steps.0.by.userId', 'userId', false],
    ]);
  });

  it('is one operation for each type of body', () => {
    expect([json?.name, archive?.name]).toEqual([
      'POST /v1/teams/{teamSlug}/moves',
      'POST /v1/teams/{teamSlug}/moves (application/gzip)',
    ]);
  });

  it('is enough to make a body with an id in any of its places', () => {
    const samples = new Samples('mark');
    const schema = json?.body?.schema ?? {};
    const least = samples.valueOf(schema);
    expect(least).toEqual({ note: 'mark1', target: { appId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
    expect(samples.withValueAt(least, schema, ['target', 'appId'], id)).toEqual({
      note: 'mark1',
      target: { appId: id },
    });
    expect(samples.withValueAt(least, schema, ['projectIds', 0], id)).toMatchObject({ projectIds: [id] });
    expect(samples.withValueAt(least, schema, ['steps', 0, 'by', 'userId'], id)).toMatchObject({
      steps: [{ weight: 7, by: { userId: id } }],
    });
  });

  it('makes texts that are new each time and keep to their pattern', () => {
    const samples = new Samples('mark');
    const body = {
      contentType: 'application/json',
      schema: { type: 'string', pattern: '^[a-z]+-mark\\d+$' },
    };
    expect(samples.bodyOf({ ...body, example: 'web' })).toBe('web-mark1');
    expect(samples.bodyOf({ ...body, example: 'web' })).toBe('web-mark2');
    expect(() => samples.valueOf({ type: 'string', pattern: '^Z{99}$' })).toThrow('No text is known');
  });

  it('tells of what an id in an answer is', () => {
    const ids = new KnownIds();
    const page = {
      properties: {
        items: { items: { component: 'WorkSession', properties: { by: { component: 'User' } } } },
      },
    };
    const [session, user, app, other] = ['1', '2', '3', '4'].map((last) => id.replace(/.$/, last));
    const answer = { items: [{ id: session, by: { id: user }, appId: app, none: null, name: 'web' }] };
    ids.learn(answer, page);
    expect([ids.of('workSessionId'), ids.of('userId'), ids.of('appId')]).toEqual([[session], [user], [app]]);
    expect(ids.of('liveAppId')).toEqual([app]);
    expect(ids.of('invoiceId')).toEqual([]);
    ids.learn({ items: [{ id: other }] }, page);
    expect(ids.of('workSessionId')).toEqual([other, session]);
  });
});
