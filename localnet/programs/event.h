// The SwapEvent that the program logs ("Program data: …"), as Anchor serializes it.
#pragma once
#include "accounts.h"
#include "sbf.h"
#include "scratch.h"

// sha256("event:SwapEvent"), first eight bytes, little-endian.
#define SWAP_EVENT_DISCRIMINATOR 0xe2710826e8cdc640ull

NOINLINE void emit_swap_event(u64 base_input) {
  struct Scratch* s = scratch();
  const struct SwapResult* result = &s->result;
  u8* at = s->event;
  store_u64(at, SWAP_EVENT_DISCRIMINATOR);
  copy_key(at + 8, key_of(POOL_STATE));
  store_u64(at + 40, s->params.input_reserve);
  store_u64(at + 48, s->params.output_reserve);
  store_u64(at + 56, result->input_amount);
  store_u64(at + 64, result->output_amount);
  store_u64(at + 72, s->input_transfer_fee);
  store_u64(at + 80, s->output_transfer_fee);
  at[88] = (u8)base_input;
  copy_key(at + 89, key_of(INPUT_TOKEN_MINT));
  copy_key(at + 121, key_of(OUTPUT_TOKEN_MINT));
  store_u64(at + 153, result->trade_fee);
  store_u64(at + 161, result->creator_fee);
  at[169] = (u8)s->params.creator_fee_on_input;
  s->seeds[0].at = at;
  s->seeds[0].length = 170;
  sol_log_data(s->seeds, 1);
}
