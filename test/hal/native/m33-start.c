/* Where a Cortex-M33 begins: its stack, and the C library's start. Faults stop it. */
extern void _mainCRTStartup(void);

static void halt(void)
{
	for (;;)
		;
}

__attribute__((section(".vectors"), used)) static const struct {
	void *stack;
	void (*handlers[15])(void);
} VECTORS = {
	(void *)0x10400000, { _mainCRTStartup, halt, halt, halt, halt, halt }
};
