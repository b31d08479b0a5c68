// The program's own accounts: packed little-endian fields behind Anchor's eight-byte discriminator.
#pragma once
#include "accounts.h"
#include "errors.h"
#include "sbf.h"
#include "scratch.h"
#include "token.h"
#include "u128.h"

// sha256("account:<name>"), first eight bytes, little-endian.
#define POOL_STATE_DISCRIMINATOR 0x46dec3d7f5e3edf7ull
#define AMM_CONFIG_DISCRIMINATOR 0x6f2bcbcb6821f4daull
#define OBSERVATION_STATE_DISCRIMINATOR 0x84a5098135c5ae7aull

#define AMM_CONFIG_LENGTH 236
#define CONFIG_TRADE_FEE_RATE 12
#define CONFIG_PROTOCOL_FEE_RATE 20
#define CONFIG_FUND_FEE_RATE 28
#define CONFIG_CREATOR_FEE_RATE 108

#define POOL_STATE_LENGTH 637
#define POOL_AMM_CONFIG 8
#define POOL_TOKEN_0_VAULT 72
#define POOL_TOKEN_1_VAULT 104
#define POOL_OBSERVATION 296
#define POOL_AUTHORITY_BUMP 328
#define POOL_STATUS 329
// Counters in pairs, token 0 then token 1.
#define POOL_PROTOCOL_FEES 341
#define POOL_FUND_FEES 357
#define POOL_OPEN_TIME 373
#define POOL_RECENT_EPOCH 381
#define POOL_CREATOR_FEE_ON 389
#define POOL_CREATOR_FEE_ENABLED 390
#define POOL_CREATOR_FEES 397

#define STATUS_SWAP_DISABLED 4
#define CREATOR_FEE_ON_BOTH 0
#define CREATOR_FEE_ON_TOKEN_0 1
#define CREATOR_FEE_ON_TOKEN_1 2
#define PRICE_FRACTION_BITS 32

// What a vault holds less what is owed out of it to protocol, fund and creator.
NOINLINE u64 reserve(u64 vault, u64 token, u64* answer) {
  const u8* pool = data_of(POOL_STATE);
  u64 owed = 0;
  u64 fields[3] = {POOL_PROTOCOL_FEES, POOL_FUND_FEES, POOL_CREATOR_FEES};
#pragma unroll
  for (u64 i = 0; i < 3; i++) {
    u64 sum = owed + load_u64(pool + fields[i] + 8 * token);
    if (sum < owed) return fail(MATH_OVERFLOW);
    owed = sum;
  }
  u64 held = load_u64(data_of(vault) + TOKEN_ACCOUNT_AMOUNT);
  if (held < owed) return fail(INSUFFICIENT_VAULT);
  *answer = held - owed;
  return 0;
}

// numerator × 2^32 / denominator. The program on mainnet panics on an empty side, too.
INLINE struct u128 price_x32(u64 numerator, u64 denominator) {
  if (denominator == 0) panic();
  struct u128 value = {numerator << PRICE_FRACTION_BITS, numerator >> PRICE_FRACTION_BITS};
  divide(&value, denominator, 0);
  return value;
}

// Direction, reserves, prices before the swap and fee rates.
NOINLINE u64 read_swap_params(void) {
  struct SwapParams* params = &scratch()->params;
  const u8* pool = data_of(POOL_STATE);
  const u8* config = data_of(AMM_CONFIG);
  const u8* vault_0 = pool + POOL_TOKEN_0_VAULT;
  const u8* vault_1 = pool + POOL_TOKEN_1_VAULT;
  if (same_key(key_of(INPUT_VAULT), vault_0) && same_key(key_of(OUTPUT_VAULT), vault_1)) {
    params->zero_for_one = 1;
  } else if (!same_key(key_of(INPUT_VAULT), vault_1) || !same_key(key_of(OUTPUT_VAULT), vault_0)) {
    return fail(INVALID_VAULT);
  }
  u64 input_token = params->zero_for_one ? 0 : 1;
  TRY(reserve(INPUT_VAULT, input_token, &params->input_reserve));
  TRY(reserve(OUTPUT_VAULT, 1 - input_token, &params->output_reserve));
  struct u128 input_price = price_x32(params->output_reserve, params->input_reserve);
  struct u128 output_price = price_x32(params->input_reserve, params->output_reserve);
  params->token_0_price_x32 = params->zero_for_one ? input_price : output_price;
  params->token_1_price_x32 = params->zero_for_one ? output_price : input_price;

  u64 fee_on = pool[POOL_CREATOR_FEE_ON];
  if (fee_on > CREATOR_FEE_ON_TOKEN_1) return fail(INVALID_FEE_MODEL);
  u64 input_mode = params->zero_for_one ? CREATOR_FEE_ON_TOKEN_0 : CREATOR_FEE_ON_TOKEN_1;
  params->creator_fee_on_input = fee_on == CREATOR_FEE_ON_BOTH || fee_on == input_mode;
  params->trade_fee_rate = load_u64(config + CONFIG_TRADE_FEE_RATE);
  params->protocol_fee_rate = load_u64(config + CONFIG_PROTOCOL_FEE_RATE);
  params->fund_fee_rate = load_u64(config + CONFIG_FUND_FEE_RATE);
  if (pool[POOL_CREATOR_FEE_ENABLED] != 0) params->creator_fee_rate = load_u64(config + CONFIG_CREATOR_FEE_RATE);
  return 0;
}

INLINE void add_to_counter(u64 field, u64 token, u64 amount) {
  u8* at = data_of(POOL_STATE) + field + 8 * token;
  u64 sum = load_u64(at) + amount;
  if (sum < amount) panic();
  store_u64(at, sum);
}

// Fees stay in the vaults; the pool remembers what of them is owed to whom.
INLINE void book_fees(void) {
  const struct SwapParams* params = &scratch()->params;
  const struct SwapResult* result = &scratch()->result;
  u64 input_token = params->zero_for_one ? 0 : 1;
  add_to_counter(POOL_PROTOCOL_FEES, input_token, result->protocol_fee);
  add_to_counter(POOL_FUND_FEES, input_token, result->fund_fee);
  u64 creator_token = params->creator_fee_on_input ? input_token : 1 - input_token;
  add_to_counter(POOL_CREATOR_FEES, creator_token, result->creator_fee);
}
