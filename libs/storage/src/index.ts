export { ObjectStore, type PutOptions, type StoredObject, tooLarge } from './object-store.js';
