// The runtime's interface: integer types, syscalls, and the structures that cross it.
// Nothing in this program may live in .data, .bss or .rodata (the linker refuses them): constants are immediates,
// text is built word by word, and what does not fit the 512-byte stack frame lies on the heap.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

#define KEY_LENGTH 32
// Zeroed at the start of every invocation, 32 KiB.
#define HEAP_START 0x300000000ull

// A borrowed run of bytes: a seed, or a piece of a logged event.
struct Slice {
  const void* at;
  u64 length;
};

struct Clock {
  u64 slot;
  u64 epoch_start_timestamp;
  u64 epoch;
  u64 leader_schedule_epoch;
  u64 unix_timestamp;
};

struct InstructionMeta {
  const u8* key;
  u8 is_writable;
  u8 is_signer;
};

struct Instruction {
  const u8* program_id;
  struct InstructionMeta* accounts;
  u64 account_count;
  u8* data;
  u64 data_length;
};

struct AccountInfo {
  const u8* key;
  u64* lamports;
  u64 data_length;
  u8* data;
  const u8* owner;
  u64 rent_epoch;
  u8 is_signer;
  u8 is_writable;
  u8 executable;
};

extern void sol_log_(const u8* text, u64 length);
extern void sol_log_data(const struct Slice* pieces, u64 count);
extern u64 sol_get_clock_sysvar(struct Clock* clock);
extern u64 sol_try_find_program_address(const struct Slice* seeds, u64 count, const u8* program_id, u8* address, u8* bump);
extern u64 sol_invoke_signed_c(const struct Instruction* instruction, const struct AccountInfo* infos, u64 info_count,
                               const struct Slice* signers, u64 signer_count);
extern void abort(void) __attribute__((noreturn));

// Account layouts are packed; the runtime allows loads and stores at any address.
INLINE u64 load_u64(const u8* at) { return *(const u64*)at; }
INLINE u16 load_u16(const u8* at) { return *(const u16*)at; }
INLINE void store_u64(u8* at, u64 value) { *(volatile u64*)at = value; }
INLINE void store_u16(u8* at, u16 value) { *(volatile u16*)at = value; }

INLINE int same_key(const u8* a, const u8* b) {
  return load_u64(a) == load_u64(b) && load_u64(a + 8) == load_u64(b + 8) && load_u64(a + 16) == load_u64(b + 16) &&
         load_u64(a + 24) == load_u64(b + 24);
}

INLINE void copy_key(u8* to, const u8* from) {
  for (u64 i = 0; i < KEY_LENGTH; i += 8) store_u64(to + i, load_u64(from + i));
}
