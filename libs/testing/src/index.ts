export { startTestNats, TestNats } from './nats.js';
