import type { Answer } from './answer.fixture.js';
import { faultOf, type Probe } from './comparison.fixture.js';

const foreignId = '01900000-0000-7000-8000-00000000000f';
const unknownId = '01900000-0000-7000-8000-00000000000a';
const secret = '01900000-0000-7000-8000-0000000000ff';

function json(status: number, body: object): Answer {
  return { status, contentType: 'application/json', text: JSON.stringify(body) };
}

function notFound(id: string, rest: object = {}): Answer {
  const problem = { code: 'deploy.project.not_found', instance: `/v1/projects/${id}`, requestId: `of ${id}` };
  return json(404, { ...problem, ...rest });
}

const forbidden = json(403, { code: 'platform.request.forbidden' });
const kept: Probe = {
  own: json(200, { name: 'mine' }),
  foreign: notFound(foreignId),
  foreignId,
  unknown: notFound(unknownId),
  unknownId,
  secrets: [foreignId, secret],
};
const fault = (change: Partial<Probe>) => faultOf({ ...kept, ...change });

describe('the comparison of answers to foreign and unknown ids', () => {
  it('finds no fault where only request id, instance and the id itself differ', () => {
    expect(fault({})).toBeUndefined();
    expect(
      fault({
        foreign: notFound(foreignId, { detail: `no ${foreignId}` }),
        unknown: notFound(unknownId, { detail: `no ${unknownId}` }),
      }),
    ).toBeUndefined();
  });

  it('finds what is handed out', () => {
    expect(fault({ foreign: json(200, { name: 'theirs' }) })).toContain('answers 200');
    expect(fault({ foreign: json(200, {}), unknown: json(200, {}) })).toContain('where 404 was due');
    expect(fault({ foreign: notFound(foreignId, { detail: `see ${secret}` }) })).toContain(`tells ${secret}`);
  });

  it('finds that existence is told by a status, a code, a word or a type', () => {
    expect(fault({ foreign: forbidden })).toContain('for an unknown id 404');
    expect(fault({ foreign: notFound(foreignId, { code: 'deploy.app.not_found' }) })).toBeDefined();
    expect(fault({ foreign: notFound(foreignId, { detail: 'not yours' }) })).toBeDefined();
    expect(fault({ foreign: { ...notFound(foreignId), contentType: 'text/plain' } })).toBeDefined();
  });

  it('takes no empty list for 404', () => {
    const empty = json(200, { items: [], nextCursor: null });
    expect(fault({ foreign: empty, unknown: empty })).toContain('where 404 was due');
  });

  it('wants one and the same 403 for every id where the role may not call the route', () => {
    const own = forbidden;
    expect(fault({ own, foreign: forbidden, unknown: forbidden })).toBeUndefined();
    expect(fault({ own })).toContain('where 403 was due');
    const otherwise = json(403, { code: 'deploy.project.forbidden' });
    expect(fault({ own, foreign: otherwise, unknown: otherwise })).toContain('refuses an own id otherwise');
  });

  it('wants 401 for every id without a token', () => {
    const own = undefined;
    const refused = json(401, { code: 'auth.token.missing' });
    expect(fault({ own, foreign: refused, unknown: refused })).toBeUndefined();
    expect(fault({ own })).toContain('where 401 was due');
  });

  it('takes no probe for proof that was never seen to succeed', () => {
    expect(fault({ own: json(422, { code: 'platform.request.invalid' }) })).toContain(
      'never seen to succeed',
    );
  });

  it('wants foreign and unknown ids alike even where it was reviewed that nothing can succeed', () => {
    const reviewed = { own: json(409, { code: 'deploy.app.busy' }), isWithoutControl: true };
    expect(fault(reviewed)).toBeUndefined();
    expect(fault({ ...reviewed, foreign: reviewed.own })).toContain('for an unknown id 404');
  });
});
