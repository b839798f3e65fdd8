import { apiSchemas, type appGet, type deploymentCreate, type ResponseOf } from '@capsule/contracts';

/** The documented examples, which their own spec holds to the schemas. */
export const app = exampleOf('App') as ResponseOf<typeof appGet>;
export const deployment = exampleOf('Deployment') as ResponseOf<typeof deploymentCreate>;

function exampleOf(wanted: string): unknown {
  return apiSchemas.find(({ name }) => name === wanted)?.example;
}
