import { z } from 'zod';

/** RFC 9457, with our code and the paths of faulty fields. */
export const problemSchema = z
  .object({
    type: z.string().describe('URI reference of the page about this code.'),
    title: z
      .string()
      .describe('What went wrong, in one sentence for people; the same for every answer with this code.'),
    status: z.int().describe('HTTP status of the answer.'),
    code: z.string().describe('What went wrong, for programs; a code never changes its meaning.'),
    detail: z.string().optional().describe('What is particular to this answer, for people.'),
    instance: z.string().optional().describe('Path of the request.'),
    requestId: z
      .string()
      .optional()
      .describe('Id of the request in the logs of the platform; quote it when you report a fault.'),
    errors: z
      .array(
        z.object({
          path: z.string().describe('Path of the field in the request, such as `source.url`.'),
          message: z.string().describe('What is wrong with the field, for people.'),
        }),
      )
      .optional()
      .describe('The fields at fault, each by its path.'),
  })
  .describe('Problem details (RFC 9457).');

export type Problem = z.infer<typeof problemSchema>;
