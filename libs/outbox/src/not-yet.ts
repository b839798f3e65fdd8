/**
 * Thrown by a handler whose event has come before something of the same service that will follow without it, such as a
 * tenant's tables. The event is handed back until then: that is neither a failure of the handler nor of the platform.
 * What may never follow must not be waited for like this: a stream keeps its events for two weeks.
 */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}
