/** The forms of values that several groups use; all read text as it stands in the environment. */
import { z } from 'zod';

/** A whole decimal number in a range, units in the setting's name. */
export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number of 0 or more')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** An http(s) URL. */
const isHttpUrl = (text: string) => /^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text);

export const url = z.string().refine(isHttpUrl, 'must be an http(s) URL');

/** A decimal number in a range. */
export const decimal = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,12}(\.\d{1,12})?$/, 'must be a number of 0 or more, as 1.5')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

export const u64 = z
  .string()
  .regex(/^\d{1,20}$/, 'must be a whole number of base units')
  .transform((text) => BigInt(text))
  .refine((value) => value <= 0xffff_ffff_ffff_ffffn, 'must fit in 64 bits');

export const boolean = z.enum(['true', 'false']).transform((text) => text === 'true');

export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

export const urlList = list.pipe(
  z.array(z.string().refine(isHttpUrl, 'must be http(s) URLs, comma-separated')),
);

export const text = z.string().min(1).max(4096);

/** A secret that is sent as a header's value: one with a line break or a space at its end does not arrive, or not whole. */
export const headerValue = z
  .string()
  .max(4096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable characters without spaces');
