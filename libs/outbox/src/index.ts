export { OutboxModule } from './outbox.module.js';
export { OutboxWorkers } from './outbox-workers.js';
export { Outbox } from './outbox.js';
export { Relay } from './relay.js';
export { OnEvent } from './on-event.decorator.js';
export { IdempotentRequests } from './idempotent-requests.js';
export { type DeadLetter, DeadLetters } from './dead-letters.js';
export { beginSeed } from './begin-seed.js';
export { deadLetterCommand } from './dead-letter-command.js';
