// The pool's price history: a ring of cumulative prices (price before the swap × seconds), Q32.32 in 128 bits.
#pragma once
#include "accounts.h"
#include "errors.h"
#include "sbf.h"
#include "scratch.h"
#include "u128.h"

#define OBSERVATION_STATE_LENGTH 4075
#define OBSERVATION_INITIALIZED 8
#define OBSERVATION_INDEX 9
#define OBSERVATIONS_START 43
#define OBSERVATION_LENGTH 40
#define OBSERVATION_COUNT 100
#define OBSERVATION_LAST_UPDATE 4043
#define OBSERVATION_PRICE_0 8
#define OBSERVATION_PRICE_1 24
// Within so many seconds an observation is brought up to date in place; after them the ring moves on.
#define OBSERVATION_SECONDS 15

INLINE void store_cumulative(u8* to, const u8* from, struct u128 change) {
  struct u128 last = {load_u64(from), load_u64(from + 8)};
  struct u128 sum = add(last, change);
  store_u64(to, sum.low);
  store_u64(to + 8, sum.high);
}

NOINLINE u64 update_observation(void) {
  const struct SwapParams* params = &scratch()->params;
  u8* state = data_of(OBSERVATION_STATE);
  u64 now = scratch()->clock.unix_timestamp;
  u64 index = load_u16(state + OBSERVATION_INDEX);
  if (index >= OBSERVATION_COUNT) panic();
  u8* last = state + OBSERVATIONS_START + index * OBSERVATION_LENGTH;
  if (state[OBSERVATION_INITIALIZED] == 0) {
    state[OBSERVATION_INITIALIZED] = 1;
    store_u64(last, now);
    store_u64(state + OBSERVATION_LAST_UPDATE, now);
    return 0;
  }
  // Accounts from before the field was there have zero in it.
  if (load_u64(state + OBSERVATION_LAST_UPDATE) == 0) store_u64(state + OBSERVATION_LAST_UPDATE, load_u64(last));
  u64 last_update = load_u64(state + OBSERVATION_LAST_UPDATE);
  if (now <= last_update || now <= load_u64(last)) return 0;

  u64 elapsed = now - last_update;
  u64 overflowed = 0;
  struct u128 change_0 = multiply_wide(params->token_0_price_x32, elapsed, &overflowed);
  struct u128 change_1 = multiply_wide(params->token_1_price_x32, elapsed, &overflowed);
  if (overflowed) return fail(MATH_OVERFLOW);
  u8* next = last;
  if (now - load_u64(last) >= OBSERVATION_SECONDS) {
    u64 next_index = index == OBSERVATION_COUNT - 1 ? 0 : index + 1;
    next = state + OBSERVATIONS_START + next_index * OBSERVATION_LENGTH;
    store_u64(next, now);
    store_u16(state + OBSERVATION_INDEX, (u16)next_index);
  }
  store_cumulative(next + OBSERVATION_PRICE_0, last + OBSERVATION_PRICE_0, change_0);
  store_cumulative(next + OBSERVATION_PRICE_1, last + OBSERVATION_PRICE_1, change_1);
  store_u64(state + OBSERVATION_LAST_UPDATE, now);
  return 0;
}
