import { Injectable } from '@nestjs/common';
import {
  type RequestOf,
  type ResponseOf,
  workSessionCreate,
  workSessionEnd,
  type workSessionList,
} from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { IdempotentRequests } from '@capsule/outbox';
import { currentContext } from '@capsule/telemetry';
import type { OwnTables } from '../tenant/own-tables.js';
import { TenantSchemaService } from '../tenant/tenant-schema.service.js';
import { UserService } from '../user/user.service.js';
import { WorkSessionRepository, type WorkSessionRow } from './work-session.repository.js';

type WorkSession = ResponseOf<typeof workSessionCreate>;

/** Every method also throws what TenantSchemaService.enter throws. */
@Injectable()
export class WorkSessionService {
  constructor(
    private readonly schemas: TenantSchemaService,
    private readonly sessions: WorkSessionRepository,
    private readonly users: UserService,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /** Of the caller. */
  create(request: RequestOf<typeof workSessionCreate>): Promise<WorkSession> {
    const userId = requireUser();
    return this.schemas.enter((tx, tables) =>
      this.idempotent.once(tx, workSessionCreate.subject, request, async () => {
        const startedAt = new Date(request.startedAt ?? Date.now());
        const endedAt = request.endedAt === undefined ? null : new Date(request.endedAt);
        const session = { userId, client: request.client, startedAt, endedAt };
        return viewOf(await this.sessions.insert(tx, tables, session));
      }),
    );
  }

  /** @throws DomainError monitor.work_session.not_found */
  end(request: RequestOf<typeof workSessionEnd>): Promise<WorkSession> {
    const userId = requireUser();
    return this.schemas.enter((tx, tables) =>
      this.idempotent.once(tx, workSessionEnd.subject, request, async () =>
        viewOf(known(await this.sessions.end(tx, tables, request.workSessionId, userId, new Date()))),
      ),
    );
  }

  /** @throws DomainError monitor.user.not_found, platform.cursor.invalid */
  list(request: RequestOf<typeof workSessionList>): Promise<ResponseOf<typeof workSessionList>> {
    const { userId } = request;
    return this.schemas.enter(async (tx, tables) => {
      if (userId !== undefined) await this.users.requireKnown(tx, tables, userId);
      return this.sessions.list(tx, tables, request, viewOf);
    });
  }

  /** Of anybody. @throws DomainError monitor.work_session.not_found */
  async requireKnown(tx: Transaction, tables: OwnTables, workSessionId: string): Promise<void> {
    known(await this.sessions.find(tx, tables, workSessionId));
  }

  /** @throws DomainError monitor.work_session.not_found for one of another user too */
  async requireOwn(tx: Transaction, tables: OwnTables, workSessionId: string): Promise<void> {
    known(await this.sessions.findOfUser(tx, tables, workSessionId, requireUser()));
  }
}

/** The RPC server lets nobody in without an actor where a permission is needed, so its absence is a programming error. */
function requireUser(): string {
  const actor = currentContext()?.actor;
  if (actor === undefined) throw new Error('There is no actor in the context of this work.');
  return actor.id;
}

function known(row: WorkSessionRow | undefined): WorkSessionRow {
  if (!row) throw new DomainError('monitor.work_session.not_found');
  return row;
}

function viewOf({ id, userId, client, startedAt, endedAt }: WorkSessionRow): WorkSession {
  return {
    id,
    userId,
    client,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
