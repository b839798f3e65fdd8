export { ObjectStore, type PutOptions, type StoredObject } from './object-store.js';
