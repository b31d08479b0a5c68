// Everything that outlives an expression lies in one structure at the start of the heap: the stack frame has no
// room for it, and the heap is zero at the start.
#pragma once
#include "sbf.h"
#include "u128.h"

#define SWAP_ACCOUNT_COUNT 13
#define AUTHORITY_SEED "vault_and_lp_mint_auth_seed"

// A Token-2022 mint's fee in the current epoch; all zero for a mint without one.
struct TransferFee {
  u64 basis_points;
  u64 maximum;
  u64 is_token_2022;
};

// What a swap comes to before Token-2022 fees; amounts in base units.
struct SwapResult {
  u64 input_amount;
  u64 output_amount;
  u64 trade_fee;
  u64 protocol_fee;
  u64 fund_fee;
  u64 creator_fee;
  // Reserves with the swap done and all fees left out, for the check of the product.
  struct u128 new_input_reserve;
  u64 new_output_reserve;
};

struct SwapParams {
  u64 zero_for_one;
  u64 input_reserve;
  u64 output_reserve;
  struct u128 token_0_price_x32;
  struct u128 token_1_price_x32;
  u64 creator_fee_on_input;
  u64 trade_fee_rate;
  u64 protocol_fee_rate;
  u64 fund_fee_rate;
  u64 creator_fee_rate;
};

struct Scratch {
  u8 text[512];
  const u8* program_id;
  u8* accounts[SWAP_ACCOUNT_COUNT];
  struct Clock clock;
  u8 authority_seed[32];
  u8 authority[KEY_LENGTH];
  u64 authority_bump;
  u64 pool_authority_bump;
  struct Slice seeds[2];
  struct Slice signer;
  struct TransferFee input_fee;
  struct TransferFee output_fee;
  struct SwapParams params;
  struct SwapResult result;
  u64 input_transfer;
  u64 input_transfer_fee;
  u64 output_transfer;
  u64 output_transfer_fee;
  struct Instruction instruction;
  struct InstructionMeta metas[4];
  struct AccountInfo infos[5];
  u8 transfer_data[16];
  u8 event[192];
};

INLINE struct Scratch* scratch(void) { return (struct Scratch*)HEAP_START; }
