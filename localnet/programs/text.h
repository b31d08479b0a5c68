// Text without .rodata: a literal becomes 64-bit immediates, stored one after the other.
#pragma once
#include "sbf.h"

#define CHAR_AT(text, i) ((u64)((i) < sizeof(text) - 1 ? (u8)(text)[(i) < sizeof(text) ? (i) : 0] : 0))
#define WORD_AT(text, i)                                                                                     \
  (CHAR_AT(text, i) | CHAR_AT(text, (i) + 1) << 8 | CHAR_AT(text, (i) + 2) << 16 |                           \
   CHAR_AT(text, (i) + 3) << 24 | CHAR_AT(text, (i) + 4) << 32 | CHAR_AT(text, (i) + 5) << 40 |              \
   CHAR_AT(text, (i) + 6) << 48 | CHAR_AT(text, (i) + 7) << 56)
#define PUT_WORD(to, text, i)                                                                                \
  do {                                                                                                       \
    if ((i) < sizeof(text) - 1) store_u64((to) + (i), WORD_AT(text, i));                                     \
  } while (0)
#define PUT_4_WORDS(to, text, i)                                                                             \
  do {                                                                                                       \
    PUT_WORD(to, text, i);                                                                                   \
    PUT_WORD(to, text, (i) + 8);                                                                             \
    PUT_WORD(to, text, (i) + 16);                                                                            \
    PUT_WORD(to, text, (i) + 24);                                                                            \
  } while (0)

#define LONGEST_TEXT 160

// Writes the literal at `cursor` and moves it past the text; up to seven zero bytes follow.
#define APPEND(cursor, text)                                                                                 \
  do {                                                                                                       \
    _Static_assert(sizeof(text) - 1 <= LONGEST_TEXT, "text too long for APPEND");                            \
    PUT_4_WORDS(cursor, text, 0);                                                                            \
    PUT_4_WORDS(cursor, text, 32);                                                                           \
    PUT_4_WORDS(cursor, text, 64);                                                                           \
    PUT_4_WORDS(cursor, text, 96);                                                                           \
    PUT_4_WORDS(cursor, text, 128);                                                                          \
    cursor += sizeof(text) - 1;                                                                              \
  } while (0)

#define LOG(buffer, text)                                                                                    \
  do {                                                                                                       \
    u8* log_cursor = (buffer);                                                                               \
    APPEND(log_cursor, text);                                                                                \
    sol_log_(buffer, sizeof(text) - 1);                                                                      \
  } while (0)
