export { createTestDatabase, TestDatabase } from './database.js';
export { startTestNats, TestNats } from './nats.js';
export { type EventServiceOptions, startEventService } from './event-service.js';
export { eventually } from './eventually.js';
export { serviceEnvironment, TestService, type TestServiceOptions } from './test-service.js';
export { startTestRedis, testRedis, TestRedis } from './redis.js';
export { TestPooler } from './pgbouncer.js';
export { TestTlsPostgres } from './tls-postgres.js';
