import { rpc, type RequestOf } from '@capsule/contracts';
import { z } from 'zod';
import { Rpc } from './rpc.decorator.js';

const nameGet = rpc({
  service: 'auth',
  entity: 'name',
  verb: 'get',
  request: z.strictObject({ id: z.string() }),
  response: z.object({ name: z.string() }),
  callers: ['gateway'],
  tenancy: 'none',
});

class NameController {
  @Rpc(nameGet)
  get({ id }: RequestOf<typeof nameGet>) {
    return Promise.resolve({ name: id });
  }

  @Rpc(nameGet)
  atOnce() {
    return { name: 'of nobody' };
  }

  // @ts-expect-error -- the response has a name
  @Rpc(nameGet)
  nameless() {
    return Promise.resolve({ id: '1' });
  }

  // @ts-expect-error -- the request has an id, and no number
  @Rpc(nameGet)
  ofNumber({ number }: { number: number }) {
    return Promise.resolve({ name: String(number) });
  }
}

describe('a handler', () => {
  it('is compiled only if it takes the request of its contract and answers its response', async () => {
    // The compiler has checked it: an @ts-expect-error above that expects in vain is an error itself.
    await expect(new NameController().get({ id: 'Ada' })).resolves.toEqual({ name: 'Ada' });
  });
});
