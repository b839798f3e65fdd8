// The report on a database alone, as `@capsule/database/report`: without Nest and TypeORM, for the reasons of
// `@capsule/database/migrations`.
export { type DatabaseReport, readDatabaseReport } from './report/database-report.js';
export { type Ask, bytesText, type Finding, percentText } from './report/section.js';
export { connectToRead } from './report/connect.js';
