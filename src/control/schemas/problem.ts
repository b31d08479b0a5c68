/** The body of every answer that is a refusal or a fault (RFC 9457). */
import { z } from 'zod';
import { ERROR_CODES } from '../../errors/codes.js';

export const PROBLEM_TYPE = 'application/problem+json';

const codes = Object.keys(ERROR_CODES) as [keyof typeof ERROR_CODES];

export const problemSchema = z
  .object({
    type: z.string().describe('An identity of the kind of problem; it need not lead anywhere.'),
    title: z.string().describe('The sentence of its code.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What is wrong this time.'),
    code: z.enum(codes).describe('Stable: codes are added, never changed.'),
    field: z.string().optional().describe("The request's field at fault."),
    context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  })
  .meta({ id: 'Problem', description: 'A problem document by RFC 9457.' });
