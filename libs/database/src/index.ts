export { AuditedEntity } from './audited-entity.js';
export { translateConstraint } from './constraint-errors.js';
export { createDataSource } from './data-source.js';
export { Database } from './database.js';
export { databaseIndicator } from './database-indicator.js';
export { DatabaseModule } from './database.module.js';
export { type NamedStatement, Transaction } from './transaction.js';
export { isUuid, uuidv7 } from './uuid.js';
