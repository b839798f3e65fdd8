// For the gateway alone: nobody else has to load passport.
export { AuthenticationModule } from './authentication.module.js';
export { Authenticator } from './authenticator.js';
export { bearerToken } from './bearer-token.js';
