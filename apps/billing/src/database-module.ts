import { DatabaseModule } from '@capsule/database';
import { config } from './config.js';
import { entities } from './entities.js';

/** Beside its part in the service, all that the command `drift` needs: it answers while nothing but the database runs. */
export const databaseModule = DatabaseModule.forService(config().database, { entities });
