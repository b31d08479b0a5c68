// 128-bit arithmetic out of 64-bit operations: the target has no wider ones, and its library is not linked.
#pragma once
#include "sbf.h"

struct u128 {
  u64 low;
  u64 high;
};

#define LOW_32 0xffffffffull

INLINE struct u128 u128_of(u64 value) { return (struct u128){value, 0}; }

// The full product, by 32-bit halves.
INLINE struct u128 multiply(u64 a, u64 b) {
  u64 low = (a & LOW_32) * (b & LOW_32);
  u64 middle = (a >> 32) * (b & LOW_32) + (low >> 32);
  u64 other = (a & LOW_32) * (b >> 32) + (middle & LOW_32);
  return (struct u128){(other << 32) | (low & LOW_32), (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32)};
}

// a × b modulo 2^128; `overflowed` is set, and never cleared, where that is not the product.
INLINE struct u128 multiply_wide(struct u128 a, u64 b, u64* overflowed) {
  struct u128 low = multiply(a.low, b);
  struct u128 high = multiply(a.high, b);
  u64 sum = low.high + high.low;
  if (high.high != 0 || sum < low.high) *overflowed = 1;
  return (struct u128){low.low, sum};
}

// Wraps around at 2^128.
INLINE struct u128 add(struct u128 a, struct u128 b) {
  u64 low = a.low + b.low;
  return (struct u128){low, a.high + b.high + (low < a.low)};
}

INLINE int less(struct u128 a, struct u128 b) {
  return a.high < b.high || (a.high == b.high && a.low < b.low);
}

// Divides in place and answers whether there was a remainder. The divisor must not be zero; one above 64 bits must
// be below 2^127. Small operands, the usual ones, take one or three native divisions, others one step a bit.
NOINLINE u64 divide(struct u128* value, u64 divisor_low, u64 divisor_high) {
  u64 high = value->high;
  u64 low = value->low;
  if (divisor_high == 0 && high == 0) {
    value->low = low / divisor_low;
    return low % divisor_low != 0;
  }
  if (divisor_high == 0 && divisor_low <= LOW_32) {
    u64 remainder = high % divisor_low;
    u64 upper = (remainder << 32) | (low >> 32);
    u64 lower = ((upper % divisor_low) << 32) | (low & LOW_32);
    value->high = high / divisor_low;
    value->low = ((upper / divisor_low) << 32) | (lower / divisor_low);
    return lower % divisor_low != 0;
  }
  struct u128 divisor = {divisor_low, divisor_high};
  // With a divisor above 64 bits the quotient's high half is zero and the whole high half is remainder.
  struct u128 remainder = u128_of(divisor_high == 0 ? high % divisor_low : high);
  value->high = divisor_high == 0 ? high / divisor_low : 0;
  u64 quotient = 0;
  for (u64 bit = 0; bit < 64; bit++) {
    remainder.high = (remainder.high << 1) | (remainder.low >> 63);
    remainder.low = (remainder.low << 1) | (low >> 63);
    low <<= 1;
    quotient <<= 1;
    if (!less(remainder, divisor)) {
      u64 borrow = remainder.low < divisor.low;
      remainder.low -= divisor.low;
      remainder.high -= divisor.high + borrow;
      quotient |= 1;
    }
  }
  value->low = quotient;
  return (remainder.low | remainder.high) != 0;
}

INLINE struct u128 multiply_divide_floor(u64 a, u64 b, u64 divisor) {
  struct u128 value = multiply(a, b);
  divide(&value, divisor, 0);
  return value;
}

INLINE struct u128 multiply_divide_ceil(u64 a, u64 b, u64 divisor) {
  struct u128 value = multiply(a, b);
  u64 rest = divide(&value, divisor, 0);
  return add(value, u128_of(rest));
}
