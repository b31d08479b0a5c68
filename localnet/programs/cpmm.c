// A constant-product AMM with the accounts, instructions, fees and errors of Raydium's CPMM, for a local cluster.
// It swaps; pools come from the genesis or from snapshots. See README.md for the rules.
#include "accounts.h"
#include "curve.h"
#include "errors.h"
#include "event.h"
#include "oracle.h"
#include "pool.h"
#include "sbf.h"
#include "scratch.h"
#include "text.h"
#include "token.h"
#include "transfer.h"
#include "u128.h"

// sha256("global:<name>"), first eight bytes, little-endian.
#define SWAP_BASE_INPUT 0xde331ec4da5abe8full
#define SWAP_BASE_OUTPUT 0xadb44aa35662d937ull
#define ARGUMENTS_END 24

// What each account is by itself, in their order.
INLINE u64 check_accounts(void) {
  for (u64 i = 0; i < SWAP_ACCOUNT_COUNT; i++) {
    if (record(i) == 0) return fail(NOT_ENOUGH_KEYS);
  }
  if (record(PAYER)[RECORD_IS_SIGNER] == 0) return fail_account(ACCOUNT_NOT_SIGNER, PAYER);
  TRY(check_own_account(AMM_CONFIG, AMM_CONFIG_DISCRIMINATOR, AMM_CONFIG_LENGTH));
  TRY(check_own_account(POOL_STATE, POOL_STATE_DISCRIMINATOR, POOL_STATE_LENGTH));
  for (u64 i = INPUT_TOKEN_ACCOUNT; i <= OUTPUT_VAULT; i++) {
    TRY(check_token_owned(i, TOKEN_ACCOUNT_LENGTH, ACCOUNT_TYPE_TOKEN_ACCOUNT, TOKEN_ACCOUNT_STATE));
  }
  TRY(check_token_program(INPUT_TOKEN_PROGRAM));
  TRY(check_token_program(OUTPUT_TOKEN_PROGRAM));
  TRY(check_token_owned(INPUT_TOKEN_MINT, MINT_LENGTH, ACCOUNT_TYPE_MINT, MINT_INITIALIZED));
  TRY(check_token_owned(OUTPUT_TOKEN_MINT, MINT_LENGTH, ACCOUNT_TYPE_MINT, MINT_INITIALIZED));
  return check_own_account(OBSERVATION_STATE, OBSERVATION_STATE_DISCRIMINATOR, OBSERVATION_STATE_LENGTH);
}

INLINE u64 check_authority(void) {
  struct Scratch* s = scratch();
  u8* cursor = s->authority_seed;
  APPEND(cursor, AUTHORITY_SEED);
  s->seeds[0].at = s->authority_seed;
  s->seeds[0].length = sizeof(AUTHORITY_SEED) - 1;
  TRY(sol_try_find_program_address(s->seeds, 1, s->program_id, s->authority, (u8*)&s->authority_bump));
  return same_key(key_of(AUTHORITY), s->authority) ? 0 : fail_account(CONSTRAINT_SEEDS, AUTHORITY);
}

NOINLINE u64 check_vault(u64 account) {
  const u8* pool = data_of(POOL_STATE);
  TRY(check_writable(account));
  int known = same_key(key_of(account), pool + POOL_TOKEN_0_VAULT) ||
              same_key(key_of(account), pool + POOL_TOKEN_1_VAULT);
  return known ? 0 : fail_account(CONSTRAINT_RAW, account);
}

// How the accounts belong together, in their order.
INLINE u64 check_constraints(void) {
  const u8* pool = data_of(POOL_STATE);
  TRY(check_authority());
  if (!same_key(key_of(AMM_CONFIG), pool + POOL_AMM_CONFIG)) return fail_account(CONSTRAINT_ADDRESS, AMM_CONFIG);
  TRY(check_writable(POOL_STATE));
  TRY(check_writable(INPUT_TOKEN_ACCOUNT));
  TRY(check_writable(OUTPUT_TOKEN_ACCOUNT));
  TRY(check_vault(INPUT_VAULT));
  TRY(check_vault(OUTPUT_VAULT));
  if (!same_key(key_of(INPUT_TOKEN_MINT), data_of(INPUT_VAULT) + TOKEN_ACCOUNT_MINT)) {
    return fail_account(CONSTRAINT_ADDRESS, INPUT_TOKEN_MINT);
  }
  if (!same_key(key_of(OUTPUT_TOKEN_MINT), data_of(OUTPUT_VAULT) + TOKEN_ACCOUNT_MINT)) {
    return fail_account(CONSTRAINT_ADDRESS, OUTPUT_TOKEN_MINT);
  }
  TRY(check_writable(OBSERVATION_STATE));
  if (!same_key(key_of(OBSERVATION_STATE), pool + POOL_OBSERVATION)) {
    return fail_account(CONSTRAINT_ADDRESS, OBSERVATION_STATE);
  }
  return 0;
}

