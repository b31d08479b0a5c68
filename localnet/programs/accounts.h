// The runtime's serialized input, and the checks that Anchor makes of the accounts before the handler runs.
#pragma once
#include "errors.h"
#include "sbf.h"
#include "scratch.h"
#include "token.h"

// One account in the input: marker, signer, writable, executable, padding, key, owner, lamports, length, data,
// room to grow, rent epoch.
#define RECORD_IS_SIGNER 1
#define RECORD_IS_WRITABLE 2
#define RECORD_IS_EXECUTABLE 3
#define RECORD_KEY 8
#define RECORD_OWNER 40
#define RECORD_LAMPORTS 72
#define RECORD_DATA_LENGTH 80
#define RECORD_DATA 88
#define ROOM_TO_GROW 10240
#define NOT_A_DUPLICATE 0xff
#define DUPLICATE_RECORD_LENGTH 8

INLINE u8* record(u64 account) { return scratch()->accounts[account]; }
INLINE const u8* key_of(u64 account) { return record(account) + RECORD_KEY; }
INLINE const u8* owner_of(u64 account) { return record(account) + RECORD_OWNER; }
INLINE u64 length_of(u64 account) { return load_u64(record(account) + RECORD_DATA_LENGTH); }
INLINE u8* data_of(u64 account) { return record(account) + RECORD_DATA; }

// Notes where each of a swap's accounts lies and answers where the instruction's data begins (at its length).
// Accounts beyond those of a swap are passed over; fewer leave the rest null.
INLINE const u8* read_input(u8* input) {
  u64 count = load_u64(input);
  u8* at = input + 8;
  for (u64 i = 0; i < count; i++) {
    u8* found = at;
    if (*at == NOT_A_DUPLICATE) {
      u64 end = (u64)at + RECORD_DATA + load_u64(at + RECORD_DATA_LENGTH) + ROOM_TO_GROW;
      at = (u8*)(((end + 7) & ~7ull) + 8);
    } else {
      found = *at < SWAP_ACCOUNT_COUNT ? record(*at) : 0;
      at += DUPLICATE_RECORD_LENGTH;
    }
    if (i < SWAP_ACCOUNT_COUNT) scratch()->accounts[i] = found;
  }
  return at;
}

// An account of this program: owner, then Anchor's discriminator.
NOINLINE u64 check_own_account(u64 account, u64 discriminator, u64 length) {
  if (!same_key(owner_of(account), scratch()->program_id)) return fail_account(OWNED_BY_WRONG_PROGRAM, account);
  if (length_of(account) < 8) return fail_account(DISCRIMINATOR_NOT_FOUND, account);
  if (load_u64(data_of(account)) != discriminator) return fail_account(DISCRIMINATOR_MISMATCH, account);
  if (length_of(account) < length) return fail_account(DID_NOT_DESERIALIZE, account);
  return 0;
}

// A mint or token account of either token program. `initialized_at` is the byte that says so in both layouts.
NOINLINE u64 check_token_owned(u64 account, u64 base_length, u64 account_type, u64 initialized_at) {
  if (!is_token_program(owner_of(account))) {
    int absent = load_u64(record(account) + RECORD_LAMPORTS) == 0;
    return fail_account(absent ? NOT_INITIALIZED : OWNED_BY_WRONG_PROGRAM, account);
  }
  u64 length = length_of(account);
  const u8* data = data_of(account);
  if (length < base_length) return INVALID_ACCOUNT_DATA;
  if (length != base_length && !is_extended(data, length, account_type)) return INVALID_ACCOUNT_DATA;
  if (data[initialized_at] == 0) return UNINITIALIZED_ACCOUNT;
  return 0;
}

NOINLINE u64 check_token_program(u64 account) {
  if (!is_token_program(key_of(account))) return fail_account(INVALID_PROGRAM_ID, account);
  if (record(account)[RECORD_IS_EXECUTABLE] == 0) return fail_account(INVALID_PROGRAM_EXECUTABLE, account);
  return 0;
}

INLINE u64 check_writable(u64 account) {
  return record(account)[RECORD_IS_WRITABLE] ? 0 : fail_account(CONSTRAINT_MUT, account);
}
