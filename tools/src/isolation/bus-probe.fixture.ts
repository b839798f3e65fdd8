import { projectGet } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { NatsConnection, RpcClient } from '@capsule/messaging';
import { runInContext } from '@capsule/telemetry';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import type { Member } from './two-organizations.fixture.js';

/** Asks deploy past the gateway, with the gateway's own credentials on the bus and any headers. */
export class BusProbe {
  private constructor(private readonly connection: NatsConnection) {}

  static async open({ settings }: PrivatePlatform): Promise<BusProbe> {
    const { url, passwords } = settings.nats;
    return new BusProbe(await NatsConnection.open('gateway', { url, password: passwords.gateway }));
  }

  /** Reads a project in the name of its owner. @returns its id, or the code of the refusal */
  read(member: Member, projectId: string, accessToken?: string): Promise<string> {
    const actor = { type: 'user', id: member.userId, role: 'owner' } as const;
    const context = { requestId: 'probe', tenantId: member.organizationId, actor, accessToken };
    return runInContext(context, () => new RpcClient(this.connection).call(projectGet, { projectId })).then(
      ({ id }) => id,
      (error: unknown) => {
        if (error instanceof DomainError) return error.code;
        throw error;
      },
    );
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
