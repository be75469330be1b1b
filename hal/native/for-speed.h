/*
 * What includes this is compiled for speed. The SDK compiles everything for size (-Os), which here
 * keeps limbs in memory that could stay in registers.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O2")
#endif
