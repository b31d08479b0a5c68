// What a swap needs of the two token programs: their ids, their layouts, and Token-2022's transfer fee.
#pragma once
#include "errors.h"
#include "sbf.h"
#include "scratch.h"
#include "u128.h"

#define MINT_LENGTH 82
#define MINT_DECIMALS 44
#define MINT_INITIALIZED 45
#define TOKEN_ACCOUNT_LENGTH 165
#define TOKEN_ACCOUNT_MINT 0
#define TOKEN_ACCOUNT_AMOUNT 64
#define TOKEN_ACCOUNT_STATE 108
#define EXTENSION_TYPE_AT TOKEN_ACCOUNT_LENGTH
#define EXTENSIONS_START (TOKEN_ACCOUNT_LENGTH + 1)
#define EXTENSION_HEAD 4
#define ACCOUNT_TYPE_MINT 1
#define ACCOUNT_TYPE_TOKEN_ACCOUNT 2
#define EXTENSION_TRANSFER_FEE_CONFIG 1
#define TRANSFER_FEE_CONFIG_LENGTH 108
// Within the extension: authorities and the withheld amount come first, then the older and the newer fee.
#define OLDER_FEE 72
#define NEWER_FEE 90
#define FEE_MAXIMUM 8
#define FEE_BASIS_POINTS 16
#define ONE_IN_BASIS_POINTS 10000ull
#define TRANSFER_CHECKED 12

// TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA as little-endian words.
INLINE int is_token(const u8* key) {
  return load_u64(key) == 0x93a165d7e1f6dd06 && load_u64(key + 8) == 0xac79ebce46e1cbd9 &&
         load_u64(key + 16) == 0x91375b5fed85b41c && load_u64(key + 24) == 0xa900ff7e85f58c3a;
}

// TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb as little-endian words.
INLINE int is_token_2022(const u8* key) {
  return load_u64(key) == 0xde8f75eee1f6dd06 && load_u64(key + 8) == 0xdacd6ce4bc5d4218 &&
         load_u64(key + 16) == 0x270db9834dfc1ab6 && load_u64(key + 24) == 0xfc8ba1d828f9bdfe;
}

INLINE int is_token_program(const u8* key) { return is_token(key) || is_token_2022(key); }

INLINE int is_extended(const u8* data, u64 length, u64 account_type) {
  return length > EXTENSION_TYPE_AT && data[EXTENSION_TYPE_AT] == account_type;
}

// Finds the fee that holds in this epoch. The mint must have been checked.
NOINLINE void read_transfer_fee(struct TransferFee* fee, const u8* owner, const u8* data, u64 length) {
  if (is_token(owner)) return;
  fee->is_token_2022 = 1;
  u64 at = EXTENSIONS_START;
  while (at + EXTENSION_HEAD <= length) {
    u64 type = load_u16(data + at);
    u64 size = load_u16(data + at + 2);
    if (type == 0) return;
    at += EXTENSION_HEAD;
    if (type == EXTENSION_TRANSFER_FEE_CONFIG && size == TRANSFER_FEE_CONFIG_LENGTH && at + size <= length) {
      const u8* newer = data + at + NEWER_FEE;
      const u8* current = scratch()->clock.epoch >= load_u64(newer) ? newer : data + at + OLDER_FEE;
      fee->maximum = load_u64(current + FEE_MAXIMUM);
      fee->basis_points = load_u16(current + FEE_BASIS_POINTS);
      return;
    }
    at += size;
  }
}

// What a transfer of so much costs: rounded up, at most the maximum.
NOINLINE u64 transfer_fee(const struct TransferFee* fee, u64 amount) {
  if (fee->basis_points == 0 || amount == 0) return 0;
  struct u128 raw = multiply_divide_ceil(amount, fee->basis_points, ONE_IN_BASIS_POINTS);
  return raw.high != 0 || raw.low > fee->maximum ? fee->maximum : raw.low;
}

// What must be transferred for so much to arrive, as the token program itself inverts the fee.
INLINE u64 amount_before_fee(const struct TransferFee* fee, u64 amount) {
  struct u128 raw =
      multiply_divide_ceil(amount, ONE_IN_BASIS_POINTS, ONE_IN_BASIS_POINTS - fee->basis_points);
  if (raw.high != 0 || raw.low - amount >= fee->maximum) {
    if (amount + fee->maximum < amount) panic();
    return amount + fee->maximum;
  }
  return raw.low;
}

// The fee to add so that `amount` arrives. Refuses amounts for which fee and inverse fee disagree.
NOINLINE u64 inverse_transfer_fee(const struct TransferFee* fee, u64 amount, u64* answer) {
  *answer = 0;
  if (!fee->is_token_2022) return 0;
  if (amount == 0) return fail(INVALID_INPUT);
  if (fee->basis_points == 0) return 0;
  if (fee->basis_points >= ONE_IN_BASIS_POINTS) {
    *answer = fee->maximum;
    return 0;
  }
  u64 inverse = transfer_fee(fee, amount_before_fee(fee, amount));
  if (amount + inverse < amount) panic();
  if (transfer_fee(fee, amount + inverse) != inverse) return fail(TRANSFER_FEE_NOT_MATCH);
  *answer = inverse;
  return 0;
}
