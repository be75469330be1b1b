/*
 * `setjmp` for the engine's interpreter, by another name. A function that calls `setjmp` gets no
 * register from GCC for anything that lives longer than the call: the interpreter then has the
 * code's address, the stack and the frame in memory, and each of its instructions loads and stores
 * them anew, more than a quarter of all that it does. The manifest gives xsRun.c this name instead
 * (`-Dsetjmp=latchkeySetJump`), of which GCC knows nothing.
 *
 * What GCC guards against is a variable that changed after the call: `longjmp` brings registers back
 * as they were, and memory as it is. The interpreter uses none: after a jump it takes code, stack,
 * scope and frame from the engine's record of the jump, and beside them only the machine, which never
 * changes (xsRun.c, `fxRunID`, both places). All other callers of `setjmp` keep the real one.
 */
#include <setjmp.h>

int latchkeySetJump(jmp_buf buffer);

/* A branch, not a call: the return address that `setjmp` keeps must be the interpreter's. */
__attribute__((naked)) int latchkeySetJump(jmp_buf buffer)
{
	__asm volatile("b setjmp");
}
