// Error numbers, names and log lines: Anchor's framework errors (below 6000) and the program's own (from 6000).
#pragma once
#include "sbf.h"
#include "scratch.h"
#include "text.h"

#define TRY(expression)            \
  do {                             \
    u64 tried = (expression);      \
    if (tried != 0) return tried;  \
  } while (0)

// The runtime's own errors are numbered in the upper half of the return value.
#define INVALID_ACCOUNT_DATA (4ull << 32)
#define UNINITIALIZED_ACCOUNT (10ull << 32)

#define EACH_ERROR(X)                                                                                         \
  X(101, INSTRUCTION_FALLBACK_NOT_FOUND, "InstructionFallbackNotFound", "Fallback functions are not supported") \
  X(102, INSTRUCTION_DID_NOT_DESERIALIZE, "InstructionDidNotDeserialize",                                     \
    "The program could not deserialize the given instruction")                                                \
  X(2000, CONSTRAINT_MUT, "ConstraintMut", "A mut constraint was violated")                                   \
  X(2003, CONSTRAINT_RAW, "ConstraintRaw", "A raw constraint was violated")                                   \
  X(2006, CONSTRAINT_SEEDS, "ConstraintSeeds", "A seeds constraint was violated")                             \
  X(2012, CONSTRAINT_ADDRESS, "ConstraintAddress", "An address constraint was violated")                      \
  X(2505, REQUIRE_GT_VIOLATED, "RequireGtViolated", "A require_gt expression was violated")                   \
  X(2506, REQUIRE_GTE_VIOLATED, "RequireGteViolated", "A require_gte expression was violated")                \
  X(3001, DISCRIMINATOR_NOT_FOUND, "AccountDiscriminatorNotFound",                                            \
    "No discriminator was found on the account")                                                              \
  X(3002, DISCRIMINATOR_MISMATCH, "AccountDiscriminatorMismatch",                                             \
    "Account discriminator did not match what was expected")                                                  \
  X(3003, DID_NOT_DESERIALIZE, "AccountDidNotDeserialize", "Failed to deserialize the account")               \
  X(3005, NOT_ENOUGH_KEYS, "AccountNotEnoughKeys", "Not enough account keys given to the instruction")        \
  X(3007, OWNED_BY_WRONG_PROGRAM, "AccountOwnedByWrongProgram",                                               \
    "The given account is owned by a different program than expected")                                        \
  X(3008, INVALID_PROGRAM_ID, "InvalidProgramId", "Program ID was not as expected")                           \
  X(3009, INVALID_PROGRAM_EXECUTABLE, "InvalidProgramExecutable", "Program account is not executable")        \
  X(3010, ACCOUNT_NOT_SIGNER, "AccountNotSigner", "The given account did not sign")                           \
  X(3012, NOT_INITIALIZED, "AccountNotInitialized",                                                           \
    "The program expected this account to be already initialized")                                            \
  X(6000, NOT_APPROVED, "NotApproved", "Not approved")                                                        \
  X(6003, INVALID_INPUT, "InvalidInput", "InvalidInput")                                                      \
  X(6005, EXCEEDED_SLIPPAGE, "ExceededSlippage", "Exceeds desired slippage limit")                            \
  X(6006, ZERO_TRADING_TOKENS, "ZeroTradingTokens",                                                           \
    "Given pool token amount results in zero trading tokens")                                                 \
  X(6008, INVALID_VAULT, "InvalidVault", "invaild vault")                                                     \
  X(6010, TRANSFER_FEE_NOT_MATCH, "TransferFeeCalculateNotMatch", "TransferFee calculate not match")          \
  X(6011, MATH_OVERFLOW, "MathOverflow", "Math overflow")                                                     \
  X(6012, INSUFFICIENT_VAULT, "InsufficientVault", "Insufficient vault")                                      \
  X(6013, INVALID_FEE_MODEL, "InvalidFeeModel", "Invalid fee model")

#define NUMBER(code, id, name, message) id = code,
enum Error { EACH_ERROR(NUMBER) };
#undef NUMBER

// Positions of a swap's accounts, and Anchor's names for them.
#define EACH_ACCOUNT(X)                          \
  X(0, PAYER, "payer")                           \
  X(1, AUTHORITY, "authority")                   \
  X(2, AMM_CONFIG, "amm_config")                 \
  X(3, POOL_STATE, "pool_state")                 \
  X(4, INPUT_TOKEN_ACCOUNT, "input_token_account")   \
  X(5, OUTPUT_TOKEN_ACCOUNT, "output_token_account") \
  X(6, INPUT_VAULT, "input_vault")               \
  X(7, OUTPUT_VAULT, "output_vault")             \
  X(8, INPUT_TOKEN_PROGRAM, "input_token_program")   \
  X(9, OUTPUT_TOKEN_PROGRAM, "output_token_program") \
  X(10, INPUT_TOKEN_MINT, "input_token_mint")    \
  X(11, OUTPUT_TOKEN_MINT, "output_token_mint")  \
  X(12, OBSERVATION_STATE, "observation_state")

#define POSITION(index, id, name) id = index,
enum AccountPosition { EACH_ACCOUNT(POSITION) };
#undef POSITION

#define NO_ACCOUNT 0xffull

// Logs the error as Anchor words it and answers its number. A code that is none of the listed ones is a runtime
// error, which has no line of its own.
NOINLINE u64 fail_account(u64 code, u64 account) {
  u8* start = scratch()->text;
  u8* cursor = start;
  APPEND(cursor, "AnchorError ");
  switch (account) {
#define CAUSE(index, id, name)                      \
  case index:                                       \
    APPEND(cursor, "caused by account: " name);     \
    break;
    EACH_ACCOUNT(CAUSE)
#undef CAUSE
    default:
      APPEND(cursor, "occurred");
  }
  APPEND(cursor, ". Error Code: ");
  switch (code) {
#define LINE(number, id, name, message)                                                     \
  case number:                                                                              \
    APPEND(cursor, name ". Error Number: " #number ". Error Message: " message ".");        \
    break;
    EACH_ERROR(LINE)
#undef LINE
    default:
      return code;
  }
  sol_log_(start, (u64)(cursor - start));
  return code;
}

INLINE u64 fail(u64 code) { return fail_account(code, NO_ACCOUNT); }

// Where the program on mainnet unwraps a value that is not there, it panics; so does this one.
NOINLINE __attribute__((noreturn)) void panic(void) {
  LOG(scratch()->text, "panicked: called `Option::unwrap()` on a `None` value");
  abort();
}
