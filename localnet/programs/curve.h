// Constant product with fees. Every rounding is in the pool's favour: fees up, output down, input up. The shares of
// protocol and fund are cut out of the trade fee, rounded down.
#pragma once
#include "errors.h"
#include "sbf.h"
#include "scratch.h"
#include "u128.h"

#define RATE_DENOMINATOR 1000000ull

// The fee on an amount, or a failure where it does not leave anything to trade.
INLINE u64 fee_up(u64 amount, u64 rate, u64* fee) {
  struct u128 value = multiply_divide_ceil(amount, rate, RATE_DENOMINATOR);
  *fee = value.low;
  return value.high != 0 || value.low > amount ? fail(ZERO_TRADING_TOKENS) : 0;
}

// The creator's part of a fee that was taken at the sum of both rates.
INLINE u64 creator_part(u64 total_fee, const struct SwapParams* params, u64* part) {
  u64 rates = params->trade_fee_rate + params->creator_fee_rate;
  if (rates == 0) return fail(ZERO_TRADING_TOKENS);
  *part = multiply_divide_floor(total_fee, params->creator_fee_rate, rates).low;
  return 0;
}

// The least amount that leaves `amount` once the fee at this rate is taken.
INLINE struct u128 before_fee(u64 amount, u64 rate) {
  if (rate == 0) return u128_of(amount);
  if (rate >= RATE_DENOMINATOR) panic();
  return multiply_divide_ceil(amount, RATE_DENOMINATOR, RATE_DENOMINATOR - rate);
}

INLINE void cut_trade_fee(const struct SwapParams* params, struct SwapResult* result) {
  result->protocol_fee = multiply_divide_floor(result->trade_fee, params->protocol_fee_rate, RATE_DENOMINATOR).low;
  result->fund_fee = multiply_divide_floor(result->trade_fee, params->fund_fee_rate, RATE_DENOMINATOR).low;
}

// A given input (what arrives in the vault) to its output.
NOINLINE u64 swap_exact_input(u64 input_amount) {
  const struct SwapParams* params = &scratch()->params;
  struct SwapResult* result = &scratch()->result;
  u64 fee_on_input = params->creator_fee_on_input;
  u64 total_fee = 0;
  TRY(fee_up(input_amount, params->trade_fee_rate + (fee_on_input ? params->creator_fee_rate : 0), &total_fee));
  if (fee_on_input) TRY(creator_part(total_fee, params, &result->creator_fee));
  result->trade_fee = total_fee - result->creator_fee;
  cut_trade_fee(params, result);

  u64 traded = input_amount - total_fee;
  struct u128 new_input = add(u128_of(params->input_reserve), u128_of(traded));
  struct u128 output = multiply(traded, params->output_reserve);
  divide(&output, new_input.low, new_input.high);
  result->new_input_reserve = new_input;
  result->new_output_reserve = params->output_reserve - output.low;
  result->input_amount = input_amount;
  if (!fee_on_input) TRY(fee_up(output.low, params->creator_fee_rate, &result->creator_fee));
  result->output_amount = output.low - (fee_on_input ? 0 : result->creator_fee);
  return 0;
}

// A given output (what leaves the vault) to the input that pays for it.
NOINLINE u64 swap_exact_output(u64 output_amount) {
  const struct SwapParams* params = &scratch()->params;
  struct SwapResult* result = &scratch()->result;
  u64 fee_on_input = params->creator_fee_on_input;
  struct u128 leaving = fee_on_input ? u128_of(output_amount) : before_fee(output_amount, params->creator_fee_rate);
  if (leaving.high != 0 || leaving.low >= params->output_reserve) panic();
  if (!fee_on_input) result->creator_fee = leaving.low - output_amount;

  u64 new_output = params->output_reserve - leaving.low;
  struct u128 traded = multiply_divide_ceil(params->input_reserve, leaving.low, new_output);
  if (traded.high != 0) panic();
  u64 rate = params->trade_fee_rate + (fee_on_input ? params->creator_fee_rate : 0);
  struct u128 input = before_fee(traded.low, rate);
  if (input.high != 0) panic();
  u64 total_fee = input.low - traded.low;
  if (fee_on_input) TRY(creator_part(total_fee, params, &result->creator_fee));
  result->trade_fee = fee_on_input ? total_fee - result->creator_fee : total_fee;
  cut_trade_fee(params, result);

  result->new_input_reserve = add(u128_of(params->input_reserve), traded);
  result->new_output_reserve = new_output;
  result->input_amount = input.low;
  result->output_amount = output_amount;
  return 0;
}

// The product of the reserves must not fall.
INLINE u64 check_product(void) {
  const struct SwapParams* params = &scratch()->params;
  const struct SwapResult* result = &scratch()->result;
  u64 overflowed = 0;
  struct u128 before = multiply(params->input_reserve, params->output_reserve);
  struct u128 after = multiply_wide(result->new_input_reserve, result->new_output_reserve, &overflowed);
  if (overflowed) panic();
  return less(after, before) ? fail(REQUIRE_GTE_VIOLATED) : 0;
}
