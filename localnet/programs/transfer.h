// Calls a token program's TransferChecked.
#pragma once
#include "accounts.h"
#include "sbf.h"
#include "scratch.h"
#include "token.h"

INLINE void set_info(u64 at, u64 account) {
  struct AccountInfo* info = &scratch()->infos[at];
  u8* found = record(account);
  info->key = found + RECORD_KEY;
  info->lamports = (u64*)(found + RECORD_LAMPORTS);
  info->data_length = load_u64(found + RECORD_DATA_LENGTH);
  info->data = found + RECORD_DATA;
  info->owner = found + RECORD_OWNER;
  info->rent_epoch = 0;
  info->is_signer = found[RECORD_IS_SIGNER];
  info->is_writable = found[RECORD_IS_WRITABLE];
  info->executable = found[RECORD_IS_EXECUTABLE];
}

INLINE void set_meta(u64 at, u64 account, u8 is_writable, u8 is_signer) {
  struct InstructionMeta* meta = &scratch()->metas[at];
  meta->key = key_of(account);
  meta->is_writable = is_writable;
  meta->is_signer = is_signer;
  set_info(at, account);
}

// Moves tokens. The vault authority signs by its seeds; any other authority must have signed the transaction. A
// refusal of the token program ends the whole transaction with that program's error.
NOINLINE u64 transfer_checked(u64 packed_accounts, u64 token_program, u64 amount) {
  u64 from = packed_accounts & 0xff;
  u64 mint = packed_accounts >> 8 & 0xff;
  u64 to = packed_accounts >> 16 & 0xff;
  u64 authority = packed_accounts >> 24 & 0xff;
  struct Scratch* s = scratch();
  if (amount == 0) return 0;
  set_meta(0, from, 1, 0);
  set_meta(1, mint, 0, 0);
  set_meta(2, to, 1, 0);
  set_meta(3, authority, 0, 1);
  set_info(4, token_program);
  s->transfer_data[0] = TRANSFER_CHECKED;
  store_u64(s->transfer_data + 1, amount);
  s->transfer_data[9] = data_of(mint)[MINT_DECIMALS];
  s->instruction.program_id = key_of(token_program);
  s->instruction.accounts = s->metas;
  s->instruction.account_count = 4;
  s->instruction.data = s->transfer_data;
  s->instruction.data_length = 10;

  s->seeds[0].at = s->authority_seed;
  s->seeds[0].length = sizeof(AUTHORITY_SEED) - 1;
  s->seeds[1].at = &s->pool_authority_bump;
  s->seeds[1].length = 1;
  s->signer.at = s->seeds;
  s->signer.length = 2;
  return sol_invoke_signed_c(&s->instruction, s->infos, 5, &s->signer, authority == AUTHORITY ? 1 : 0);
}

#define TRANSFER_ACCOUNTS(from, mint, to, authority) \
  ((u64)(from) | (u64)(mint) << 8 | (u64)(to) << 16 | (u64)(authority) << 24)