INLINE u64 check_open(void) {
  const u8* pool = data_of(POOL_STATE);
  int disabled = (pool[POOL_STATUS] & STATUS_SWAP_DISABLED) != 0;
  return disabled || scratch()->clock.unix_timestamp < load_u64(pool + POOL_OPEN_TIME) ? fail(NOT_APPROVED) : 0;
}

// Spend exactly `amount_in`, receive at least `minimum_amount_out`, both as the user's accounts see it.
INLINE u64 quote_base_input(u64 amount_in, u64 minimum_amount_out) {
  struct Scratch* s = scratch();
  TRY(check_open());
  s->input_transfer = amount_in;
  s->input_transfer_fee = transfer_fee(&s->input_fee, amount_in);
  if (amount_in <= s->input_transfer_fee) return fail(REQUIRE_GT_VIOLATED);
  TRY(read_swap_params());
  TRY(swap_exact_input(amount_in - s->input_transfer_fee));
  s->output_transfer = s->result.output_amount;
  s->output_transfer_fee = transfer_fee(&s->output_fee, s->output_transfer);
  u64 received = s->output_transfer - s->output_transfer_fee;
  if (s->output_transfer <= s->output_transfer_fee) return fail(REQUIRE_GT_VIOLATED);
  return received < minimum_amount_out ? fail(EXCEEDED_SLIPPAGE) : 0;
}

// Receive exactly `amount_out`, spend at most `maximum_amount_in`, both as the user's accounts see it.
INLINE u64 quote_base_output(u64 maximum_amount_in, u64 amount_out) {
  struct Scratch* s = scratch();
  if (amount_out == 0) return fail(REQUIRE_GT_VIOLATED);
  TRY(check_open());
  TRY(inverse_transfer_fee(&s->output_fee, amount_out, &s->output_transfer_fee));
  s->output_transfer = amount_out + s->output_transfer_fee;
  if (s->output_transfer < amount_out) panic();
  TRY(read_swap_params());
  TRY(swap_exact_output(s->output_transfer));
  u64 input = s->result.input_amount;
  if (input == 0) return fail(REQUIRE_GT_VIOLATED);
  TRY(inverse_transfer_fee(&s->input_fee, input, &s->input_transfer_fee));
  s->input_transfer = input + s->input_transfer_fee;
  if (s->input_transfer < input) panic();
  return maximum_amount_in < s->input_transfer ? fail(EXCEEDED_SLIPPAGE) : 0;
}

// Books the fees, moves the tokens and notes the price.
INLINE u64 settle(u64 base_input) {
  struct Scratch* s = scratch();
  u8* pool = data_of(POOL_STATE);
  book_fees();
  emit_swap_event(base_input);
  TRY(check_product());
  s->pool_authority_bump = pool[POOL_AUTHORITY_BUMP];
  TRY(transfer_checked(TRANSFER_ACCOUNTS(INPUT_TOKEN_ACCOUNT, INPUT_TOKEN_MINT, INPUT_VAULT, PAYER),
                       INPUT_TOKEN_PROGRAM, s->input_transfer));
  TRY(transfer_checked(TRANSFER_ACCOUNTS(OUTPUT_VAULT, OUTPUT_TOKEN_MINT, OUTPUT_TOKEN_ACCOUNT, AUTHORITY),
                       OUTPUT_TOKEN_PROGRAM, s->output_transfer));
  TRY(update_observation());
  store_u64(pool + POOL_RECENT_EPOCH, s->clock.epoch);
  return 0;
}

u64 entrypoint(u8* input) {
  struct Scratch* s = scratch();
  const u8* instruction = read_input(input);
  u64 length = load_u64(instruction);
  const u8* data = instruction + 8;
  s->program_id = data + length;

  u64 selector = length < 8 ? 0 : load_u64(data);
  if (selector == SWAP_BASE_INPUT) {
    LOG(s->text, "Instruction: SwapBaseInput");
  } else if (selector == SWAP_BASE_OUTPUT) {
    LOG(s->text, "Instruction: SwapBaseOutput");
  } else {
    return fail(INSTRUCTION_FALLBACK_NOT_FOUND);
  }
  if (length < ARGUMENTS_END) return fail(INSTRUCTION_DID_NOT_DESERIALIZE);
  TRY(check_accounts());
  TRY(check_constraints());
  TRY(sol_get_clock_sysvar(&s->clock));
  read_transfer_fee(&s->input_fee, owner_of(INPUT_TOKEN_MINT), data_of(INPUT_TOKEN_MINT), length_of(INPUT_TOKEN_MINT));
  read_transfer_fee(&s->output_fee, owner_of(OUTPUT_TOKEN_MINT), data_of(OUTPUT_TOKEN_MINT),
                    length_of(OUTPUT_TOKEN_MINT));
  u64 first = load_u64(data + 8);
  u64 second = load_u64(data + 16);
  if (selector == SWAP_BASE_INPUT) {
    TRY(quote_base_input(first, second));
  } else {
    TRY(quote_base_output(first, second));
  }
  return settle(selector == SWAP_BASE_INPUT);
}
